// Lists: the values behind `%name%` placeholders (modifier `expand`) and behind `seed`, from LoadOptions::lists.
#pragma once

#include <map>
#include <optional>
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

// The list that a name means, as LoadOptions::lists names it, or "": without the extension, and "known-readers" alone
// means "lists/known-readers".
std::string list_name(std::string name, const std::map<std::string, std::string>& lists);

// An entry of a list: a plain value, or a tuple of these; empty when it is neither.
std::vector<std::string> list_row(const YamlNode& item);

// All entries of a list's text; nothing when something is wrong with it.
std::optional<std::vector<std::vector<std::string>>> rows_of(const std::string& text, const std::string& name);

}  // namespace kubevigil
