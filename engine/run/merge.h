// Merge: the events of all sources in the run's one order (design/rules.md 4).
//
// Order: by merge time, then by name of the source, then by position in the source. The merge time of an event is where
// its source's RobustClock stands with it, so within a source the input order is kept whatever the events' times say.
// Sources are opened only when the merge gets to their first event (and a few ahead), so that thousands of files do not
// all stand open. Nothing here depends on threads or batch borders.
//
// An event without a time of its own takes the time of the event before it in its source; that is settled here, because
// the event before may stand in another batch.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/run/read_ahead.h"
#include "engine/run/robust_clock.h"

namespace kubevigil {

// What the merge knows about a source before it is opened. The order of these gives their numbers.
struct SourceStart {
  std::string name;
  Timestamp start;  // robust time of its first event: the smallest of its first three
};

struct MergedEvent {
  uint32_t source = 0;
  JudgedBatch* batch = nullptr;
  uint32_t index = 0;  // in batch->result.events
  Timestamp merge_time;
};

// A silence in a source that is long against its usual pace: the log was cut, or the API server was down.
struct SourceGap {
  Timestamp from, to;
};

// How the times of one source ran, seen in order.
struct SourcePace {
  Timestamp first = Timestamp::max(), last = Timestamp::min();
  uint64_t events = 0;
  uint64_t outliers = 0;
  uint64_t backwards = 0;           // events older than the one before them
  uint64_t forwards = 0;            // events newer than the one before them
  Duration usual_gap{};             // gap_meter.h
  std::vector<SourceGap> silences;  // gap_meter.h; the longest 20, in order of time

  // The log stands in the wrong order: correlations, which want time to pass, see little of it.
  bool newest_first() const { return backwards >= 20 && backwards / 10 > forwards; }
};

class Merge {
 public:
  static constexpr size_t kOpenAhead = 4;

  // `sources` as in `ahead`.
  Merge(ReadAhead& ahead, std::vector<SourceStart> sources);
  ~Merge();

  enum class Next : uint8_t {
    Event,  // `event` is the next one; it stays valid until the next call
    Batch,  // all events of `event.batch` (of event.source) have been given; it is dropped with the next call
    Wait,   // nothing within about 100 ms: call again
    End,
  };
  Next next(MergedEvent& event);

  const std::vector<SourceStart>& sources() const;
  SourcePace pace(uint32_t source) const;

  // For a run that ends early: has all of the source been given; and the batches of which Next::Batch was not said yet,
  // each with its first event that was not given (index may be one behind the last). What is before them was given.
  bool ended(uint32_t source) const;
  std::vector<MergedEvent> begun() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kubevigil
