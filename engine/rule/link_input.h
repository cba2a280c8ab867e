// One input of a correlation: its group-by and condition fields as this input's rule knows them.
#pragma once

#include <optional>

#include "engine/rule/rule_draft.h"

namespace kubevigil {

// `target` is the linked rule that the input reads; `target_names` are the names by which aliases may call it (those of
// the rule as written, also when the input reads a filtered view). Problems go to draft.diagnostics: unknown-field,
// unknown-alias, bad-group, spoofable-group, unbounded-group.
CorrelationInput link_input(RuleDraft& draft, const InputDraft& input, const Rule& target,
                            const RuleMeta& target_names);

}  // namespace kubevigil
