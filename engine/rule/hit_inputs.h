// Which rules a correlation reads that says `hits` instead of naming them, or beside naming them.
//
//   chain                   detections and correlations with a stage, of that level and above. With `rules`, of these.
//   value_count, value_sum  detections of that level and above for which the hit.* field that it counts is something
//
// A chain reads hits of everything, so nothing that reads it may have a stage, nor may it itself: it would feed itself.
#pragma once

#include <vector>

#include "engine/rule/rule_draft.h"

namespace kubevigil {

// Adds the inputs, resolved. Call after resolve_inputs and before filters are applied. Codes: bad-correlation,
// bad-chain, correlation-cycle.
void expand_hits(std::vector<RuleDraft>& drafts);

}  // namespace kubevigil
