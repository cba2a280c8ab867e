// The `detection:` and `filter:` sections, and the bodies of array blocks: selections and their condition into an Expr.
#pragma once

#include <span>
#include <string_view>

#include "engine/rule/rule_draft.h"
#include "engine/rule/yaml.h"

namespace kubevigil {

// `section`: a map of selections and `condition`; the keys in `other_keys` are passed over. Codes: those of
// sigma_condition.h and sigma_modifiers.h, and missing-condition, bad-selection, unused-selection.
Expr lower_detection(const YamlNode& section, std::span<const std::string_view> other_keys, RuleContext& context);

// Some test of the rule itself names the field `stage`.
bool mentions_field(const Expr& expr, FieldId field);

}  // namespace kubevigil
