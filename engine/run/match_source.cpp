#include "engine/run/match_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "engine/base/limits.h"

namespace kubevigil {
namespace {

uint32_t append(std::string& memory, std::string_view bytes) {
  const auto at = static_cast<uint32_t>(memory.size());
  memory.append(bytes);
  return at;
}

// A correlation's own alerts, then those of what reads its firings.
void reach(const RuleSet& rules, uint32_t rule, std::set<uint32_t>& out) {
  if (!out.insert(rule).second) return;
  for (uint32_t next = 0; next < rules.rules.size(); ++next) {
    if (rules.rules[next].is_detection()) continue;
    const auto& inputs = rules.rules[next].correlation().inputs;
    const bool reads =
        std::any_of(inputs.begin(), inputs.end(), [&](const CorrelationInput& input) { return input.rule == rule; });
    if (reads) reach(rules, next, out);
  }
}

}  // namespace

std::vector<std::vector<uint32_t>> alerts_reached(const Program& program) {
  const RuleSet& rules = program.rules();
  std::vector<std::vector<uint32_t>> out(rules.rules.size());
  for (uint32_t rule = 0; rule < out.size(); ++rule) {
    std::set<uint32_t> reached;
    reach(rules, rule, reached);
    for (const uint32_t each : reached) {
      if (rules.rules[each].alerts) out[rule].push_back(each);
    }
  }
  return out;
}

MatchEvent match_event(const MatchResult& result, const EventMark& mark) {
  const std::string_view memory = result.memory;
  MatchEvent out;
  out.time = mark.time;
  out.identity = mark.identity;
  out.request = mark.request;
  out.audit_stage = mark.audit_stage;
  out.intent = mark.intent;
  out.cluster = mark.cluster;
  out.role = mark.role;
  out.long_running = mark.long_running;
  out.audit_id_reused = mark.audit_id_reused;
  out.inner = mark.inner;
  out.actor = memory.substr(mark.actor_begin, mark.actor_size);
  for (uint32_t i = 0; i < mark.hit_count; ++i) {
    const Hit& hit = result.hits[mark.hit_begin + i];
    MatchHit& made = out.hits.emplace_back();
    made.rule = hit.rule;
    made.opens = !hit.alerts_elsewhere;
    made.dedup = memory.substr(hit.dedup_begin, hit.dedup_size);
    for (uint32_t o = 0; o < hit.operand_count; ++o) {
      const Operand& operand = result.operands[hit.operand_begin + o];
      made.operands.push_back({operand.feed, std::string(memory.substr(operand.key_begin, operand.key_size)),
                               std::string(memory.substr(operand.value_begin, operand.value_size)), operand.number});
    }
  }
  return out;
}

std::vector<uint32_t> rules_opened(const MatchEvent& event, std::span<const std::vector<uint32_t>> reached) {
  std::set<uint32_t> out;
  for (const MatchHit& hit : event.hits) out.insert(reached[hit.rule].begin(), reached[hit.rule].end());
  return {out.begin(), out.end()};
}

MatchSource::MatchSource(std::shared_ptr<const Program> program, HashKey key)
    : program_(std::move(program)), key_(key) {}

MatchSource::~MatchSource() = default;

uint32_t MatchSource::number_of(const std::string& source) {
  if (const auto known = numbers_.find(source); known != numbers_.end()) return known->second;
  const auto number = static_cast<uint32_t>(names_.size());
  if (names_.size() >= limits::kStreamNames) return number;
  names_.push_back(source);
  numbers_.emplace(source, number);
  return number;
}

std::string MatchSource::name(uint32_t number) const {
  return number < names_.size() ? names_[number] : "(forgotten stream)";
}

void MatchSource::add_operand(const MatchOperand& from) {
  Operand operand;
  operand.feed = from.feed;
  operand.number = from.number;
  operand.key = siphash(from.key, key_);
  operand.key_begin = append(result_.memory, from.key);
  operand.key_size = static_cast<uint32_t>(from.key.size());
  if (!from.value.empty()) operand.value = siphash(from.value, key_);
  operand.value_begin = append(result_.memory, from.value);
  operand.value_size = static_cast<uint32_t>(from.value.size());
  result_.operands.push_back(operand);
}

void MatchSource::add_hit(const MatchHit& from) {
  Hit hit;
  hit.rule = from.rule;
  hit.alerts_elsewhere = !from.opens;
  hit.dedup_key = siphash(from.dedup, key_);
  hit.dedup_begin = append(result_.memory, from.dedup);
  hit.dedup_size = static_cast<uint32_t>(from.dedup.size());
  hit.operand_begin = static_cast<uint32_t>(result_.operands.size());
  for (const MatchOperand& operand : from.operands) add_operand(operand);
  hit.operand_count = static_cast<uint32_t>(result_.operands.size()) - hit.operand_begin;
  result_.hits.push_back(hit);
}

Result<void> MatchSource::take(const MatchEvent& event) {
  const size_t rules = program_->rules().rules.size(), feeds = program_->feeds().size();
  for (const MatchHit& hit : event.hits) {
    const bool known = hit.rule < rules && program_->rules().rules[hit.rule].is_detection() &&
                       std::all_of(hit.operands.begin(), hit.operands.end(),
                                   [&](const MatchOperand& operand) { return operand.feed < feeds; });
    if (!known)
      return fail(fmt::format("a match of rule {}, which is no detection of these {} rules", hit.rule, rules));
  }
  result_ = {};
  mark_ = {};
  mark_.time = event.time;
  mark_.identity = event.identity;
  mark_.request = event.request;
  mark_.audit_stage = event.audit_stage;
  mark_.intent = event.intent;
  mark_.cluster = event.cluster;
  mark_.role = event.role;
  mark_.long_running = event.long_running;
  mark_.audit_id_reused = event.audit_id_reused;
  mark_.inner = event.inner;
  mark_.actor_begin = append(result_.memory, event.actor);
  mark_.actor_size = static_cast<uint32_t>(event.actor.size());
  for (const MatchHit& hit : event.hits) add_hit(hit);
  mark_.hit_count = static_cast<uint32_t>(result_.hits.size());
  result_.events.push_back(mark_);
  ref_.position = {number_of(event.source), event.offset, event.line};
  ref_.inner = event.inner;
  ref_.size = event.size;
  ref_.time = event.time;
  ref_.identity = event.identity;
  ref_.audit_id = event.audit_id;
  return {};
}

EventRef MatchSource::ref(const MatchResult&, const EventMark&) { return ref_; }

}  // namespace kubevigil
