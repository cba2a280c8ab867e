// Keys, with `sigma-version: 3` (https://github.com/SigmaHQ/sigma-specification/issues/212):
//
//   key      = path { "|" modifier }
//   path     = part { "." part }            a backslash takes the special meaning from the next character
//   part     = name [ selector ]
//   selector = "[any]" | "[all]" | "[all_or_empty]" | "[none]" | "[" number "]"
#include "engine/rule/sigma_field.h"

#include <array>

#include "engine/base/text.h"

namespace kubevigil {
namespace {

struct Selector {
  std::string_view name;
  Quantifier quantifier;
};
constexpr std::array kSelectors = {Selector{"any", Quantifier::Any}, Selector{"all", Quantifier::Every},
                                   Selector{"all_or_empty", Quantifier::EveryOrEmpty},
                                   Selector{"none", Quantifier::None}};

const Selector* find_selector(std::string_view name) {
  for (const Selector& s : kSelectors) {
    if (s.name == name) return &s;
  }
  return nullptr;
}

bool is_number(std::string_view text) {
  return !text.empty() && text.size() < 7 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

void split_modifiers(std::string_view key, std::string& path, std::vector<std::string>& modifiers) {
  const std::vector<std::string_view> parts = split(key, '|');
  path = parts[0];
  for (size_t i = 1; i < parts.size(); ++i) modifiers.emplace_back(parts[i]);
}

std::nullopt_t bad_selector(std::string_view name, const YamlNode& key, RuleContext& context) {
  context.diagnostics().error("bad-selector", "\"[" + printable(name) + "]\" is no array selector", key.span,
                              "write [any], [all], [all_or_empty], [none] or a number");
  return std::nullopt;
}

}  // namespace

std::optional<FieldKey> parse_field_key(const YamlNode& key, RuleContext& context) {
  FieldKey out;
  std::string path;
  split_modifiers(key.text, path, out.modifiers);
  size_t begin = 0;
  for (size_t i = 0; i < path.size(); ++i) {
    if (path[i] == '\\') {
      ++i;
      continue;
    }
    if (path[i] != '[') continue;
    const size_t close = path.find(']', i);
    if (close == std::string::npos) return bad_selector(path.substr(i + 1), key, context);
    const std::string_view name = std::string_view(path).substr(i + 1, close - i - 1);
    const Selector* selector = find_selector(name);
    if (selector == nullptr && !is_number(name)) return bad_selector(name, key, context);
    if (context.sigma_version < 3) {
      context.diagnostics().error("array-without-version", "array selectors need `sigma-version: 3` in the rule",
                                  key.span, "add the line, or escape the bracket: \\[");
      return std::nullopt;
    }
    context.not_portable("array selector in \"" + key.text + "\"");
    if (selector != nullptr) {
      out.steps.push_back({path.substr(begin, i - begin), selector->quantifier});
      begin = close + 1;
      if (begin < path.size() && path[begin] == '.') ++begin;
    }
    i = close;
  }
  out.rest = path.substr(begin);
  return out;
}

std::optional<FieldRef> resolve_field(const std::string& name, bool in_element, const SourceSpan& span,
                                      RuleContext& context) {
  if (in_element) return parse_element_field(name);
  std::optional<FieldRef> field = parse_field(name);
  if (!field) {
    const std::string close = field_suggestion(name);
    context.impossible("unknown-field", "\"" + printable(name) + "\" is no field of an audit event", span,
                       close.empty() ? "`kubevigil rules fields` lists them" : "did you mean \"" + close + "\"?");
    context.draft.impossible.push_back("no field \"" + printable(name) + "\"");
    return std::nullopt;
  }
  const FieldOrigin origin = field_info(field->id).origin;
  if (origin == FieldOrigin::Hit || origin == FieldOrigin::Internal) {
    context.impossible("hit-field", "\"" + printable(name) + "\" exists only in correlations", span,
                       "hit.* are fields of the hits that a correlation counts");
    context.draft.impossible.push_back("\"" + printable(name) + "\" is not in events");
    return std::nullopt;
  }
  if (origin == FieldOrigin::Derived) context.not_portable("derived field \"" + name + "\"");
  return field;
}

}  // namespace kubevigil
