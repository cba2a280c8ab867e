// Which rules can see under an audit policy, and what the others would need.
//
// A rule is tried on requests (callers, verbs, resources, namespaces, names) that together reach what the rule and the
// policy distinguish. What such a request decides of the condition is decided by the engine itself; everything else
// (codes, addresses, what stands in bodies) is taken as free. A request counts for a rule when the condition could then
// be true; it is lost when the policy drops it, keeps fewer bodies than that takes, or leaves out its stage. So a rule
// that is called blind never fires under the policy (tests/run/policy_view_test.cpp holds that); one that is not called
// blind may still lack what no request tells.
// Pure function; custom resources are tried as far as the rule or the policy names them.
#pragma once

#include <string>
#include <vector>

#include "engine/rule/rule.h"
#include "engine/run/audit_policy.h"

namespace kubevigil {

enum class Sight : uint8_t { Whole, Part, Blind };
std::string_view to_text(Sight sight);

// Requests that a rule is about and cannot see, for one reason.
struct LostRequests {
  size_t policy_rule = PolicyDecision::kNoRule;  // that decides them
  AuditLevel given = AuditLevel::None;
  AuditLevel needed = AuditLevel::Metadata;
  bool stage = false;   // the level would do, but the stage is omitted
  size_t requests = 0;  // of those tried
  std::string example;  // "create pods in some-namespace by system:node:some-node"
};

struct RuleSight {
  uint32_t rule = 0;  // index into RuleSet::rules
  Sight sight = Sight::Whole;
  AuditLevel needed = AuditLevel::Metadata;  // the least at which it sees anything
  std::vector<LostRequests> lost;            // detections: by policy rule, given level and needed level
  std::vector<uint32_t> lacking;             // correlations: rules that they read and that do not see all
};

// One for each rule that is not dead, in the order of `rules`; base rules of correlations, too.
std::vector<RuleSight> rule_sights(const RuleSet& rules, const AuditPolicy& policy);

}  // namespace kubevigil
