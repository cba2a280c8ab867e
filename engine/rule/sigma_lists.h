// Lists: the values behind `%name%` placeholders (modifier `expand`) and behind `seed`, from LoadOptions::lists.
#pragma once

#include <string>
#include <vector>

#include "engine/rule/rule_draft.h"
#include "engine/rule/yaml.h"

namespace kubevigil {

// The text of `value` with each %name% replaced by each value of that list (every combination, when several).
// Code: unknown-list, bad-list.
std::vector<std::string> expanded(const YamlNode& value, RuleContext& context);

// The rows of a list: plain values are rows of one. Code: unknown-list, bad-list.
std::vector<std::vector<std::string>> list_rows(const std::string& name, const SourceSpan& span, RuleContext& context);

}  // namespace kubevigil
