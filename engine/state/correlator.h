// Correlator: owns all state. Takes marks and hits in the run's one order, drops duplicates, joins the stages of a
// request, moves the watermark, runs operators, and turns their firings into alert episodes. One thread.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "engine/match/hit.h"
#include "engine/match/program.h"
#include "engine/state/episode.h"
#include "engine/state/operator.h"

namespace kubevigil {

struct CorrelatorOptions {
  size_t state_bytes;
  Duration lateness = Duration::minutes(5);
  Timestamp open_from = Timestamp::min();   // --from with --warm-up: episodes that open earlier are not reported
  Timestamp learn_until = Timestamp::min(); // new_value rules only learn before it
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
  Correlator(std::shared_ptr<const Program> program, CorrelatorOptions options);
  ~Correlator();

  // One event, in order. `source` as in the merge; `merge_time` is the source's robust time (run/merge.h), from which
  // the watermark follows. Opened, joined and closed episodes are appended to `changes`.
  void on_event(uint32_t source, Timestamp merge_time, const MatchResult& result, const EventMark& mark,
                EventSource& events, std::vector<EpisodeChange>& changes);
  // End of all input: final watermark, pending counts; all episodes close.
  void finish(std::vector<EpisodeChange>& changes);

  struct Counters {
    uint64_t events = 0, duplicates = 0, late = 0, audit_id_reuse = 0, joined_stages = 0, time_outliers = 0;
  };
  const Counters& counters() const;
  OperatorStats operator_stats(uint32_t rule) const;
  void archive(Archive& archive);   // everything, for snapshot and baseline

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kubevigil
