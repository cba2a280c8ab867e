#include "engine/rule/choice.h"

#include "engine/base/hash.h"
#include "engine/rule/check_formats.h"

namespace kubevigil {
namespace {

bool is_outside(const Rule& rule, Preset preset) {
  return rule.meta.builtin && rule.extension.preset > preset && !rule.site.enabled;
}

// A rule that alerts leaves more behind in the state than one that is only read, so the two are told apart.
void silence(Rule& rule) {
  rule.alerts = false;
  rule.semantic_hash = sha256_hex(rule.semantic_hash + " silent");
}

bool is_off(const Rule& rule, std::optional<Preset> preset) {
  return rule.site.disabled || (preset && is_outside(rule, *preset));
}

// A built-in rule over hits counts those of its own preset and smaller ones, in whichever preset it runs: it means the
// same everywhere, and its quiet is that of its preset. A user's one counts what may alert here.
void drop_hits(RuleSet& rules, std::optional<Preset> preset) {
  for (Rule& rule : rules.rules) {
    if (rule.is_detection()) continue;
    const std::optional<Preset> counted = rule.meta.builtin ? rule.extension.preset : preset;
    std::string without;
    std::erase_if(std::get<Correlation>(rule.body).inputs, [&](const CorrelationInput& input) {
      const Rule& read = rules.rules[input.rule];
      if (!input.from_hits || !is_off(read, counted)) return false;
      if (read.site.disabled || !rule.meta.builtin) without += " " + read.meta.id;
      return true;
    });
    if (!without.empty()) rule.semantic_hash = sha256_hex(rule.semantic_hash + " without" + without);
  }
}

// By rule: whether it stays. A correlation stands behind what it reads, so one pass from the end is enough.
std::vector<bool> staying(const std::vector<Rule>& rules) {
  std::vector<bool> stays(rules.size());
  for (size_t i = rules.size(); i-- > 0;) {
    const Rule& rule = rules[i];
    const bool own = !rule.meta.builtin && !rule.site.disabled && !is_view(rule);
    stays[i] = stays[i] || rule.alerts || own;
    if (!stays[i] || rule.is_detection()) continue;
    for (const CorrelationInput& input : rule.correlation().inputs) stays[input.rule] = true;
  }
  return stays;
}

// Copies of what stays, in the same order. REQUIRES: what is read by what stays, stays.
std::vector<Rule> copies_of(const std::vector<Rule>& rules, const std::vector<bool>& stays) {
  std::vector<uint32_t> place(rules.size());
  std::vector<Rule> kept;
  for (size_t i = 0; i < rules.size(); ++i) {
    if (!stays[i]) continue;
    place[i] = static_cast<uint32_t>(kept.size());
    kept.push_back(rules[i]);
    if (kept.back().is_detection()) continue;
    for (CorrelationInput& input : std::get<Correlation>(kept.back().body).inputs) input.rule = place[input.rule];
  }
  return kept;
}

}  // namespace

void choose_rules(RuleSet& rules, std::optional<Preset> preset) {
  rules.preset = preset;
  drop_hits(rules, preset);
  for (Rule& rule : rules.rules) {
    if (!rule.alerts || !is_off(rule, preset)) continue;
    if (preset && is_outside(rule, *preset)) rules.left_out.push_back(rule.meta.name);
    silence(rule);
  }
  if (preset) rules.rules = copies_of(rules.rules, staying(rules.rules));
}

RuleSet rules_for(const RuleSet& rules, const std::set<uint32_t>& wanted) {
  std::vector<bool> stays(rules.rules.size());
  for (size_t i = rules.rules.size(); i-- > 0;) {
    stays[i] = stays[i] || wanted.contains(static_cast<uint32_t>(i));
    if (!stays[i] || rules.rules[i].is_detection()) continue;
    for (const CorrelationInput& input : rules.rules[i].correlation().inputs) stays[input.rule] = true;
  }
  RuleSet out;
  out.derived = rules.derived;
  out.rules = copies_of(rules.rules, stays);
  return out;
}

}  // namespace kubevigil
