// The requests that a rule is tried on under a policy (policy_view.h). Internal to engine/run.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "engine/rule/rule.h"
#include "engine/run/policy_probe.h"

namespace kubevigil {

// Whether the requests below decide tests on this field; all others are free.
bool is_decided_by_request(FieldId field);

// A request with everything that decides fields; an event can be made of it. Borrows.
struct PolicyCell {
  const PolicyTarget* target = nullptr;
  std::string_view verb;
  const PolicyCaller* caller = nullptr;
  const PolicyCaller* as = nullptr;  // impersonated, or null
  std::string_view ns, name, stage;
};

// What a rule names, and the policy: the dimensions of its cells.
class PolicyCells {
 public:
  PolicyCells(const Detection& detection, const AuditPolicy& policy);

  const std::vector<PolicyTarget>& targets() const { return targets_; }
  // The cells of one target and verb: all callers, namespaces, names and stages.
  void each(const PolicyTarget& target, std::string_view verb,
            const std::function<void(const PolicyCell&)>& visit) const;
  // What the condition can tell cells of one target and verb apart by. Cells that are alike have the same outcome.
  using Look =
      std::tuple<const PolicyCaller*, const PolicyCaller*, bool, std::string_view, std::string_view, std::string_view>;
  Look look_of(const PolicyCell& cell) const;
  // One cell of them, whose caller, namespace, name and stage mean nothing.
  static PolicyCell sample(const PolicyTarget& target, std::string_view verb);

 private:
  void read_names(const Expr& expr, bool negated);
  void note_field(FieldId field);
  void read_test(const Test& test);
  void add_accounts();
  void add_targets();

  std::vector<PolicyTarget> targets_;
  std::vector<PolicyCaller> callers_;
  std::vector<std::string> namespaces_, names_, stages_;
  std::vector<std::string> account_names_, account_namespaces_, resources_, groups_;
  bool impersonates_ = false;  // the rule asks whom a request acts as
  bool reads_caller_ = false;  // the rule asks who made it
  bool reads_namespace_ = false, reads_name_ = false;
};

// The verbs that requests for the target have.
std::vector<std::string_view> verbs_of(const PolicyTarget& target);
// The audit event of the cell, of that level; from Request on with an empty body.
std::string event_of(const PolicyCell& cell, AuditLevel level);
// As the policy sees it.
PolicyRequest request_of(const PolicyCell& cell);
// "create pods in shop by alice"
std::string to_text(const PolicyCell& cell);

}  // namespace kubevigil
