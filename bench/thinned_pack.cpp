#include "bench/thinned_pack.h"

#include <algorithm>
#include <set>
#include <vector>

#include "engine/match/condition_code.h"
#include "engine/rule/choice.h"

namespace kubevigil::bench {
namespace {

bool needs_body(const std::vector<FieldRef>& fields) {
  return !std::all_of(fields.begin(), fields.end(), reads_only_envelope);
}

// Takes the inputs out that are gone; false when none is left. A correlation stands behind what it reads.
bool keep_inputs(Rule& rule, const std::vector<bool>& stays, const Goes& goes) {
  auto& inputs = std::get<Correlation>(rule.body).inputs;
  std::erase_if(inputs, [&](const CorrelationInput& input) { return !stays[input.rule] || goes.input(input); });
  return std::any_of(inputs.begin(), inputs.end(),
                     [](const CorrelationInput& input) { return input.role == CorrelationInput::Role::Member; });
}

bool reads_bodies(const Rule& rule) {
  if (needs_body(rule.extension.dedup.by)) return true;
  if (!rule.is_detection()) return false;
  ConditionCode code;
  const std::vector<uint32_t> fields = code.fields_of(code.add(rule.detection().condition));
  return !std::all_of(fields.begin(), fields.end(), [&](uint32_t field) { return code.fields()[field].envelope; });
}

}  // namespace

ThinnedPack without(const RuleSet& all, const Goes& goes) {
  ThinnedPack pack{all, 0, {}};
  std::vector<Rule>& rules = pack.rules.rules;
  std::vector<bool> stays(rules.size(), true);
  for (size_t i = 0; i < rules.size(); ++i) {
    stays[i] = !goes.rule(rules[i]);
    pack.out += stays[i] ? 0 : 1;
    if (!stays[i] || rules[i].is_detection()) continue;
    const auto& inputs = rules[i].correlation().inputs;
    const size_t before = inputs.size();
    const bool reads_changed = std::any_of(inputs.begin(), inputs.end(), [&](const CorrelationInput& input) {
      return pack.changed.contains(rules[input.rule].meta.name);
    });
    stays[i] = keep_inputs(rules[i], stays, goes);
    if (stays[i] && (reads_changed || inputs.size() != before)) pack.changed.insert(rules[i].meta.name);
  }
  std::set<uint32_t> alerting;  // what does not alert stays only for those that read it
  for (uint32_t i = 0; i < rules.size(); ++i) {
    if (stays[i] && rules[i].alerts) alerting.insert(i);
  }
  pack.rules = rules_for(pack.rules, alerting);
  return pack;
}

Goes first_seen_rules() {
  return {
      [](const Rule& rule) { return !rule.is_detection() && rule.correlation().type == CorrelationType::NewValue; }};
}

Goes body_rules() {
  return {reads_bodies,
          [](const CorrelationInput& input) { return needs_body(input.group) || needs_body(input.values); }};
}
}  // namespace kubevigil::bench
