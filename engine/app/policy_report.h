// What `kubevigil policy check` says: problems of an audit policy, which rules see under it, what it does to a log.
// Pure functions; everything from files is escaped.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/run/policy_effect.h"
#include "engine/run/policy_view.h"

namespace kubevigil {

struct PolicyReport {
  std::string file;
  AuditPolicy policy;
  Diagnostics diagnostics;
  SourceTexts sources;
  std::vector<RuleSight> sights;     // none when the file has errors
  std::optional<PolicyTally> tally;  // of --log
  size_t unread = 0;                 // records of the log that hold no audit event
};

// Names of alerting rules that are blind, and of those that see in part.
std::vector<std::string> rules_with(const PolicyReport& report, const RuleSet& rules, Sight sight);

// `all`: also what rules that see in part do not see.
std::string policy_text(const PolicyReport& report, const RuleSet& rules, bool all);
std::string policy_json(const PolicyReport& report, const RuleSet& rules);

}  // namespace kubevigil
