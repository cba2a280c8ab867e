// Sigma filters: exceptions from rules, applied to the drafts before they are linked.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "engine/rule/link.h"
#include "engine/rule/rule_draft.h"

namespace kubevigil {

// Detections get `and not` the filter. For a correlation the rules that it counts get it, as seen by that correlation
// only: views of these rules (drafts that never alert) are appended to `drafts` and take their place. Expired filters
// are off and said in `skipped_lines`. Codes: unknown-rule, exempt-never, filter-expired.
void apply_filters(std::vector<RuleDraft>& drafts, const RuleNames& names, const LoadOptions& options,
                   const std::set<std::string, std::less<>>& skipped, std::vector<std::string>& skipped_lines);

}  // namespace kubevigil
