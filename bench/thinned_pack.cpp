#include "bench/thinned_pack.h"

#include <algorithm>
#include <vector>

#include "engine/match/condition_code.h"

namespace kubevigil::bench {
namespace {

bool needs_body(const std::vector<FieldRef>& fields) {
  return !std::all_of(fields.begin(), fields.end(), reads_only_envelope);
}

// Takes the inputs out that are gone; false when none is left. A correlation stands behind what it reads.
bool keep_inputs(Rule& rule, const std::vector<bool>& stays) {
  auto& inputs = std::get<Correlation>(rule.body).inputs;
  std::erase_if(inputs, [&](const CorrelationInput& input) { return !stays[input.rule]; });
  return std::any_of(inputs.begin(), inputs.end(),
                     [](const CorrelationInput& input) { return input.role == CorrelationInput::Role::Member; });
}

// From the end: what does not alert stays only for those that read it.
void drop_unread(const std::vector<Rule>& rules, std::vector<bool>& stays) {
  std::vector<bool> read(rules.size());
  for (size_t i = rules.size(); i-- > 0;) {
    stays[i] = stays[i] && (rules[i].alerts || read[i]);
    if (!stays[i] || rules[i].is_detection()) continue;
    for (const CorrelationInput& input : rules[i].correlation().inputs) read[input.rule] = true;
  }
}

void compact(std::vector<Rule>& rules, const std::vector<bool>& stays) {
  std::vector<uint32_t> place(rules.size());
  std::vector<Rule> kept;
  for (size_t i = 0; i < rules.size(); ++i) {
    if (!stays[i]) continue;
    place[i] = static_cast<uint32_t>(kept.size());
    kept.push_back(std::move(rules[i]));
    if (kept.back().is_detection()) continue;
    for (CorrelationInput& input : std::get<Correlation>(kept.back().body).inputs) input.rule = place[input.rule];
  }
  rules = std::move(kept);
}

}  // namespace

ThinnedPack without(const RuleSet& all, const std::function<bool(const Rule&)>& goes) {
  ThinnedPack pack{all, 0, {}};
  std::vector<Rule>& rules = pack.rules.rules;
  std::vector<bool> stays(rules.size(), true);
  for (size_t i = 0; i < rules.size(); ++i) {
    stays[i] = !goes(rules[i]);
    pack.out += stays[i] ? 0 : 1;
    if (!stays[i] || rules[i].is_detection()) continue;
    const auto& inputs = rules[i].correlation().inputs;
    const size_t before = inputs.size();
    const bool reads_changed = std::any_of(inputs.begin(), inputs.end(), [&](const CorrelationInput& input) {
      return pack.changed.contains(rules[input.rule].meta.name);
    });
    stays[i] = keep_inputs(rules[i], stays);
    if (stays[i] && (reads_changed || inputs.size() != before)) pack.changed.insert(rules[i].meta.name);
  }
  drop_unread(rules, stays);
  compact(rules, stays);
  return pack;
}

bool is_first_seen(const Rule& rule) {
  return !rule.is_detection() && rule.correlation().type == CorrelationType::NewValue;
}

bool reads_bodies(const Rule& rule) {
  if (needs_body(rule.extension.dedup.by)) return true;
  if (!rule.is_detection()) {
    const auto& inputs = rule.correlation().inputs;
    return std::any_of(inputs.begin(), inputs.end(), [](const CorrelationInput& input) {
      return needs_body(input.group) || needs_body(input.values);
    });
  }
  ConditionCode code;
  const std::vector<uint32_t> fields = code.fields_of(code.add(rule.detection().condition));
  return !std::all_of(fields.begin(), fields.end(), [&](uint32_t field) { return code.fields()[field].envelope; });
}

}  // namespace kubevigil::bench
