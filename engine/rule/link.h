// Linking: the drafts of all files into one RuleSet. Names become indices, chains are followed, correlations come
// behind everything that they read.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine/rule/rule_draft.h"

namespace kubevigil {

// Names and ids of the drafts; of a repeated one the first stays (duplicate-id, duplicate-name on the second, which is
// left out). Names derived from titles make room instead.
class RuleNames {
 public:
  explicit RuleNames(std::vector<RuleDraft>& drafts);
  static constexpr size_t kNone = SIZE_MAX;
  size_t find(std::string_view id_or_name) const;
  std::string nearest_to(std::string_view name) const;

 private:
  std::map<std::string, size_t, std::less<>> index_;
};

// Fills InputDraft::draft of every correlation. A reference to a rule in `skipped` (ids and names of rules for other
// log sources) leaves the correlation out without an error. Codes: unknown-rule.
void resolve_inputs(std::vector<RuleDraft>& drafts, const RuleNames& names,
                    const std::set<std::string, std::less<>>& skipped);

// Leaves out whatever is broken or reads something that is, and builds the rest. Codes: correlation-cycle,
// correlation-limit, broken-rule, unknown-field, unknown-alias, bad-group, spoofable-group, unbounded-group.
RuleSet link_rules(std::vector<RuleDraft>& drafts);

}  // namespace kubevigil
