// The `kubevigil:` mapping of detections, correlations and filters (design/rules.md 6). An unknown key in it is an
// error.
#pragma once

#include "engine/rule/rule_draft.h"
#include "engine/rule/yaml.h"

namespace kubevigil {

// Most of it only decorates an alert, and other Sigma tools pass it over; what changes which events match makes the
// rule not portable. Fills draft.extension and, by the kind of the document, its correlation or filter. Call after the
// correlation section was read. Codes: unknown-key, bad-value, bad-extension, unknown-field, bad-message.
void parse_extension(const YamlNode& node, RuleContext& context);

}  // namespace kubevigil
