#include "engine/rule/link_chain.h"

#include <algorithm>
#include <map>

namespace kubevigil {
namespace {

using Role = CorrelationInput::Role;

void add_linking(const ChainLink& link, std::vector<FieldRef>& fields) {
  for (const auto& [reached, linking] : link.to) fields.push_back(linking);
}

void read_event(const Correlation& chain, CorrelationInput& out) {
  const ChainSpec& spec = chain.chain;
  out.group = spec.root;
  out.group.insert(out.group.end(), spec.root_anonymous.begin(), spec.root_anonymous.end());
  for (const FieldId id : {FieldId::UserUsername, FieldId::ResponseCode}) out.values.push_back(FieldRef{id, {}});
  for (const ChainLink& link : spec.links) {
    for (const auto& [reached, linking] : link.to) out.values.push_back(reached);
  }
  for (const ChainLink& link : spec.links) {
    if (!link.by_rule) add_linking(link, out.values);
  }
  if (out.role == Role::Link) add_linking(spec.links[out.link], out.values);
}

// How long after an event that it reads a correlation may fire with that event as anchor.
Duration wait_of(const Correlation& c) {
  if (c.type == CorrelationType::Absence) return std::max(c.timespan, c.absence.every.value_or(Duration{0}));
  return c.condition.bounds.empty() || c.fires_at_once() ? Duration{0} : c.timespan;
}

// Longest wait by detection behind `rule`.
void find_sources(const RuleSet& rules, uint32_t rule, Duration waited, std::map<uint32_t, Duration>& found) {
  const Rule& read = rules.rules[rule];
  if (read.is_detection()) {
    Duration& longest = found[rule];
    longest = std::max(longest, waited);
    return;
  }
  const Duration wait{waited.micros + wait_of(read.correlation()).micros};
  for (const CorrelationInput& input : read.correlation().inputs) find_sources(rules, input.rule, wait, found);
}

}  // namespace

CorrelationInput link_chain_input(const Correlation& chain, const InputDraft& input, const Rule& target) {
  CorrelationInput out;
  out.role = input.role;
  out.link = input.link;
  for (const FieldId id : {FieldId::HitStage, FieldId::HitRule, FieldId::HitLevel}) {
    out.values.push_back(FieldRef{id, {}});
  }
  if (target.is_detection()) read_event(chain, out);
  return out;
}

void add_actors(const RuleSet& rules, Correlation& chain) {
  std::map<uint32_t, Duration> sources;
  for (const CorrelationInput& input : chain.inputs) {
    const bool fires = input.role == Role::Member && !rules.rules[input.rule].is_detection();
    if (fires) find_sources(rules, input.rule, Duration{0}, sources);
  }
  for (CorrelationInput& input : chain.inputs) {
    const auto at = sources.find(input.rule);
    if (at == sources.end()) continue;
    input.remember = at->second;
    sources.erase(at);
  }
  for (const auto& [rule, wait] : sources) {
    InputDraft draft;
    draft.role = Role::Actor;
    CorrelationInput input = link_chain_input(chain, draft, rules.rules[rule]);
    input.rule = rule;
    input.from_hits = true;
    input.remember = wait;
    chain.inputs.push_back(std::move(input));
  }
}

}  // namespace kubevigil
