// Checks of a rule's metadata: title, id, name, log source, status, tags.
#pragma once

#include "engine/rule/rule_draft.h"
#include "engine/rule/yaml.h"

namespace kubevigil {

// Codes: missing-title, missing-id, bad-id, bad-name, missing-logsource, bad-status, bad-tag, unsupported-rule.
void check_meta(const YamlNode& root, RuleContext& context);

}  // namespace kubevigil
