// Sigma correlations 2.1.0, with three types of ours, new_value, absence and chain:
//
//   type       event_count | value_count | temporal | temporal_ordered | value_sum | value_avg | value_percentile
//              | new_value | absence | chain
//   rules      ids or names of detections or correlations; a chain may leave them out, and what says `hits`
//   group-by   fields or aliases; none: all events are one group
//   timespan   90m
//   aliases    {alias: {rule: field}}
//   condition  event_count {gte: 10}, also gt, lt, lte, eq, neq, and two of them for a range
//              value_*     {field: name or list, gte: 10}; percentile {percentile: 95, ...}, 50 when left out
//              temporal    none, a number of different rules {gte: 2}, or `a and b` naming all rules
//              new_value   {field: name or list}
//              chain       {field: hit.stage, gte: 3}
//   generate   true: the rules alert on their own, too
#include "engine/rule/sigma_correlation.h"

#include <array>
#include <cmath>

#include "engine/base/text.h"
#include "engine/rule/map_reader.h"

namespace kubevigil {
namespace {

using Type = CorrelationType;

struct TypeName {
  Type type;
  std::string_view name;
  bool standard;
};
constexpr std::array kTypes = {
    TypeName{Type::EventCount, "event_count", true},
    TypeName{Type::ValueCount, "value_count", true},
    TypeName{Type::Temporal, "temporal", true},
    TypeName{Type::TemporalOrdered, "temporal_ordered", true},
    TypeName{Type::ValueSum, "value_sum", true},
    TypeName{Type::ValueAvg, "value_avg", true},
    TypeName{Type::ValuePercentile, "value_percentile", true},
    TypeName{Type::NewValue, "new_value", false},
    TypeName{Type::Absence, "absence", false},
    TypeName{Type::Chain, "chain", false},
};

struct BoundName {
  CountCondition::Op op;
  std::string_view name;
};
constexpr std::array kBounds = {
    BoundName{CountCondition::Op::Gt, "gt"}, BoundName{CountCondition::Op::Gte, "gte"},
    BoundName{CountCondition::Op::Lt, "lt"}, BoundName{CountCondition::Op::Lte, "lte"},
    BoundName{CountCondition::Op::Eq, "eq"}, BoundName{CountCondition::Op::Neq, "neq"},
};

bool is_temporal(Type type) { return type == Type::Temporal || type == Type::TemporalOrdered; }
bool has_fields(Type type) { return type != Type::EventCount && type != Type::Absence && !is_temporal(type); }
bool has_bounds(Type type) { return type != Type::NewValue && type != Type::Absence; }

bool read_type(MapReader& map, const YamlNode& section, RuleContext& context) {
  const YamlNode* node = map.get("type");
  std::vector<std::string_view> names;
  for (const TypeName& t : kTypes) {
    names.push_back(t.name);
    if (node == nullptr || node->text != t.name) continue;
    context.draft.correlation.shape.type = t.type;
    if (!t.standard) context.not_portable("correlation type " + std::string(t.name));
    return true;
  }
  if (node == nullptr) {
    context.diagnostics().error("bad-correlation", "the correlation has no type", section.span,
                                "add `type: event_count`");
    return false;
  }
  const std::string_view close = nearest(node->text, names);
  context.diagnostics().error("bad-correlation", "\"" + printable(node->text) + "\" is no type of correlation",
                              node->span,
                              close.empty() ? "one of event_count, value_count, temporal, temporal_ordered, value_sum, "
                                              "value_avg, value_percentile, new_value, absence, chain"
                                            : "did you mean \"" + std::string(close) + "\"?");
  return false;
}

void read_bounds(MapReader& map, RuleContext& context) {
  std::vector<CountCondition::Bound>& bounds = context.draft.correlation.shape.condition.bounds;
  for (const BoundName& b : kBounds) {
    const YamlNode* node = map.get(b.name);
    if (node == nullptr) continue;
    if (const std::optional<double> n = node->number()) {
      bounds.push_back({b.op, *n});
    } else {
      context.diagnostics().error("bad-value", "\"" + std::string(b.name) + "\" takes a number", node->span);
    }
  }
}

void read_percentile(MapReader& map, RuleContext& context) {
  Correlation& shape = context.draft.correlation.shape;
  if (shape.type != Type::ValuePercentile) return;
  shape.percentile = 50;
  const YamlNode* node = map.get("percentile");
  if (node == nullptr) return;
  const std::optional<double> p = node->number();
  if (!p || *p <= 0 || *p >= 100) {
    context.diagnostics().error("bad-value", "percentile is a number between 0 and 100", node->span);
  }
  shape.percentile = p.value_or(50);
}

// `a and b and c`: only the conjunction of all rules, which is what temporal means anyway.
void check_rule_condition(const YamlNode& node, RuleContext& context) {
  std::vector<bool> named(context.draft.correlation.inputs.size());
  bool good = true, expect_name = true;
  for (const std::string_view word : split(node.text, ' ')) {
    if (word.empty()) continue;
    bool known = !expect_name && equals_folded(word, "and");
    for (size_t i = 0; expect_name && i < named.size(); ++i) {
      if (context.draft.correlation.inputs[i].name.text == word) named[i] = known = true;
    }
    good = good && known;
    expect_name = !expect_name;
  }
  for (const bool n : named) good = good && n;
  if (good && !expect_name) return;
  context.diagnostics().error("bad-correlation", "only `a and b and ...` over all rules is supported here", node.span,
                              "leave out the condition, or write another correlation over this one");
}

// A window is judged by what came in it, so there is always something.
void check_holds(const YamlNode& section, RuleContext& context) {
  const Correlation& shape = context.draft.correlation.shape;
  const size_t rules = context.draft.correlation.inputs.size();
  const bool of_rules = shape.type == Type::Temporal;
  if (shape.condition.holds_for_some(of_rules ? static_cast<double>(rules) : HUGE_VAL)) return;
  if (shape.condition.holds(0)) {
    context.diagnostics().error("bad-correlation",
                                "this condition holds only where nothing came, which is never judged", section.span,
                                "`type: absence` says what did not come");
    return;
  }
  context.diagnostics().error("bad-correlation",
                              "no number from 1 " + (of_rules ? "to " + std::to_string(rules) + ", its rules," : "on") +
                                  " satisfies this condition",
                              section.span, "mend its bounds");
}

void check_chain(const YamlNode& section, RuleContext& context) {
  const CorrelationDraft& draft = context.draft.correlation;
  if (draft.condition_fields.size() != 1 || draft.condition_fields.front().text != "hit.stage") {
    context.diagnostics().error("bad-correlation", "a chain counts stages", section.span, "write `field: hit.stage`");
  }
  if (!draft.shape.condition.monotone() || draft.shape.condition.threshold() >= kStageNames.size()) {
    context.diagnostics().error("bad-correlation", "a chain has at least so many of the five stages", section.span,
                                "write `gte: 3`");
  }
}

void check_bounds(const YamlNode& section, RuleContext& context) {
  const Correlation& shape = context.draft.correlation.shape;
  if (!has_bounds(shape.type)) {
    if (!shape.condition.bounds.empty()) {
      context.diagnostics().error("bad-correlation", std::string(to_text(shape.type)) + " takes no bounds",
                                  section.span);
    }
    return;
  }
  if (shape.condition.bounds.empty()) {
    context.diagnostics().error("bad-correlation", "the condition has no bound", section.span, "add `gte: 10`");
  }
  const double rules = static_cast<double>(context.draft.correlation.inputs.size());
  if (shape.type == Type::TemporalOrdered && !(shape.condition.monotone() && shape.condition.threshold() == rules)) {
    context.diagnostics().error("bad-correlation", "temporal_ordered asks for all of its rules", section.span,
                                "leave out the condition, or use temporal");
  }
  if (shape.type == Type::Chain) check_chain(section, context);
  const bool counts = shape.type == Type::EventCount || shape.type == Type::ValueCount || shape.type == Type::Chain ||
                      is_temporal(shape.type);
  if (counts && shape.condition.holds(0) && shape.condition.monotone() && !shape.condition.bounds.empty()) {
    context.diagnostics().error("bad-correlation", "this condition holds for no events at all", section.span,
                                "the smallest useful bound is `gte: 1`");
  }
  const bool known = shape.condition.bounds.empty() || rules == 0 || shape.type == Type::TemporalOrdered;
  if (counts && !known) check_holds(section, context);
}

void read_condition(const YamlNode* node, const YamlNode& section, RuleContext& context) {
  CorrelationDraft& draft = context.draft.correlation;
  const Type type = draft.shape.type;
  if (is_temporal(type) && (node == nullptr || node->is_scalar())) {
    if (node != nullptr) check_rule_condition(*node, context);
    draft.shape.condition.bounds = {{CountCondition::Op::Gte, static_cast<double>(draft.inputs.size())}};
    return;
  }
  if (type == Type::Absence && node == nullptr) return;
  if (node == nullptr) {
    context.diagnostics().error("bad-correlation", "the correlation has no condition", section.span,
                                has_bounds(type) ? "add `condition: {gte: 10}`" : "add `condition: {field: name}`");
    return;
  }
  MapReader map(*node, "the correlation condition", context.diagnostics());
  read_bounds(map, context);
  read_percentile(map, context);
  if (has_fields(type)) {
    draft.condition_fields = map.names("field");
    for (const NameAt& f : draft.condition_fields) draft.shape.condition_fields.push_back(f.text);
    if (draft.condition_fields.empty()) {
      context.diagnostics().error("bad-correlation", std::string(to_text(type)) + " needs `field` in its condition",
                                  node->span);
    }
  }
  map.finish();
  check_bounds(*node, context);
}

void read_aliases(const YamlNode* node, RuleContext& context) {
  if (node == nullptr) return;
  for (const YamlEntry& entry : node->entries) {
    AliasDraft alias{entry.key.text, {}};
    for (const YamlEntry& field : entry.value.entries) {
      alias.fields.push_back({{field.key.text, field.key.span}, {field.value.text, field.value.span}});
    }
    if (alias.fields.empty()) {
      context.diagnostics().error("bad-correlation", "an alias is a mapping of rules to fields", entry.value.span);
    }
    context.draft.correlation.aliases.push_back(std::move(alias));
  }
}

}  // namespace

std::string_view to_text(CorrelationType type) {
  for (const TypeName& t : kTypes) {
    if (t.type == type) return t.name;
  }
  return "?";
}

void parse_correlation(const YamlNode& section, RuleContext& context) {
  MapReader map(section, "the correlation", context.diagnostics());
  CorrelationDraft& draft = context.draft.correlation;
  if (!read_type(map, section, context)) return;
  draft.section = section.span;
  for (NameAt& rule : map.names("rules"))
    draft.inputs.push_back({std::move(rule), CorrelationInput::Role::Member, 0, 0});
  draft.group_by = map.names("group-by");
  if (draft.shape.type == Type::Chain && !draft.group_by.empty()) {
    context.diagnostics().error("bad-correlation", "a chain groups by its root", draft.group_by.front().span,
                                "remove group-by, and write `kubevigil: {chain: {root: [...]}}`");
    draft.group_by.clear();
  }
  for (const NameAt& g : draft.group_by) draft.shape.group_by.push_back(g.text);
  if (const std::optional<Duration> timespan = map.duration("timespan"); timespan && timespan->micros > 0) {
    draft.shape.timespan = *timespan;
  } else if (section.find("timespan") == nullptr || timespan) {
    context.diagnostics().error("bad-correlation", "the correlation has no timespan", section.span,
                                "add `timespan: 10m`");
  }
  read_aliases(map.get("aliases"), context);
  draft.shape.generate = map.flag("generate", false);
  read_condition(map.get("condition"), section, context);
  map.finish();
}

}  // namespace kubevigil
