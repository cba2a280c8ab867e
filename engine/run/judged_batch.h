// JudgedBatch: a batch with everything that one worker can say about it alone. What must be settled in the run's one
// order (times of events without their own, duplicates, state) is left to the merge and the correlator.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "engine/event/record.h"
#include "engine/match/hit.h"

namespace kubevigil {

inline constexpr size_t kBadReasons = static_cast<size_t>(BadReason::OtherLog) + 1;

// Audit levels and stages as they stand in events; Other: none or unknown.
inline constexpr std::array<std::string_view, 5> kAuditLevels = {"None", "Metadata", "Request", "RequestResponse",
                                                                 "other"};
inline constexpr std::array<std::string_view, 5> kAuditStages = {"RequestReceived", "ResponseStarted",
                                                                 "ResponseComplete", "Panic", "other"};
size_t audit_level_index(std::string_view level);
size_t audit_stage_index(std::string_view stage);

struct FileTally {
  uint64_t records = 0, events = 0;
  std::array<uint64_t, kBadReasons> bad{};
  Timestamp first = Timestamp::max(), last = Timestamp::min();  // event times; first > last: none

  uint64_t bad_total() const;
  void add(const FileTally& other);
};

// Sums over events; adding two tallies is commutative, so that the batch size shows nowhere.
struct Tally {
  std::map<uint32_t, FileTally> files;                     // by RecordPosition::file
  std::map<std::string, uint64_t, std::less<>> envelopes;  // events by kind of source
  std::array<uint64_t, kAuditLevels.size()> levels{};
  std::array<uint64_t, kAuditStages.size()> stages{};
  uint64_t events = 0;
  uint64_t outside_range = 0;  // not between --from and --to
  uint64_t without_time = 0;   // took the time of the record before
  uint64_t truncated = 0;      // annotation audit.k8s.io/truncated
  uint64_t body_defects = 0;
  uint64_t field_values_cut = 0;  // limits::kListValues
  uint64_t group_values_cut = 0;  // MatchResult
  uint64_t salvaged = 0;

  void add(const Tally& other);
};

// A rule that could not judge an event. Counted behind the merge, where it is known which events are duplicates.
struct BlindMark {
  uint32_t event = 0;  // index in MatchResult::events
  uint32_t rule = 0;
  uint32_t level = 0;  // audit_level_index
};

struct JudgedBatch {
  Batch batch;
  MatchResult result;                              // one mark for each event, also outside the time range
  std::vector<std::array<uint8_t, 16>> audit_ids;  // by event; zero where nothing hit, or where it is no UUID
  std::vector<BlindMark> blind;                    // in order of events
  Tally tally;
  uint64_t duplicates = 0;  // events that had been judged before; the Detector's to say
  uint64_t sequence = 0;
  bool halted = false;  // JudgeOptions::strict: batch.bad holds the one bad record behind all that was judged

  // Empties it, keeping the memory.
  void reset();
};

// The time range of a run; half-open.
struct TimeRange {
  Timestamp from = Timestamp::min();
  Timestamp to = Timestamp::max();
  bool holds(Timestamp t) const { return from <= t && t < to; }
};

}  // namespace kubevigil
