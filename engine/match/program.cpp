#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "engine/match/field_groups.h"
#include "engine/match/group_key.h"
#include "engine/match/program_code.h"

namespace kubevigil {
namespace {

OperandField constant_of(const Value& value, double number) {
  OperandField operand;
  append_group_value(operand.constant, value);
  operand.number = number;
  return operand;
}

OperandField operand_of(const FieldRef& field, const Rule& rule, ConditionCode& conditions) {
  switch (field.id) {
    case FieldId::HitRule:
      return constant_of(Value::string(rule.meta.name), 0);
    case FieldId::HitLevel:
      return constant_of(Value::string(to_text(rule.meta.level)), 0);
    case FieldId::HitStage:
      if (rule.extension.stage == Stage::None) return constant_of(Value{}, 0);
      return constant_of(Value::string(to_text(rule.extension.stage)), 0);
    case FieldId::HitRisk: {
      const std::string text = std::to_string(rule.extension.risk);
      return constant_of({ValueType::Int, text, static_cast<double>(rule.extension.risk)}, rule.extension.risk);
    }
    default:
      return {conditions.add_field(field), {}, 0};
  }
}

std::vector<OperandField> operands_of(const std::vector<FieldRef>& fields, const Rule& rule,
                                      ConditionCode& conditions) {
  std::vector<OperandField> operands;
  for (const FieldRef& field : fields) operands.push_back(operand_of(field, rule, conditions));
  return operands;
}

// design/rules.md 4: a detection without dedup.by groups by these.
std::vector<FieldRef> default_dedup() {
  std::vector<FieldRef> fields;
  for (const FieldId id : {FieldId::UserUsername, FieldId::EffectiveUsername, FieldId::Resource,
                           FieldId::ObjectNamespace, FieldId::ObjectName}) {
    fields.push_back(FieldRef{id, {}});
  }
  return fields;
}

bool adds_numbers(CorrelationType type) {
  return type == CorrelationType::ValueSum || type == CorrelationType::ValueAvg ||
         type == CorrelationType::ValuePercentile;
}

// All feeds, in the order of correlations and inputs, and for each rule those that it fills.
std::vector<Feed> collect_feeds(const RuleSet& rules) {
  std::vector<Feed> feeds;
  for (uint32_t r = 0; r < rules.rules.size(); ++r) {
    if (rules.rules[r].is_detection()) continue;
    const auto& inputs = rules.rules[r].correlation().inputs;
    for (uint32_t i = 0; i < inputs.size(); ++i) {
      if (rules.rules[inputs[i].rule].is_detection()) feeds.push_back({r, i});
    }
  }
  return feeds;
}

// The number of an item in a list, where it stands once.
template <typename T>
uint32_t number_of(T item, std::vector<T>& list) {
  const auto known = std::find(list.begin(), list.end(), item);
  const auto number = static_cast<uint32_t>(known - list.begin());
  if (known == list.end()) list.push_back(std::move(item));
  return number;
}

FeedCode compile_feed(const RuleSet& rules, std::span<const Feed> feeds, uint32_t feed, const Rule& source,
                      Program::Code& code) {
  const Rule& target = rules.rules[feeds[feed].correlation];
  const CorrelationInput& input = target.correlation().inputs[feeds[feed].input];
  const bool whole = target.correlation().type == CorrelationType::Chain;
  KeyCode key{target.extension.across_clusters, whole, operands_of(input.group, source, code.conditions)};
  ValuesCode values;
  values.whole = whole;
  values.repeated_count = adds_numbers(target.correlation().type);
  if (input.role == CorrelationInput::Role::Link) {
    values.needed = input.values.size() - target.correlation().chain.links[input.link].to.size();
  }
  values.fields = operands_of(input.values, source, code.conditions);
  return {feed, number_of(std::move(key), code.keys), number_of(std::move(values), code.values)};
}

void set_bit(Bits& bits, size_t i) { bits[i / 64] |= uint64_t{1} << (i % 64); }

void compile_detections(const RuleSet& rules, std::span<const Feed> feeds, Program::Code& code) {
  std::multimap<uint32_t, uint32_t> feeds_of_rule;
  for (uint32_t f = 0; f < feeds.size(); ++f) {
    feeds_of_rule.emplace(rules.rules[feeds[f].correlation].correlation().inputs[feeds[f].input].rule, f);
  }
  for (uint32_t r = 0; r < rules.rules.size(); ++r) {
    const Rule& rule = rules.rules[r];
    if (!rule.is_detection() || !rule.dead.empty()) continue;
    DetectionCode detection;
    detection.rule = r;
    detection.root = code.conditions.add(rule.detection().condition);
    detection.alerts = rule.alerts;
    detection.across_clusters = rule.extension.across_clusters;
    const auto& by = rule.extension.dedup.by;
    if (rule.alerts) detection.dedup = operands_of(by.empty() ? default_dedup() : by, rule, code.conditions);
    const auto [first, last] = feeds_of_rule.equal_range(r);
    for (auto it = first; it != last; ++it) {
      detection.feeds.push_back(compile_feed(rules, feeds, it->second, rule, code));
    }
    code.detections.push_back(std::move(detection));
  }
}

template <typename T>
void add_once(std::vector<T>& list, const T& item) {
  if (std::find(list.begin(), list.end(), item) == list.end()) list.push_back(item);
}

void add_to_index(const FieldRef& field, uint32_t number, uint32_t detection, IndexCode& index) {
  add_once(index.fields, number);
  add_once(index.detections, detection);
  set_bit(index.readers, detection);
  if (group_of(field) == FieldGroup::Annotations) return add_once(index.names, field.path.front().key);
  const std::vector<FieldId> slots = sources_of(field);
  for (const FieldId slot : slots) add_once(index.slots, slot);
  if (slots.empty()) add_once(index.lookups, number);
}

// Its key becomes that of both groups.
void join_group(FieldGroup group, const std::vector<std::pair<FieldGroup, IndexCode>>& indexes, IndexCode& index) {
  const FieldGroup other = judged_with(group);
  const auto found = std::find_if(indexes.begin(), indexes.end(), [&](const auto& i) { return i.first == other; });
  if (other == group || found == indexes.end()) return;
  index.with = static_cast<uint32_t>(found - indexes.begin());
  for (const FieldId slot : found->second.slots) add_once(index.slots, slot);
}

// Rules by which a field of its own is worth a look-up for each event; fewer are asked as they are written.
constexpr size_t kLookUpFrom = 6;

bool is_worth_it(FieldGroup group, const IndexCode& index) {
  return group != FieldGroup::Alone || index.detections.size() >= kLookUpFrom;
}

void compile_index(const RuleSet& rules, Program::Code& code) {
  const size_t words = (code.detections.size() + 63) / 64;
  code.all.assign(words, 0);
  code.names_stage.assign(words, 0);
  std::map<std::pair<FieldGroup, uint32_t>, IndexCode> by_group;  // the number tells those apart that stand alone
  for (uint32_t d = 0; d < code.detections.size(); ++d) {
    set_bit(code.all, d);
    if (rules.rules[code.detections[d].rule].detection().names_stage) set_bit(code.names_stage, d);
    for (const uint32_t number : code.conditions.fields_of(code.detections[d].root)) {
      const FieldCode& field = code.conditions.fields()[number];
      const FieldGroup group = group_of(field.field);
      if (!field.envelope || group == FieldGroup::None) continue;
      IndexCode& index = by_group[{group, group == FieldGroup::Alone ? number : 0}];
      if (index.readers.empty()) index.readers.assign(words, 0);
      add_to_index(field.field, number, d, index);
    }
  }
  std::vector<std::pair<FieldGroup, IndexCode>> indexes;
  for (auto& [group, index] : by_group) {
    if (is_worth_it(group.first, index)) indexes.emplace_back(group.first, std::move(index));
  }
  std::stable_sort(indexes.begin(), indexes.end(), [](const auto& a, const auto& b) {
    return a.second.detections.size() > b.second.detections.size();
  });
  for (auto& [group, index] : indexes) join_group(group, indexes, index);
  for (auto& [group, index] : indexes) {
    for (const uint32_t field : index.fields) {
      code.conditions.set_index(field, static_cast<uint32_t>(code.index.size()));
    }
    std::sort(index.names.begin(), index.names.end());
    code.index.push_back(std::move(index));
  }
  code.conditions.note_parts();
}

}  // namespace

Program::Program() : code_(std::make_unique<Code>()) {}
Program::~Program() = default;

std::shared_ptr<const Program> Program::compile(std::shared_ptr<const RuleSet> rules) {
  std::shared_ptr<Program> program(new Program);
  program->rules_ = std::move(rules);
  program->feeds_ = collect_feeds(*program->rules_);
  Code& code = *program->code_;
  compile_detections(*program->rules_, program->feeds_, code);
  compile_index(*program->rules_, code);
  for (const TestCode& test : code.conditions.tests()) {
    code.patterns_without_automaton += test.matcher.patterns().without_automaton() ? 1 : 0;
  }
  return program;
}

std::string Program::to_text() const {
  const ConditionCode& conditions = code_->conditions;
  std::string out;
  for (const IndexCode& index : code_->index) {
    out += "index";
    for (const uint32_t field : index.fields) out += " " + kubevigil::to_text(conditions.fields()[field].field);
    out += fmt::format(": {} rules\n", index.detections.size());
  }
  for (const DetectionCode& detection : code_->detections) {
    std::string envelope, body;
    for (const uint32_t field : conditions.fields_of(detection.root)) {
      const FieldCode& code = conditions.fields()[field];
      (code.envelope ? envelope : body) += " " + kubevigil::to_text(code.field);
    }
    out += fmt::format("{}: envelope{}; body{}\n", rules_->rules[detection.rule].meta.name,
                       envelope.empty() ? " none" : envelope, body.empty() ? " none" : body);
  }
  return out;
}

uint64_t Program::patterns_without_automaton() const { return code_->patterns_without_automaton; }

}  // namespace kubevigil
