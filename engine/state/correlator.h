// Correlator: owns all state. Takes marks and hits in the run's one order, drops duplicates, joins the stages of a
// request, runs operators, and turns their firings into alert episodes. One thread. Where the watermark stands is the
// caller's to say (archives: run/replay_watermark.h, live sources: run/watermarks.h).
//
// What happens for one event, in this order (design/rules.md 4 and 5, streaming.md 1.3):
//   1. A duplicate (same identity within 10 minutes) is counted and goes no further.
//   2. The watermark moves to where the caller says, never back. Timers that are due fire, in order (due time, time,
//      rule, key), and episodes whose period is over close, in the same order of time, however large the step is.
//   3. The event's hits, in rule order: detections open or join episodes; operands go to their correlations.
//   4. Firings of correlations, in rule order: they open or join episodes and go on to the correlations that read them.
//   5. Timers that the event has set and that are due already.
// An event older than watermark - lateness still makes detections alert, but reaches no correlation.
// A detection that does not name `stage` counts a request at its first counted stage; its later stage adds the
// duration. The rule named audit_id_reuse (or audit-id-reuse) is gated: its hits count only for events whose audit id
// was used for another request before (event_ids.h). Its condition says which events are worth it.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "engine/base/limits.h"
#include "engine/match/hit.h"
#include "engine/match/program.h"
#include "engine/state/correlations.h"
#include "engine/state/episode.h"
#include "engine/state/operator.h"

namespace kubevigil {

struct CorrelatorOptions {
  size_t state_bytes = limits::kStateBytes;
  size_t duplicate_ids = limits::kDuplicateWindow;
  Duration lateness = Duration::minutes(5);
  Timestamp open_from = Timestamp::min();    // --from with --warm-up: episodes that open earlier are not reported
  Timestamp learn_until = Timestamp::min();  // new_value rules only learn before it
  HashKey key;
};

// What the pipeline knows about the event that a mark stands for; used when an episode opens or is joined.
class EventSource {
 public:
  virtual ~EventSource() = default;
  // Of itself: time and identity, which the mark has; where the event stands is added by who knows.
  virtual EventRef ref(const MatchResult& result, const EventMark& mark);
};

class StateSince;

class Correlator {
 public:
  Correlator(std::shared_ptr<const RuleSet> rules, std::span<const Feed> feeds, CorrelatorOptions options);
  Correlator(const std::shared_ptr<const Program>& program, CorrelatorOptions options)
      : Correlator(std::shared_ptr<const RuleSet>(program, &program->rules()), program->feeds(), options) {}
  ~Correlator();

  // One event, in order. `watermark`: where it stands with this event. `robust_time`: the time at which the event's
  // source stands, single wrong clocks left out; Timestamp::min() when no event had one yet. Opened, joined and closed
  // episodes are appended to `changes`. False: a duplicate; the watermark has not moved.
  bool on_event(Timestamp watermark, Timestamp robust_time, const MatchResult& result, const EventMark& mark,
                EventSource& events, std::vector<EpisodeChange>& changes);
  // The watermark moved without an event that counts: a duplicate, or a source that went idle.
  void advance(Timestamp watermark, std::vector<EpisodeChange>& changes);
  // End of all input: final watermark, pending counts; all episodes close.
  void finish(Timestamp watermark, std::vector<EpisodeChange>& changes);

  struct Counters {
    uint64_t events = 0, duplicates = 0, late = 0, audit_id_reuse = 0, joined_stages = 0;
    uint64_t time_outliers = 0;  // event time more than `lateness` ahead of the source's robust time
    uint64_t duplicate_window_full = 0, long_requests_forgotten = 0, alerts_closed_early = 0;  // bounds that bit
    Duration duplicate_window{};  // the shortest time within which duplicates were found
  };
  Counters counters() const;
  Timestamp watermark() const;
  // An episode that is open and reported; null when there is none of that number. Valid until the next change.
  const Episode* open_episode(uint64_t number) const;
  // Closes the oldest episode before its time, which is counted. REQUIRES: one is open.
  void close_oldest(std::vector<EpisodeChange>& changes);
  // Of a correlation; all zero for a detection.
  OperatorStats operator_stats(uint32_t rule) const;
  // Who makes the keys of a correlation, most first; none for a detection.
  std::vector<KeyMaker> key_makers(uint32_t rule, size_t most) const;
  // Who made too many since the last call: for state_explosion. What was not taken is no part of the state.
  std::vector<KeyExplosion> take_explosions();
  // Everything. Loading fails when the archive was made with other rules.
  void archive(Archive& archive);

  // Other rules, the same state. First the old correlator closes the episodes of rules that `next` does not have with
  // the same id and meaning; then one made with `next`, the same options and no event yet takes all else from it. Rules
  // that are new start with nothing, at the present watermark. The old one is of no use afterwards.
  void close_lost(const RuleSet& next, std::vector<EpisodeChange>& changes);
  void take_over(Correlator& old);
  // For baseline.h: the operator of a correlation (null for a detection), and since when states have been kept.
  Operator* operator_of(uint32_t rule);
  StateSince& state_since();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kubevigil
