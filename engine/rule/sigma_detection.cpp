// A selection is
//
//   a mapping            all of its keys: `field|modifiers: value or list of values (any)`
//   a list of mappings   any of them
//   a list of values     keywords: any of them, anywhere in the event; also the key `'|all'` without a field
//
// and with `sigma-version: 3` a key with an array selector may hold, instead of values, a block: a selection whose
// fields are those of one element, or a whole detection with selections and its own `condition`.
#include "engine/rule/sigma_detection.h"

#include <algorithm>

#include "engine/base/text.h"
#include "engine/rule/sigma_condition.h"
#include "engine/rule/sigma_field.h"
#include "engine/rule/sigma_modifiers.h"

namespace kubevigil {
namespace {

Expr never(const SourceSpan& span) {
  Expr e = Expr::constant_of(Truth::False);
  e.span = span;
  return e;
}

class Lowering {
 public:
  explicit Lowering(RuleContext& context) : context_(context) {}

  Expr detection(const YamlNode& section, std::span<const std::string_view> other_keys, bool in_element);

 private:
  Expr selection(const YamlNode& node, bool in_element);
  Expr fields(const YamlNode& map, bool in_element);
  Expr item(const YamlEntry& entry, bool in_element);
  Expr step(const FieldKey& key, size_t index, const Modifiers& modifiers, const YamlEntry& entry, bool in_element);
  Expr leaf(const std::string& name, const Modifiers& modifiers, const YamlEntry& entry, bool in_element);
  Expr elements(const FieldRef& array, Quantifier quantifier, const Modifiers& modifiers, const YamlEntry& entry,
                bool in_element);
  Expr keywords(const std::vector<std::string>& modifiers, const YamlNode& values, const SourceSpan& span);
  Expr bad(const YamlNode& node, std::string message, std::string hint = {}) {
    context_.diagnostics().error("bad-selection", std::move(message), node.span, std::move(hint));
    return never(node.span);
  }
  RuleContext& context_;
};

Expr condition_of(const YamlNode& node, std::vector<Selection>& selections, RuleContext& context) {
  if (node.is_scalar()) return parse_condition(node.text, node.span, node.quoted, selections, context.diagnostics());
  std::vector<Expr> parts;
  for (const YamlNode& item : node.items) {
    if (!item.is_scalar()) continue;
    parts.push_back(parse_condition(item.text, item.span, item.quoted, selections, context.diagnostics()));
  }
  if (parts.empty()) {
    context.diagnostics().error("missing-condition", "expected a condition such as `selection`", node.span);
  }
  return Expr::any(std::move(parts));
}

Expr Lowering::detection(const YamlNode& section, std::span<const std::string_view> other_keys, bool in_element) {
  std::vector<Selection> selections;
  const YamlNode* condition = nullptr;
  for (const YamlEntry& entry : section.entries) {
    if (entry.key.text == "condition") {
      condition = &entry.value;
    } else if (std::find(other_keys.begin(), other_keys.end(), entry.key.text) == other_keys.end()) {
      Selection s{entry.key.text, selection(entry.value, in_element), entry.key.span, false};
      s.expr.label = entry.key.text;
      selections.push_back(std::move(s));
    }
  }
  if (condition == nullptr) {
    context_.diagnostics().error("missing-condition", "no `condition` says how the selections go together",
                                 section.span, "add `condition: selection`, or `condition: 1 of them`");
    return never(section.span);
  }
  const size_t errors = context_.diagnostics().count(Severity::Error);
  Expr expr = condition_of(*condition, selections, context_);
  const bool readable = context_.diagnostics().count(Severity::Error) == errors;
  for (const Selection& s : selections) {
    if (s.used || !readable) continue;
    context_.diagnostics().warning("unused-selection", "the condition does not use \"" + printable(s.name) + "\"",
                                   s.span, "name it in the condition, or remove it");
  }
  return expr;
}

Expr Lowering::selection(const YamlNode& node, bool in_element) {
  if (node.is_map()) return fields(node, in_element);
  if (node.is_scalar() && !in_element) return keywords({}, node, node.span);
  if (!node.is_sequence() || node.items.empty()) {
    return bad(node, "a selection is a mapping of fields, a list of these, or a list of keywords");
  }
  const bool all_scalars =
      std::all_of(node.items.begin(), node.items.end(), [](const YamlNode& n) { return n.is_scalar(); });
  if (all_scalars && !in_element) return keywords({}, node, node.span);
  std::vector<Expr> parts;
  for (const YamlNode& item : node.items) {
    if (item.is_map()) {
      parts.push_back(fields(item, in_element));
    } else if (item.is_scalar() && !in_element) {
      parts.push_back(keywords({}, item, item.span));
    } else {
      return bad(item, "expected a mapping of fields");
    }
  }
  return Expr::any(std::move(parts));
}

Expr Lowering::fields(const YamlNode& map, bool in_element) {
  if (map.entries.empty()) return bad(map, "this selection has no fields, so it would match everything");
  std::vector<Expr> parts;
  for (const YamlEntry& entry : map.entries) parts.push_back(item(entry, in_element));
  return Expr::all(std::move(parts));
}

Expr Lowering::item(const YamlEntry& entry, bool in_element) {
  std::optional<FieldKey> key = parse_field_key(entry.key, context_);
  if (!key) return never(entry.key.span);
  if (key->steps.empty() && key->rest.empty() && !key->modifiers.empty()) {
    return keywords(key->modifiers, entry.value, entry.key.span);
  }
  const std::optional<Modifiers> modifiers = parse_modifiers(key->modifiers, entry.key.span, context_);
  if (!modifiers) return never(entry.key.span);
  return step(*key, 0, *modifiers, entry, in_element);
}

Expr Lowering::step(const FieldKey& key, size_t index, const Modifiers& modifiers, const YamlEntry& entry,
                    bool in_element) {
  if (index == key.steps.size()) return leaf(key.rest, modifiers, entry, in_element);
  const ArrayStep& array = key.steps[index];
  const std::optional<FieldRef> field = resolve_field(array.array, in_element, entry.key.span, context_);
  if (!field) return never(entry.key.span);
  if (!in_element && field->path.empty() && field_info(field->id).shape == FieldShape::Scalar) {
    return bad(entry.key, "\"" + printable(array.array) + "\" is one value, not an array", "leave out the selector");
  }
  if (index + 1 == key.steps.size() && key.rest.empty())
    return elements(*field, array.quantifier, modifiers, entry, in_element);
  return Expr::element(*field, array.quantifier, step(key, index + 1, modifiers, entry, true));
}

// `array[quantifier]: values` or `array[quantifier]: block`.
Expr Lowering::elements(const FieldRef& array, Quantifier quantifier, const Modifiers& modifiers,
                        const YamlEntry& entry, bool in_element) {
  const YamlNode& value = entry.value;
  const bool block = value.is_map() || (value.is_sequence() && !value.items.empty() && value.items.front().is_map());
  if (block) {
    const bool whole = value.is_map() && value.find("condition") != nullptr;
    return Expr::element(array, quantifier, whole ? detection(value, {}, true) : selection(value, true));
  }
  // The plain forms need no block: the test itself knows any and every.
  if (!modifiers.neq && (quantifier == Quantifier::Any || quantifier == Quantifier::Every)) {
    Expr test = lower_test(array, modifiers, value, in_element, context_);
    const bool single = test.kind == Expr::Kind::Test;
    if (single && quantifier == Quantifier::Every) test.test.quantifier = Quantifier::Every;
    if (single || quantifier == Quantifier::Any) return test;
  }
  return Expr::element(array, quantifier, leaf(".", modifiers, entry, true));
}

Expr Lowering::leaf(const std::string& name, const Modifiers& modifiers, const YamlEntry& entry, bool in_element) {
  if (entry.value.is_map()) {
    return bad(entry.value, "\"" + printable(entry.key.text) + "\" holds a mapping, but no array selector",
               "write the path with dots, or a selector such as [any] with `sigma-version: 3`");
  }
  const std::optional<FieldRef> field = resolve_field(name, in_element, entry.key.span, context_);
  Expr test = field ? lower_test(*field, modifiers, entry.value, in_element, context_) : never(entry.key.span);
  return modifiers.neq ? Expr::negation(std::move(test)) : test;
}

Expr Lowering::keywords(const std::vector<std::string>& names, const YamlNode& values, const SourceSpan& span) {
  std::optional<Modifiers> modifiers = parse_modifiers(names, span, context_);
  if (!modifiers) return never(span);
  // A keyword may stand anywhere in a value.
  if (modifiers->op == TestOp::Equals) modifiers->op = TestOp::Contains;
  Expr test = lower_test(FieldRef{FieldId::Keywords, {}}, *modifiers, values, false, context_);
  return modifiers->neq ? Expr::negation(std::move(test)) : test;
}

}  // namespace

Expr lower_detection(const YamlNode& section, std::span<const std::string_view> other_keys, RuleContext& context) {
  if (!section.is_map()) {
    context.diagnostics().error("bad-selection", "expected a mapping of selections and a condition", section.span);
    return never(section.span);
  }
  return Lowering(context).detection(section, other_keys, false);
}

bool mentions_field(const Expr& expr, FieldId field) {
  if (expr.kind == Expr::Kind::Test) {
    if (expr.test.field.id == field) return true;
    return std::any_of(expr.test.patterns.begin(), expr.test.patterns.end(),
                       [&](const Pattern& p) { return p.field && p.field->id == field; });
  }
  return std::any_of(expr.children.begin(), expr.children.end(),
                     [&](const Expr& c) { return mentions_field(c, field); });
}

}  // namespace kubevigil
