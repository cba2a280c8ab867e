// One YAML document of a rule file into a RuleDraft: metadata, log source, and the section that says what it is.
#pragma once

#include <optional>
#include <string>

#include "engine/rule/rule_draft.h"
#include "engine/rule/yaml.h"

namespace kubevigil {

struct ParsedDocument {
  std::optional<RuleDraft> draft;  // with its diagnostics; broken when these have errors
  std::string other_source;        // not ours: "product windows"; then no draft
  std::string title, id, name;     // to name it when it is skipped
};

ParsedDocument parse_rule_document(const YamlDocument& document, const RuleSource& source, const LoadOptions& options);

}  // namespace kubevigil
