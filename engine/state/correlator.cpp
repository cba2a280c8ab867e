#include "engine/state/correlator.h"

#include <algorithm>
#include <optional>

#include "engine/state/alert_key.h"
#include "engine/state/correlations.h"
#include "engine/state/episode_table.h"
#include "engine/state/event_ids.h"
#include "engine/state/request_stages.h"
#include "engine/state/rule_places.h"
#include "engine/state/state_since.h"

namespace kubevigil {

EventRef EventSource::ref(const MatchResult&, const EventMark& mark) {
  EventRef ref;
  ref.time = mark.time;
  ref.identity = mark.identity;
  return ref;
}

struct Correlator::State {
  State(std::shared_ptr<const RuleSet> rule_set, std::span<const Feed> feed_list, CorrelatorOptions opts)
      : rules(std::move(rule_set)),
        feeds(feed_list.begin(), feed_list.end()),
        options(opts),
        alert_keys(*rules, opts.key),
        ids(opts.duplicate_ids),
        correlations(*rules, {opts.state_bytes, opts.lateness, opts.learn_until, opts.key}),
        since(*rules, opts.lateness),
        episodes(*rules, opts.open_from, correlations.delays(), since) {
    for (const Rule& r : rules->rules) rule_marks.push_back(rule_mark(r));
    for (const char* name : {"audit_id_reuse", "audit-id-reuse"}) {
      const Rule* found = rules->find(name);
      if (found != nullptr && found->is_detection()) reuse_rule = static_cast<uint32_t>(found - rules->rules.data());
    }
  }

  const Rule& rule(uint32_t index) const { return rules->rules[index]; }
  void see_cluster(const EventMark& mark, Timestamp watermark, Timestamp robust_time);
  void advance(Timestamp to, std::vector<EpisodeChange>& changes);
  void on_hit(const MatchResult& result, const EventMark& mark, const Hit& hit, std::vector<EpisodeChange>& changes);
  bool counts(const EventMark& mark, const Hit& hit, std::vector<EpisodeChange>& changes);
  Correlations::OnFiring alert(std::vector<EpisodeChange>& changes);

  const std::shared_ptr<const RuleSet> rules;
  const std::vector<Feed> feeds;
  const CorrelatorOptions options;
  const AlertKeys alert_keys;
  uint32_t reuse_rule = UINT32_MAX;
  std::vector<uint64_t> rule_marks;

  EventIds ids;
  RequestStages stages;
  Correlations correlations;
  StateSince since;
  EpisodeTable episodes;
  Counters counters;

  // Of the event at hand
  std::optional<EventRef> ref;
  EventSource* source = nullptr;
  bool reused = false;

  const EventRef& event(const MatchResult& result, const EventMark& mark) {
    if (!ref) ref = source->ref(result, mark);
    return *ref;
  }
};

void Correlator::State::see_cluster(const EventMark& mark, Timestamp watermark, Timestamp robust_time) {
  const Timestamp oldest = std::max(watermark, correlations.watermark()) - options.lateness;
  if (since.see(mark.cluster, mark.time, robust_time, oldest)) correlations.on_cluster(mark.cluster, robust_time);
}

// Timers and the ends of episodes, in order of time; at the same time timers go first, for what they fire still joins.
void Correlator::State::advance(Timestamp to, std::vector<EpisodeChange>& changes) {
  correlations.fire_until(
      to, [&](Timestamp due) { episodes.close_until(due - Duration{1}, changes); }, alert(changes));
  episodes.close_until(correlations.watermark(), changes);
}

Correlations::OnFiring Correlator::State::alert(std::vector<EpisodeChange>& changes) {
  return [this, &changes](uint32_t index, const Firing& firing) {
    if (!rule(index).alerts) return;
    const bool narrows = alert_keys.narrows(index);
    const Firing narrowed = narrows ? alert_keys.narrowed(index, firing) : Firing{};
    const Firing& alerted = narrows ? narrowed : firing;
    if (alerted.retracts) return episodes.retract(index, alerted, changes);
    episodes.match(index, alerted, changes);
  };
}

// True when the hit counts; false when another stage of its request has counted.
bool Correlator::State::counts(const EventMark& mark, const Hit& hit, std::vector<EpisodeChange>& changes) {
  const bool ends = mark.role == StageRole::Later;
  if (rule(hit.rule).detection().names_stage || (!ends && !mark.long_running)) return true;
  const uint64_t by = rule_marks[hit.rule];
  const auto other = ends ? stages.finish(mark.request, by, mark.time) : stages.start(mark.request, by, mark.time);
  if (!other) return true;
  ++counters.joined_stages;
  const Duration lasts = ends ? mark.time - *other : *other - mark.time;
  if (rule(hit.rule).alerts && !hit.alerts_elsewhere)
    episodes.set_duration(hit.rule, hit.dedup_key, *ref, lasts, changes);
  return false;
}

void Correlator::State::on_hit(const MatchResult& result, const EventMark& mark, const Hit& hit,
                               std::vector<EpisodeChange>& changes) {
  if (hit.rule == reuse_rule && !reused) return;
  const EventRef& at = event(result, mark);
  if (!counts(mark, hit, changes)) return;
  const std::string_view memory = result.memory;
  if (rule(hit.rule).alerts && !hit.alerts_elsewhere) {
    Firing firing;
    firing.time = firing.first_seen = mark.time;
    firing.key = hit.dedup_key;
    firing.key_bytes = memory.substr(hit.dedup_begin, hit.dedup_size);
    firing.count = 1;
    firing.anchor = at;
    firing.events = {at};
    episodes.match(hit.rule, firing, changes);
  }
  for (uint32_t i = 0; i < hit.operand_count; ++i) {
    const Operand& operand = result.operands[hit.operand_begin + i];
    Match match;
    match.time = mark.time;
    match.input = feeds[operand.feed].input;
    match.key = operand.key;
    match.key_bytes = memory.substr(operand.key_begin, operand.key_size);
    match.value = operand.value;
    match.value_bytes = memory.substr(operand.value_begin, operand.value_size);
    match.number = operand.number;
    match.event = at;
    correlations.feed(feeds[operand.feed].correlation, match);
  }
}

Correlator::Correlator(std::shared_ptr<const RuleSet> rules, std::span<const Feed> feeds, CorrelatorOptions options)
    : state_(std::make_unique<State>(std::move(rules), feeds, options)) {}

Correlator::~Correlator() = default;

bool Correlator::on_event(Timestamp watermark, Timestamp robust_time, const MatchResult& result, const EventMark& mark,
                          EventSource& events, std::vector<EpisodeChange>& changes) {
  State& s = *state_;
  ++s.counters.events;
  s.correlations.next_in_order();
  // Where the watermark will stand with this event: what comes right after a silence must not expire at once.
  const SeenBefore seen = s.ids.see(mark, std::max(watermark, s.correlations.watermark()), robust_time);
  if (seen == SeenBefore::Duplicate) {
    ++s.counters.duplicates;
    return false;
  }
  s.reused = seen == SeenBefore::AuditIdReused || mark.audit_id_reused;
  if (s.reused) ++s.counters.audit_id_reuse;
  s.see_cluster(mark, watermark, robust_time);
  s.advance(watermark, changes);
  s.stages.forget_ends(s.correlations.watermark() - s.options.lateness);
  if (mark.time < s.correlations.watermark() - s.options.lateness) ++s.counters.late;
  if (robust_time != Timestamp::min() && mark.time - robust_time > s.options.lateness) ++s.counters.time_outliers;
  if (mark.hit_count == 0) return true;
  s.ref.reset();
  s.source = &events;
  s.correlations.set_actor(std::string_view(result.memory).substr(mark.actor_begin, mark.actor_size));
  for (uint32_t i = 0; i < mark.hit_count; ++i) s.on_hit(result, mark, result.hits[mark.hit_begin + i], changes);
  s.correlations.drain(s.alert(changes));
  s.correlations.set_actor({});
  s.advance(s.correlations.watermark(), changes);  // a late match may have started what is over already
  return true;
}

void Correlator::advance(Timestamp watermark, std::vector<EpisodeChange>& changes) {
  state_->advance(watermark, changes);
}

void Correlator::finish(Timestamp watermark, std::vector<EpisodeChange>& changes) {
  State& s = *state_;
  s.advance(watermark, changes);
  s.correlations.finish(s.alert(changes));
  s.episodes.close_all(changes);
}

Correlator::Counters Correlator::counters() const {
  Counters counters = state_->counters;
  counters.duplicate_window_full = state_->ids.full();
  counters.duplicate_window = state_->ids.shortest_window();
  counters.long_requests_forgotten = state_->stages.forgotten();
  counters.alerts_closed_early = state_->episodes.closed_early();
  return counters;
}

Timestamp Correlator::watermark() const { return state_->correlations.watermark(); }

OperatorStats Correlator::operator_stats(uint32_t rule) const {
  const Operator* op = state_->correlations.operator_of(rule);
  return op != nullptr ? op->stats() : OperatorStats{};
}

std::vector<KeyMaker> Correlator::key_makers(uint32_t rule, size_t most) const {
  return state_->correlations.key_makers(rule).top(most);
}

std::vector<KeyExplosion> Correlator::take_explosions() { return state_->correlations.take_explosions(); }

const Episode* Correlator::open_episode(uint64_t number) const { return state_->episodes.find(number); }

void Correlator::close_oldest(std::vector<EpisodeChange>& changes) { state_->episodes.close_oldest(changes); }

Operator* Correlator::operator_of(uint32_t rule) { return state_->correlations.operator_of(rule); }

StateSince& Correlator::state_since() { return state_->since; }

void Correlator::archive(Archive& archive) {
  State& s = *state_;
  std::string hash = s.rules->hash;
  archive(hash);
  if (hash != s.rules->hash) archive.fail();
  s.ids.archive(archive);
  s.stages.archive(archive);
  s.episodes.archive(archive);
  s.since.archive(archive);
  for (uint64_t* n : {&s.counters.events, &s.counters.duplicates, &s.counters.late, &s.counters.audit_id_reuse,
                      &s.counters.joined_stages, &s.counters.time_outliers}) {
    archive(*n);
  }
  s.correlations.archive(archive);
}

void Correlator::close_lost(const RuleSet& next, std::vector<EpisodeChange>& changes) {
  const std::vector<uint32_t> places = places_in(next, *state_->rules);
  state_->episodes.close_rules([&](uint32_t rule) { return places[rule] == kNoRule; }, changes);
}

void Correlator::take_over(Correlator& old) {
  State& s = *state_;
  State& from = *old.state_;
  s.ids.take_over(std::move(from.ids));
  s.stages = std::move(from.stages);
  s.counters = from.counters;
  const std::vector<uint32_t> places = places_in(*from.rules, *s.rules);
  s.correlations.take_over(from.correlations, places, from.since.clusters());
  s.since.take_over(from.since, places, s.correlations.watermark());
  s.episodes.take_over(from.episodes, places_in(*s.rules, *from.rules));
}

}  // namespace kubevigil
