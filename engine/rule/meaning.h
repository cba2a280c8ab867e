// The semantic hash: what an alert of this rule means, and nothing else (no title, description or place).
#pragma once

#include "engine/rule/rule.h"

namespace kubevigil {

// sha256 of level, stage, risk, condition with filters and lists, correlation and the hashes of what it reads, dedup,
// and the configuration of the derived fields that it reads. REQUIRES: the rules that it reads have their hashes.
std::string semantic_hash(const Rule& rule, const RuleSet& rules);

// sha256 over the hashes of all rules, in whatever order they stand.
std::string rule_set_hash(const std::vector<Rule>& rules);

}  // namespace kubevigil
