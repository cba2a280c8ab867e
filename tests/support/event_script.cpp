#include "tests/support/event_script.h"

#include "engine/match/group_key.h"
#include "engine/state/archive.h"

namespace kubevigil {
namespace {

Hash128 hash_of(const char* kind, uint64_t number) { return siphash(kind + std::to_string(number)); }

}  // namespace

RuleSet detections(const std::vector<std::string>& names) {
  RuleSet rules;
  for (const std::string& name : names) {
    Rule& rule = rules.rules.emplace_back();
    rule.meta.name = rule.meta.id = name;
    rule.semantic_hash = "hash of " + name;
    rule.body = Detection{};
  }
  return rules;
}

Rule correlation_over(const RuleSet& rules, const std::string& name, CorrelationType type, Duration timespan,
                      double gte, const std::vector<uint32_t>& inputs) {
  Correlation correlation;
  correlation.type = type;
  correlation.timespan = timespan;
  correlation.group_by = {"user.username"};
  if (gte > 0) correlation.condition.bounds = {{CountCondition::Op::Gte, gte}};
  for (uint32_t input : inputs) {
    CorrelationInput& added = correlation.inputs.emplace_back();
    added.rule = input;
    added.group = {FieldRef{FieldId::UserUsername, {}}};
    if (!rules.rules[input].is_detection()) added.upstream_group = {0};
  }
  Rule rule;
  rule.meta.name = rule.meta.id = name;
  rule.semantic_hash = "hash of " + name;
  rule.body = correlation;
  return rule;
}

EventScript::EventScript(RuleSet rules, CorrelatorOptions options)
    : rules_(std::make_shared<RuleSet>(std::move(rules))), options_(options) {
  for (uint32_t r = 0; r < rules_->rules.size(); ++r) {
    if (rules_->rules[r].is_detection()) continue;
    const auto& inputs = rules_->rules[r].correlation().inputs;
    for (uint32_t i = 0; i < inputs.size(); ++i) {
      if (rules_->rules[inputs[i].rule].is_detection()) feeds_.push_back({r, i});
    }
  }
  correlator_ = std::make_unique<Correlator>(rules_, feeds_, options_);
}

EventScript::~EventScript() = default;

EventScript& EventScript::event(int64_t seconds, const Details& details) {
  flush();
  ++events_;
  EventMark& mark = result_.events.emplace_back();
  merge_time_ = time(seconds);
  mark.time = details.time.value_or(merge_time_);
  const uint64_t identity = details.identity.value_or(1'000'000 + events_);
  mark.identity = hash_of("identity", identity);
  mark.audit_stage = hash_of("audit", details.audit_id.value_or(identity));
  mark.request = hash_of("request", details.request);
  mark.intent = details.intent;
  mark.cluster = siphash("c").low;
  mark.role = details.role;
  mark.long_running = details.long_running;
  if (!details.actor.empty()) {
    result_.memory = key({"c", details.actor});
    mark.actor_size = static_cast<uint32_t>(result_.memory.size());
  }
  return *this;
}

std::string EventScript::key(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) append_group_text(out, text);
  return out;
}

EventScript& EventScript::hit(uint32_t rule, const std::string& group, const std::string& further) {
  const std::string key = further.empty() ? EventScript::key({"c", group}) : EventScript::key({"c", group, further});
  std::string value;
  append_group_text(value, further.empty() ? group : further);
  return add_hit(rule, key, value);
}

EventScript& EventScript::hit_with_value(uint32_t rule, const std::string& group, const std::string& value) {
  std::string key, encoded;
  append_group_text(key, "c");
  append_group_text(key, group);
  append_group_text(encoded, value);
  return add_hit(rule, key, encoded);
}

EventScript& EventScript::add_hit(uint32_t rule, const std::string& key, const std::string& value) {
  Hit hit;
  hit.rule = rule;
  hit.dedup_key = siphash(key);
  hit.dedup_begin = static_cast<uint32_t>(result_.memory.size());
  hit.dedup_size = static_cast<uint32_t>(key.size());
  hit.operand_begin = static_cast<uint32_t>(result_.operands.size());
  for (uint32_t f = 0; f < feeds_.size(); ++f) {
    if (rules_->rules[feeds_[f].correlation].correlation().inputs[feeds_[f].input].rule != rule) continue;
    Operand& operand = result_.operands.emplace_back();
    operand.feed = f;
    operand.key = hit.dedup_key;
    operand.key_begin = hit.dedup_begin;
    operand.key_size = hit.dedup_size;
    operand.value = siphash(value);
    operand.value_begin = hit.dedup_begin + hit.dedup_size;
    operand.value_size = static_cast<uint32_t>(value.size());
    ++hit.operand_count;
  }
  result_.memory += key + value;
  result_.hits.push_back(hit);
  ++result_.events.back().hit_count;
  return *this;
}

void EventScript::flush() {
  if (result_.events.empty()) return;
  EventSource events;
  const Timestamp watermark = watermark_.with(merge_time_);
  if (correlator_->on_event(watermark, merge_time_, result_, result_.events.back(), events, changes_)) {
    watermark_.take(merge_time_);
  }
  result_ = MatchResult();
}

void EventScript::finish() {
  flush();
  correlator_->finish(watermark_.final(), changes_);
}

void EventScript::save_and_load() {
  const std::string bytes = saved();
  load(bytes);
  if (saved() != bytes) changes_.clear();
}

std::string EventScript::saved() {
  flush();
  Archive archive = Archive::saving();
  correlator_->archive(archive);
  return archive.bytes();
}

void EventScript::load(const std::string& bytes) {
  correlator_ = std::make_unique<Correlator>(rules_, feeds_, options_);
  Archive archive = Archive::loading(bytes);
  correlator_->archive(archive);
  watermark_ = {};
  const Timestamp reached = correlator_->watermark();
  if (reached != Timestamp::min()) watermark_.take(reached + ReplayWatermark::kSlack);
  if (archive.failed() || !archive.at_end()) changes_.clear();
}

const std::vector<EpisodeChange>& EventScript::changes() {
  flush();
  return changes_;
}

std::string EventScript::log() {
  static constexpr const char* kKinds[] = {"open", "join", "close"};
  std::string text;
  for (const EpisodeChange& change : changes()) {
    const Episode& e = change.episode;
    text += std::string(kKinds[static_cast<size_t>(change.kind)]) + " " + std::to_string(e.number) + " " +
            rules_->rules[e.rule].meta.name + " " + decode_group_key(e.key_bytes).at(1);
    if (change.kind != EpisodeChange::Kind::Opened) text += " count=" + std::to_string(e.count);
    if (change.kind == EpisodeChange::Kind::Closed) text += " revision=" + std::to_string(e.revision);
    text += "\n";
  }
  return text;
}

std::string EventScript::opened() {
  std::string text;
  for (const EpisodeChange& change : changes()) {
    if (change.kind != EpisodeChange::Kind::Opened) continue;
    text +=
        rules_->rules[change.episode.rule].meta.name + " " + decode_group_key(change.episode.key_bytes).at(1) + "\n";
  }
  return text;
}

Correlator& EventScript::correlator() {
  flush();
  return *correlator_;
}

}  // namespace kubevigil
