#include "engine/rule/link_input.h"

#include <algorithm>

#include "engine/base/text.h"

namespace kubevigil {
namespace {

class InputLinker {
 public:
  InputLinker(RuleDraft& draft, const Rule& target, const RuleMeta& target_names)
      : draft_(draft), target_(target), target_names_(target_names) {}

  std::optional<NameAt> source_name(const NameAt& name);
  std::optional<FieldRef> field_of(const NameAt& name);
  void add_group(const NameAt& name, CorrelationInput& out);
  void add_value(const NameAt& name, CorrelationInput& out);

 private:
  void check_group(const NameAt& name, const FieldRef& field);
  void warn_once(std::string code, std::string message, const NameAt& name, std::string hint);
  RuleDraft& draft_;
  const Rule& target_;
  const RuleMeta& target_names_;
};

// The field behind an alias for this rule, or the name itself.
std::optional<NameAt> InputLinker::source_name(const NameAt& name) {
  for (const AliasDraft& alias : draft_.correlation.aliases) {
    if (alias.name != name.text) continue;
    for (const auto& [rule, field] : alias.fields) {
      if (rule.text == target_names_.id || rule.text == target_names_.name) return field;
    }
    if (parse_field(name.text)) return name;
    draft_.diagnostics.error(
        "unknown-alias",
        "the alias \"" + printable(name.text) + "\" has no field for the rule \"" + target_names_.name + "\"",
        name.span, "add `" + target_names_.name + ": field` under the alias");
    return std::nullopt;
  }
  return name;
}

std::optional<FieldRef> InputLinker::field_of(const NameAt& name) {
  std::optional<FieldRef> field = parse_field(name.text);
  if (field) return field;
  std::string close = field_suggestion(name.text);
  if (close.empty()) {
    std::vector<std::string_view> aliases;
    for (const AliasDraft& a : draft_.correlation.aliases) aliases.push_back(a.name);
    close = nearest(name.text, aliases);
  }
  draft_.diagnostics.error("unknown-field", "\"" + printable(name.text) + "\" is neither a field nor an alias",
                           name.span, close.empty() ? "" : "did you mean \"" + close + "\"?");
  return std::nullopt;
}

void InputLinker::warn_once(std::string code, std::string message, const NameAt& name, std::string hint) {
  for (const Diagnostic& d : draft_.diagnostics.entries()) {
    if (d.code == code && d.span.line == name.span.line && d.span.column == name.span.column) return;
  }
  draft_.diagnostics.warning(std::move(code), std::move(message), name.span, std::move(hint));
}

// Counts are about who acts. A sequence, an absence or a value that changes may be about one object; an absence even
// about one request, whose two ends have the same id whoever chose it.
void InputLinker::check_group(const NameAt& name, const FieldRef& field) {
  const FieldInfo& info = field_info(field.id);
  const CorrelationType type = draft_.correlation.shape.type;
  if (type == CorrelationType::Absence) return;
  const bool of_one_object = type == CorrelationType::Temporal || type == CorrelationType::TemporalOrdered ||
                             type == CorrelationType::NewValue;
  const std::string quoted = "\"" + printable(name.text) + "\"";
  if (info.spoofable) {
    warn_once("spoofable-group", quoted + " is chosen by the client: an attacker changes it and starts a new group",
              name, "group by user.username, serviceAccount.name or peerIP");
  } else if (info.unbounded && !of_one_object) {
    warn_once("unbounded-group", quoted + " has a new value for nearly every event, so groups stay small and many",
              name, "group by who acts, not by what is acted on");
  }
}

void InputLinker::add_group(const NameAt& name, CorrelationInput& out) {
  const std::optional<NameAt> source = source_name(name);
  if (!source) return;
  if (!target_.is_detection()) {
    const std::vector<std::string>& upstream = target_.correlation().group_by;
    const auto it = std::find(upstream.begin(), upstream.end(), source->text);
    if (it != upstream.end()) return out.upstream_group.push_back(static_cast<size_t>(it - upstream.begin()));
    return draft_.diagnostics.error(
        "bad-group",
        "the correlation \"" + target_names_.name + "\" does not group by \"" + printable(source->text) + "\"",
        source->span, "a correlation of correlations can only group by what these group by");
  }
  const std::optional<FieldRef> field = field_of(*source);
  if (!field) return;
  check_group(*source, *field);
  out.group.push_back(*field);
}

void InputLinker::add_value(const NameAt& name, CorrelationInput& out) {
  const std::optional<NameAt> source = source_name(name);
  if (!source) return;
  const std::optional<FieldRef> field = field_of(*source);
  if (!field) return;
  if (!target_.is_detection() && field_info(field->id).origin != FieldOrigin::Hit) {
    return draft_.diagnostics.error(
        "bad-group",
        "the correlation \"" + target_names_.name + "\" has no field \"" + printable(source->text) + "\" of its own",
        source->span, "over correlations only hit.rule, hit.stage, hit.level and hit.risk can be counted");
  }
  out.values.push_back(*field);
}

}  // namespace

CorrelationInput link_input(RuleDraft& draft, const InputDraft& input, const Rule& target,
                            const RuleMeta& target_names) {
  CorrelationInput out;
  out.role = input.role;
  InputLinker linker(draft, target, target_names);
  for (const NameAt& name : draft.correlation.group_by) linker.add_group(name, out);
  for (const NameAt& name : draft.correlation.condition_fields) linker.add_value(name, out);
  return out;
}

}  // namespace kubevigil
