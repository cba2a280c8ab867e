// The `correlation:` section into a CorrelationDraft. References to rules are resolved later (link.h).
#pragma once

#include "engine/rule/rule_draft.h"
#include "engine/rule/yaml.h"

namespace kubevigil {

// Codes: bad-correlation, unknown-key, bad-value.
void parse_correlation(const YamlNode& section, RuleContext& context);

}  // namespace kubevigil
