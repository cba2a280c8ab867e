// What can be said about a rule without events: the fields it reads, the audit level it needs, whether other Sigma
// tools would understand it.
#pragma once

#include <string>
#include <vector>

#include "engine/rule/rule.h"

namespace kubevigil {

struct RuleFacts {
  std::vector<std::string> fields;        // canonical names, sorted; of what a correlation reads, too
  std::string needed_level;               // "Metadata", "Request" or "RequestResponse"
  std::vector<std::string> not_portable;  // why not, one reason each; empty: portable
};

RuleFacts facts_of(const Rule& rule, const RuleSet& rules);

}  // namespace kubevigil
