#include "engine/rule/extension.h"

#include <algorithm>
#include <array>

#include "engine/base/text.h"
#include "engine/rule/chain_section.h"
#include "engine/rule/hit_keys.h"
#include "engine/rule/map_reader.h"
#include "engine/rule/sigma_lists.h"
#include "engine/rule/window.h"

namespace kubevigil {
namespace {

std::string joined(std::span<const std::string_view> names) {
  std::string out;
  for (const std::string_view n : names) {
    if (!n.empty()) out += (out.empty() ? "" : ", ") + std::string(n);
  }
  return out;
}

void read_stage(const YamlNode* node, RuleContext& context) {
  if (node == nullptr) return;
  context.draft.stage_span = node->span;
  if (const std::optional<Stage> stage = parse_stage(node->text)) {
    context.draft.extension.stage = *stage;
    return;
  }
  const std::string_view close = nearest(node->text, kStageNames);
  context.diagnostics().error(
      "bad-value", "\"" + printable(node->text) + "\" is no stage", node->span,
      close.empty() ? "one of " + joined(kStageNames) : "did you mean \"" + std::string(close) + "\"?");
}

void read_preset(const YamlNode* node, RuleContext& context) {
  if (node == nullptr) return;
  if (const std::optional<Preset> preset = parse_preset(node->text)) {
    context.draft.extension.preset = *preset;
    return;
  }
  context.diagnostics().error("bad-value", "\"" + printable(node->text) + "\" is no preset", node->span,
                              "one of " + joined(kPresetNames));
}

void read_risk(const YamlNode* node, RuleContext& context) {
  if (node == nullptr) return;
  const std::optional<double> risk = node->number();
  if (!risk || *risk < 0 || *risk > 100 || *risk != static_cast<int>(*risk)) {
    context.diagnostics().error("bad-value", "risk is a whole number from 0 to 100", node->span);
    return;
  }
  context.draft.extension.risk = static_cast<int>(*risk);
}

// Alerts of a correlation know the elements of its group key and nothing else of an event.
bool is_of_group(const NameAt& name, RuleContext& context) {
  if (context.draft.kind != DocumentKind::Correlation) return true;
  const auto& group = context.draft.correlation.group_by;
  if (std::any_of(group.begin(), group.end(), [&](const NameAt& g) { return g.text == name.text; })) return true;
  std::string names;
  for (const NameAt& g : group) names += (names.empty() ? "" : ", ") + printable(g.text);
  context.diagnostics().error(
      "bad-dedup", "\"" + printable(name.text) + "\" in dedup.by does not stand in group-by", name.span,
      names.empty() ? "the rule has no group-by: leave dedup.by out" : "add it to group-by, or name some of: " + names);
  return false;
}

// Without a bound an attacker who never pauses would stay in one alert for ever.
void read_extend(MapReader& map, const YamlNode& node, bool has_period, RuleContext& context) {
  DedupSpec& dedup = context.draft.extension.dedup;
  const YamlNode* extend_node = map.get("extend");
  const bool extend = map.flag("extend", false);
  const YamlNode* most_node = map.get("max-duration");
  const std::optional<Duration> most = map.duration("max-duration");
  if (extend_node != nullptr && !extend_node->boolean()) return;  // reported
  if (extend && most_node == nullptr) {
    context.diagnostics().error("bad-dedup", "an alert that is extended needs an end", node.span,
                                "add `max-duration: 24h`");
  }
  if (!extend && most_node != nullptr) {
    context.diagnostics().error("bad-dedup", "max-duration bounds an alert that is extended", most_node->span,
                                "add `extend: true`, or write it as `period`");
  }
  if (!extend || !most || !has_period) return;
  if (dedup.period.micros == 0) {
    context.diagnostics().error("bad-dedup", "a period of 0 is over with each match: nothing extends it",
                                map.get("period")->span, "write how long an alert waits for a match: `period: 10m`");
    return;
  }
  if (*most <= dedup.period) {
    context.diagnostics().error("bad-dedup",
                                "max-duration is not longer than the period of " + format_duration(dedup.period),
                                most_node->span, "an alert takes matches for its period anyway: write a longer time");
    return;
  }
  dedup.extend_to = *most;
}

void read_dedup(const YamlNode* node, RuleContext& context) {
  if (node == nullptr) return;
  MapReader map(*node, "dedup", context.diagnostics());
  const bool is_chain = context.draft.correlation.shape.type == CorrelationType::Chain;
  if (const YamlNode* by = map.get("by"); by != nullptr && is_chain) {
    return context.diagnostics().error("bad-dedup", "a chain has one alert for each root", by->span, "remove `by`");
  }
  for (const NameAt& name : map.names("by")) {
    if (!is_of_group(name, context)) continue;
    const std::optional<FieldRef> field = parse_field(name.text);
    if (!field) {
      const std::string close = field_suggestion(name.text);
      context.diagnostics().error("unknown-field", "\"" + printable(name.text) + "\" is no field of an audit event",
                                  name.span, close.empty() ? "" : "did you mean \"" + close + "\"?");
      continue;
    }
    context.draft.extension.dedup.by.push_back(*field);
  }
  const std::optional<Duration> period = map.duration("period");
  if (period) context.draft.extension.dedup.period = *period;
  const YamlNode* period_node = map.get("period");
  read_extend(map, *node, period || period_node == nullptr, context);
  map.finish();
}

bool is_placeholder(std::string_view name, const RuleDraft& draft) {
  if (name == "count" || name == "distinct" || name == "span") return true;
  if (name.starts_with("values:")) {
    const std::string_view n = name.substr(7);
    return !n.empty() && n.size() < 4 && n.find_first_not_of("0123456789") == std::string_view::npos;
  }
  const auto& group = draft.correlation.group_by;
  if (std::any_of(group.begin(), group.end(), [&](const NameAt& g) { return g.text == name; })) return true;
  return parse_field(name).has_value();
}

void read_message(const YamlNode* node, RuleContext& context) {
  if (node == nullptr) return;
  const std::string& text = node->text;
  for (size_t open = text.find('{'); open != std::string::npos; open = text.find('{', open + 1)) {
    const size_t close = text.find('}', open);
    const std::string name = text.substr(open + 1, close == std::string::npos ? close : close - open - 1);
    if (close != std::string::npos && is_placeholder(name, context.draft)) continue;
    const std::string near_field = field_suggestion(name);
    context.diagnostics().error("bad-message", "\"{" + printable(name) + "}\" is no placeholder", node->span,
                                near_field.empty() ? "use {field}, {count}, {distinct}, {values:N} or {span}"
                                                   : "did you mean {" + near_field + "}?");
  }
  context.draft.extension.message = text;
}

// True when the section is there and belongs to this type of correlation.
bool belongs(const YamlNode* node, CorrelationType type, RuleContext& context) {
  if (node == nullptr) return false;
  const RuleDraft& draft = context.draft;
  if (draft.kind == DocumentKind::Correlation && draft.correlation.shape.type == type) return true;
  const std::string name(to_text(type));
  context.diagnostics().error("bad-extension", "\"" + name + "\" belongs to correlations of that type", node->span,
                              "remove it, or write `type: " + name + "`");
  return false;
}

void add_inputs(MapReader& map, std::string_view key, CorrelationInput::Role role, CorrelationDraft& correlation) {
  for (NameAt& name : map.names(key)) correlation.inputs.push_back({std::move(name), role, 0, 0});
}

void read_new_value(const YamlNode& node, RuleContext& context) {
  CorrelationDraft& correlation = context.draft.correlation;
  NewValueSpec& spec = correlation.shape.new_value;
  MapReader map(node, "new_value", context.diagnostics());
  if (const std::optional<Duration> learn = map.duration("learn")) spec.learn = *learn;
  if (const YamlNode* new_key = map.get("new-key")) {
    if (new_key->text != "alert" && new_key->text != "learn") {
      context.diagnostics().error("bad-value", "new-key is alert or learn", new_key->span);
    }
    spec.new_key_learns = new_key->text == "learn";
  }
  add_inputs(map, "taught-by", CorrelationInput::Role::TaughtBy, correlation);
  add_inputs(map, "forget-on", CorrelationInput::Role::ForgetOn, correlation);
  for (const NameAt& list : map.names("seed")) {
    for (std::vector<std::string>& row : list_rows(list.text, list.span, context)) {
      if (row.size() != correlation.condition_fields.size()) {
        context.diagnostics().error("bad-list", "the rows of this list are not as long as the list of condition fields",
                                    list.span);
        break;
      }
      spec.seed.push_back(std::move(row));
    }
  }
  map.finish();
}

void read_absence(const YamlNode& node, RuleContext& context) {
  CorrelationDraft& correlation = context.draft.correlation;
  AbsenceSpec& spec = correlation.shape.absence;
  MapReader map(node, "absence", context.diagnostics());
  add_inputs(map, "expect", CorrelationInput::Role::Expect, correlation);
  if (const std::optional<Duration> look_back = map.duration("look-back")) spec.look_back = *look_back;
  spec.every = map.duration("every");
  const YamlNode* arm = map.get("arm");
  if (arm != nullptr && arm->text != "first-event") {
    context.diagnostics().error("bad-value", "arm is first-event: a key is awaited from its first event on", arm->span);
  }
  map.finish();
}

void read_filter_keys(MapReader& map, RuleContext& context) {
  FilterDraft& filter = context.draft.filter;
  filter.owner = map.text("owner");
  filter.reason = map.text("reason");
  const YamlNode* expires = map.get("expires");
  if (expires == nullptr) return;
  filter.expires = expires->text;
  if (filter.expires.size() != 10 || !parse_date_or_time(filter.expires)) {
    context.diagnostics().error("bad-value", "\"" + printable(expires->text) + "\" is no date", expires->span,
                                "write 2026-12-31");
  }
}

void read_rule_keys(MapReader& map, RuleContext& context) {
  Extension& extension = context.draft.extension;
  const YamlNode* chain = map.get("chain");  // first: its root is the group key
  if (belongs(chain, CorrelationType::Chain, context)) read_chain(*chain, context);
  read_stage(map.get("stage"), context);
  read_risk(map.get("risk"), context);
  read_preset(map.get("preset"), context);
  read_dedup(map.get("dedup"), context);
  read_message(map.get("message"), context);
  if (const YamlNode* exempt = map.get("exempt")) {
    extension.exempt_never = exempt->text == "never";
    if (!extension.exempt_never) {
      context.diagnostics().error("bad-value", "exempt takes one value: never", exempt->span);
    }
  }
  extension.across_clusters = map.flag("across-clusters", false);
  if (const YamlNode* window = map.get("window")) {
    read_window(*window, context);
    context.not_portable("window of its own");
  }
  context.draft.meta.next_steps = map.texts("next-steps");
  const YamlNode* value_count = map.get("value_count");
  if (belongs(value_count, CorrelationType::ValueCount, context)) {
    context.not_portable("options of value_count");
    MapReader inner(*value_count, "value_count", context.diagnostics());
    read_hits(inner, context);
    read_require_and_raise(inner, context);
    inner.finish();
  }
  const YamlNode* value_sum = map.get("value_sum");
  if (belongs(value_sum, CorrelationType::ValueSum, context)) {
    MapReader inner(*value_sum, "value_sum", context.diagnostics());
    read_hits(inner, context);
    inner.finish();
  }
  const YamlNode* new_value = map.get("new_value");
  if (belongs(new_value, CorrelationType::NewValue, context)) read_new_value(*new_value, context);
  const YamlNode* absence = map.get("absence");
  if (belongs(absence, CorrelationType::Absence, context)) read_absence(*absence, context);
}

}  // namespace

void parse_extension(const YamlNode& node, RuleContext& context) {
  MapReader map(node, "the kubevigil mapping", context.diagnostics());
  if (context.draft.kind == DocumentKind::Filter) {
    read_filter_keys(map, context);
  } else {
    read_rule_keys(map, context);
  }
  map.finish();
}

}  // namespace kubevigil
