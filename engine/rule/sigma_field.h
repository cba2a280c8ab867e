// Keys of selections: `containers[all].image|contains|all` taken apart, and names resolved to fields.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/rule/rule_draft.h"
#include "engine/rule/yaml.h"

namespace kubevigil {

struct ArrayStep {
  std::string array;  // path up to the selector, relative to the step before
  Quantifier quantifier = Quantifier::Any;
};

struct FieldKey {
  std::vector<ArrayStep> steps;
  std::string rest;  // behind the last selector; empty: the element itself
  std::vector<std::string> modifiers;
};

// Codes: bad-selector, array-without-version. nullopt: reported.
std::optional<FieldKey> parse_field_key(const YamlNode& key, RuleContext& context);

// A name at the top level of an event or, with `in_element`, of an array element. nullopt: no such field; reported as
// impossible (unknown-field, hit-field), and the test is constant false.
std::optional<FieldRef> resolve_field(const std::string& name, bool in_element, const SourceSpan& span,
                                      RuleContext& context);

}  // namespace kubevigil
