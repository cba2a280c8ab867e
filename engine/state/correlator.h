// Correlator: owns all state. Takes marks and hits in the run's one order, drops duplicates, joins the stages of a
// request, moves the watermark, runs operators, and turns their firings into alert episodes. One thread.
//
// What happens for one event, in this order (design/rules.md 4 and 5, streaming.md 1.3):
//   1. A duplicate (same identity within 10 minutes) is counted and goes no further.
//   2. The watermark moves to the largest merge_time so far minus kSlack. Timers that are due fire, in order (due time,
//      time, rule, key), and episodes whose period is over close, in the same order of time, however large the step is.
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
#include "engine/state/episode.h"
#include "engine/state/operator.h"

namespace kubevigil {

struct CorrelatorOptions {
  size_t state_bytes = limits::kStateBytes;
  Duration lateness = Duration::minutes(5);
  Timestamp open_from = Timestamp::min();    // --from with --warm-up: episodes that open earlier are not reported
  Timestamp learn_until = Timestamp::min();  // new_value rules only learn before it
  HashKey key;
};

// What the pipeline knows about the event that a mark stands for; used when an episode opens or is joined.
class EventSource {
 public:
  virtual ~EventSource() = default;
  virtual EventRef ref(const MatchResult& result, const EventMark& mark) = 0;
};

class Correlator {
 public:
  static constexpr Duration kSlack = Duration::seconds(2);  // disorder within one API server's log

  Correlator(std::shared_ptr<const RuleSet> rules, std::span<const Feed> feeds, CorrelatorOptions options);
  Correlator(const std::shared_ptr<const Program>& program, CorrelatorOptions options)
      : Correlator(std::shared_ptr<const RuleSet>(program, &program->rules()), program->feeds(), options) {}
  ~Correlator();

  // One event, in order. `source` as in the merge; `merge_time` is the source's robust time (run/merge.h), from which
  // the watermark follows. Opened, joined and closed episodes are appended to `changes`. False: a duplicate.
  bool on_event(uint32_t source, Timestamp merge_time, const MatchResult& result, const EventMark& mark,
                EventSource& events, std::vector<EpisodeChange>& changes);
  // End of all input: final watermark, pending counts; all episodes close.
  void finish(std::vector<EpisodeChange>& changes);

  struct Counters {
    uint64_t events = 0, duplicates = 0, late = 0, audit_id_reuse = 0, joined_stages = 0;
    uint64_t time_outliers = 0;  // event time more than `lateness` ahead of the source's robust time
    uint64_t duplicate_window_full = 0, long_requests_forgotten = 0, alerts_closed_early = 0;  // bounds that bit
    Duration duplicate_window{};  // the shortest time within which duplicates were found
  };
  Counters counters() const;
  Timestamp watermark() const;
  // Of a correlation; all zero for a detection.
  OperatorStats operator_stats(uint32_t rule) const;
  // Everything. Loading fails when the archive was made with other rules.
  void archive(Archive& archive);
  // The operator of a correlation, for baseline.h; null for a detection.
  Operator* operator_of(uint32_t rule);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kubevigil
