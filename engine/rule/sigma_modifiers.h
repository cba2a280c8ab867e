// Modifiers: `field|contains|all: values` into tests.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/rule/rule_draft.h"
#include "engine/rule/yaml.h"

namespace kubevigil {

// The modifiers of one key, parsed and held against each other.
struct Modifiers {
  TestOp op = TestOp::Equals;  // Equals, Contains, StartsWith, EndsWith, Regex, Cidr, Less..., Exists, EqualsField
  bool all = false, cased = false, neq = false, expand = false, windash = false;
  std::vector<std::string> encodings;  // base64, base64offset, utf16 family, in order
  std::string regex_flags;
};

// Codes: unknown-modifier, bad-modifiers. nullopt: an error was reported.
std::optional<Modifiers> parse_modifiers(const std::vector<std::string>& names, const SourceSpan& span,
                                         RuleContext& context);

// The test of `field` against the scalars of `value` (a scalar, null, or a list of these). `neq` is not applied: the
// caller puts the Not where it belongs. Inside an array block (`in_element`) `fieldref` names are relative, too.
// Codes: bad-value, impossible-value, empty-list, unknown-list, bad-regex, bad-network, unknown-field, too-many-values.
Expr lower_test(const FieldRef& field, const Modifiers& modifiers, const YamlNode& value, bool in_element,
                RuleContext& context);

}  // namespace kubevigil
