#include "engine/state/correlator.h"

#include <algorithm>
#include <functional>
#include <map>
#include <optional>

#include "engine/state/chain.h"
#include "engine/state/episode_table.h"
#include "engine/state/event_ids.h"
#include "engine/state/key_bytes.h"
#include "engine/state/request_stages.h"

namespace kubevigil {
namespace {

constexpr size_t kClusters = 1024;  // whose first event is remembered; events of further ones count as the first's

// Positions in group_by of the dedup.by fields when they are a part of the group; else nullopt.
std::optional<std::vector<size_t>> dedup_elements(const Rule& rule) {
  const Correlation& correlation = rule.correlation();
  std::vector<size_t> positions;
  if (rule.extension.dedup.by.empty() || correlation.inputs.empty()) return std::nullopt;
  const auto& group = correlation.inputs.front().group;
  for (const FieldRef& field : rule.extension.dedup.by) {
    const auto at = std::find(group.begin(), group.end(), field);
    if (at == group.end()) return std::nullopt;
    positions.push_back(static_cast<size_t>(at - group.begin()));
  }
  return positions;
}

// How late a match may come to each correlation: as late as an event, and for what it hears from correlations with
// upper bounds, which answer only once nothing can change the answer, as late as they do.
std::vector<Duration> latenesses(const RuleSet& rules, Duration events) {
  std::vector<Duration> out(rules.rules.size(), events);
  std::vector<Duration> delays(rules.rules.size());
  for (size_t r = 0; r < rules.rules.size(); ++r) {
    if (rules.rules[r].is_detection()) continue;
    const Correlation& correlation = rules.rules[r].correlation();
    Duration delay;
    for (const CorrelationInput& input : correlation.inputs) delay = std::max(delay, delays[input.rule]);
    out[r] = Duration{events.micros + delay.micros};
    const bool waits = !correlation.condition.bounds.empty() && !correlation.condition.monotone();
    delays[r] = waits ? Duration{out[r].micros + correlation.timespan.micros / 32} : delay;
  }
  return out;
}

// Several firings of one event and key (several values of one field) are one.
void merge_same_key(std::vector<Firing>& firings) {
  std::vector<Firing> merged;
  for (Firing& firing : firings) {
    const auto same = std::find_if(merged.begin(), merged.end(), [&](const Firing& m) { return m.key == firing.key; });
    if (same == merged.end()) {
      merged.push_back(std::move(firing));
      continue;
    }
    firing.first_seen = std::min(firing.first_seen, same->first_seen);
    firing.count = std::max(firing.count, same->count);
    for (std::string& value : same->values) {
      const bool known = std::find(firing.values.begin(), firing.values.end(), value) != firing.values.end();
      if (!known && firing.values.size() < limits::kSampleEvents) firing.values.push_back(std::move(value));
    }
    *same = std::move(firing);
  }
  firings = std::move(merged);
}

}  // namespace

struct Correlator::State {
  State(std::shared_ptr<const RuleSet> rule_set, std::span<const Feed> feed_list, CorrelatorOptions opts)
      : rules(std::move(rule_set)),
        feeds(feed_list.begin(), feed_list.end()),
        options(opts),
        chains(chain_feeds(*rules)),
        lateness(latenesses(*rules, opts.lateness)),
        episodes(*rules, opts.open_from),
        fired(rules->rules.size()) {
    const auto is_correlation = [](const Rule& rule) { return !rule.is_detection(); };
    const auto count = std::count_if(rules->rules.begin(), rules->rules.end(), is_correlation);
    const size_t share = options.state_bytes / static_cast<size_t>(std::clamp<std::ptrdiff_t>(count, 1, 4));
    for (const Rule& rule : rules->rules) {
      auto& op = operators.emplace_back();
      auto& positions = dedup_positions.emplace_back();
      if (rule.is_detection()) {
        if (rule.meta.name == "audit_id_reuse" || rule.meta.name == "audit-id-reuse") {
          reuse_rule = static_cast<uint32_t>(&rule - rules->rules.data());
        }
        continue;
      }
      op = make_operator(rule, {share, limits::kKeysPerRule, lateness[operators.size() - 1], options.learn_until});
      positions = dedup_elements(rule);
    }
  }

  const Rule& rule(uint32_t index) const { return rules->rules[index]; }
  bool late(Timestamp time, Duration allowed) const { return time < watermark - allowed; }

  // One event
  void see_cluster(const EventMark& mark, Timestamp merge_time);
  void advance(Timestamp to, std::vector<EpisodeChange>& changes);
  void on_hit(const MatchResult& result, const EventMark& mark, const Hit& hit, std::vector<EpisodeChange>& changes);
  bool counts(const EventMark& mark, const Hit& hit, std::vector<EpisodeChange>& changes);

  // Firings
  void feed(uint32_t correlation, Match& match);
  void fire_due(const std::function<void(Operator&, std::vector<Firing>&)>& collect,
                std::vector<EpisodeChange>& changes);
  void drain(std::vector<EpisodeChange>& changes);
  void alert(uint32_t index, const Firing& firing, std::vector<EpisodeChange>& changes);
  void keep_budget();

  const std::shared_ptr<const RuleSet> rules;
  const std::vector<Feed> feeds;
  const CorrelatorOptions options;
  const std::vector<std::vector<Feed>> chains;
  const std::vector<Duration> lateness;                             // by rule
  std::vector<std::unique_ptr<Operator>> operators;                 // by rule; null for detections
  std::vector<std::optional<std::vector<size_t>>> dedup_positions;  // by rule
  uint32_t reuse_rule = UINT32_MAX;

  EventIds ids;
  RequestStages stages;
  EpisodeTable episodes;
  std::map<uint64_t, Timestamp> clusters;
  Timestamp watermark = Timestamp::min(), newest = Timestamp::min(), next_due = Timestamp::max();
  uint64_t sequence = 0;
  size_t state_bytes = 0;
  Counters counters;

  // Of the event at hand
  std::vector<std::vector<Firing>> fired;  // by rule
  std::optional<EventRef> ref;
  EventSource* source = nullptr;
  bool reused = false;

  const EventRef& event(const MatchResult& result, const EventMark& mark) {
    if (!ref) ref = source->ref(result, mark);
    return *ref;
  }
};

void Correlator::State::see_cluster(const EventMark& mark, Timestamp merge_time) {
  const bool has_no_time_yet = merge_time == Timestamp::min();
  if (has_no_time_yet || clusters.contains(mark.cluster) || clusters.size() >= kClusters) return;
  clusters.emplace(mark.cluster, merge_time);
  for (auto& op : operators) {
    if (op) op->on_cluster(mark.cluster, merge_time);
  }
}

void Correlator::State::advance(Timestamp to, std::vector<EpisodeChange>& changes) {
  if (to <= watermark) return;
  // Timer by timer: after a silence, what fires first must not be late for the correlations that hear of it.
  while (next_due <= to) {
    const Timestamp due = next_due;
    watermark = std::max(watermark, due);
    fire_due(
        [&](Operator& op, std::vector<Firing>& out) {
          if (op.next_due() <= watermark) op.on_watermark(watermark, out);
        },
        changes);
    if (next_due <= due) break;
  }
  watermark = to;
  episodes.close_until(watermark, changes);
}

// Fires one by one in order (deadline, rule, key), each as if by an event of its own.
void Correlator::State::fire_due(const std::function<void(Operator&, std::vector<Firing>&)>& collect,
                                 std::vector<EpisodeChange>& changes) {
  std::vector<std::pair<uint32_t, Firing>> due;
  std::vector<Firing> out;
  next_due = Timestamp::max();
  for (uint32_t r = 0; r < operators.size(); ++r) {
    if (!operators[r]) continue;
    out.clear();
    const size_t before = operators[r]->bytes();
    collect(*operators[r], out);
    state_bytes += operators[r]->bytes() - before;
    next_due = std::min(next_due, operators[r]->next_due());
    for (Firing& firing : out) due.emplace_back(r, std::move(firing));
  }
  std::stable_sort(due.begin(), due.end(), [](const auto& a, const auto& b) {
    return a.second.time != b.second.time ? a.second.time < b.second.time : a.first < b.first;
  });
  for (auto& [r, firing] : due) {
    ++sequence;
    fired[r].push_back(std::move(firing));
    drain(changes);
  }
}

void Correlator::State::feed(uint32_t correlation, Match& match) {
  if (late(match.time, lateness[correlation]) || !operators[correlation]) return;
  match.sequence = sequence;
  Operator& op = *operators[correlation];
  const size_t before = op.bytes();
  op.on_watermark(watermark, fired[correlation]);
  op.on_match(match, fired[correlation]);
  state_bytes += op.bytes() - before;
  next_due = std::min(next_due, op.next_due());
}

// True when the hit counts; false when it only ends a request that counted before.
bool Correlator::State::counts(const EventMark& mark, const Hit& hit, std::vector<EpisodeChange>& changes) {
  if (rule(hit.rule).detection().names_stage) return true;
  if (mark.role == StageRole::Later) {
    const auto started = stages.finish(mark.request, hit.rule);
    if (!started) return true;
    ++counters.joined_stages;
    if (rule(hit.rule).alerts) episodes.set_duration(hit.rule, hit.dedup_key, *ref, mark.time - *started, changes);
    return false;
  }
  if (mark.long_running) stages.start(mark.request, hit.rule, mark.time);
  return true;
}

void Correlator::State::on_hit(const MatchResult& result, const EventMark& mark, const Hit& hit,
                               std::vector<EpisodeChange>& changes) {
  if (hit.rule == reuse_rule && !reused) return;
  const EventRef& at = event(result, mark);
  if (!counts(mark, hit, changes)) return;
  const std::string_view memory = result.memory;
  if (rule(hit.rule).alerts) {
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
    feed(feeds[operand.feed].correlation, match);
  }
}

void Correlator::State::drain(std::vector<EpisodeChange>& changes) {
  for (uint32_t r = 0; r < fired.size(); ++r) {
    if (fired[r].empty()) continue;
    std::vector<Firing> firings = std::move(fired[r]);
    fired[r].clear();
    merge_same_key(firings);
    for (const Firing& firing : firings) {
      if (rule(r).alerts) alert(r, firing, changes);
      for (const Feed& chain : chains[r]) {
        ChainedMatch chained = chained_match(*rules, r, chain, firing, options.key);
        chained.match.key_bytes = chained.key;
        chained.match.value_bytes = chained.value;
        feed(chain.correlation, chained.match);
      }
    }
  }
  keep_budget();
}

void Correlator::State::alert(uint32_t index, const Firing& firing, std::vector<EpisodeChange>& changes) {
  const auto& positions = dedup_positions[index];
  if (!positions) return episodes.match(index, firing, changes);
  const size_t skip = rule(index).extension.across_clusters ? 0 : 1;
  const auto elements = tuple_elements(firing.key_bytes);
  Firing grouped = firing;
  grouped.key_bytes = skip == 1 && !elements.empty() ? std::string(elements.front()) : std::string();
  for (size_t at : *positions) {
    grouped.key_bytes += at + skip < elements.size() ? elements[at + skip] : std::string_view("n");
  }
  grouped.key = siphash(grouped.key_bytes, options.key);
  episodes.match(index, grouped, changes);
}

// The operator with the most bytes gives them back; ties go to the first rule.
void Correlator::State::keep_budget() {
  if (state_bytes <= options.state_bytes) return;
  Operator* largest = nullptr;
  for (auto& op : operators) {
    if (op && (largest == nullptr || op->bytes() > largest->bytes())) largest = op.get();
  }
  const size_t before = largest->bytes();
  const size_t excess = state_bytes - options.state_bytes + options.state_bytes / 64;
  largest->shrink(before > excess ? before - excess : 0);
  state_bytes -= before - largest->bytes();
}

Correlator::Correlator(std::shared_ptr<const RuleSet> rules, std::span<const Feed> feeds, CorrelatorOptions options)
    : state_(std::make_unique<State>(std::move(rules), feeds, options)) {}

Correlator::~Correlator() = default;

bool Correlator::on_event(uint32_t, Timestamp merge_time, const MatchResult& result, const EventMark& mark,
                          EventSource& events, std::vector<EpisodeChange>& changes) {
  State& s = *state_;
  ++s.counters.events;
  ++s.sequence;
  const SeenBefore seen = s.ids.see(mark, s.watermark);
  if (seen == SeenBefore::Duplicate) {
    ++s.counters.duplicates;
    return false;
  }
  s.reused = seen == SeenBefore::AuditIdReused;
  if (s.reused) ++s.counters.audit_id_reuse;
  s.newest = std::max(s.newest, merge_time);
  s.see_cluster(mark, merge_time);
  s.advance(s.newest - kSlack, changes);
  if (s.late(mark.time, s.options.lateness)) ++s.counters.late;
  if (merge_time != Timestamp::min() && mark.time - merge_time > s.options.lateness) ++s.counters.time_outliers;
  if (mark.hit_count == 0) return true;
  s.ref.reset();
  s.source = &events;
  for (uint32_t i = 0; i < mark.hit_count; ++i) s.on_hit(result, mark, result.hits[mark.hit_begin + i], changes);
  s.drain(changes);
  return true;
}

void Correlator::finish(std::vector<EpisodeChange>& changes) {
  State& s = *state_;
  s.advance(s.newest, changes);
  for (size_t level = 0; level < limits::kChainDepth; ++level) {  // what fires may be a question to the next
    s.fire_due([](Operator& op, std::vector<Firing>& out) { op.finish(out); }, changes);
  }
  s.episodes.close_all(changes);
}

Correlator::Counters Correlator::counters() const {
  Counters counters = state_->counters;
  counters.duplicate_window_full = state_->ids.full();
  counters.long_requests_forgotten = state_->stages.forgotten();
  counters.alerts_closed_early = state_->episodes.closed_early();
  return counters;
}

Timestamp Correlator::watermark() const { return state_->watermark; }

OperatorStats Correlator::operator_stats(uint32_t rule) const {
  const auto& op = state_->operators[rule];
  return op ? op->stats() : OperatorStats{};
}

Operator* Correlator::operator_of(uint32_t rule) { return state_->operators[rule].get(); }

void Correlator::archive(Archive& archive) {
  State& s = *state_;
  std::string hash = s.rules->hash;
  archive(hash);
  if (hash != s.rules->hash) archive.fail();
  s.ids.archive(archive);
  s.stages.archive(archive);
  s.episodes.archive(archive);
  std::vector<std::pair<uint64_t, Timestamp>> clusters(s.clusters.begin(), s.clusters.end());
  archive.each(clusters, [&](auto& cluster) {
    archive(cluster.first);
    archive(cluster.second);
  });
  s.clusters = {clusters.begin(), clusters.end()};
  for (Timestamp* t : {&s.watermark, &s.newest}) archive(*t);
  archive(s.sequence);
  for (uint64_t* n : {&s.counters.events, &s.counters.duplicates, &s.counters.late, &s.counters.audit_id_reuse,
                      &s.counters.joined_stages, &s.counters.time_outliers}) {
    archive(*n);
  }
  s.state_bytes = 0;
  s.next_due = Timestamp::max();
  for (auto& op : s.operators) {
    if (!op || archive.failed()) continue;
    op->archive(archive);
    s.state_bytes += op->bytes();
    s.next_due = std::min(s.next_due, op->next_due());
  }
}

}  // namespace kubevigil
