// RecentList: what one key of event_count, value_count, temporal or temporal_ordered keeps: its recent matches, sorted
// by (time, sequence), and no more of them than a later match could need.
//
// The horizon is watermark - lateness: no match older than it comes any more. prune() keeps
//   * of what is older than the horizon (any window that a new match opens holds a suffix of it):
//       Count     the newest `need` matches
//       Distinct  the newest match of each value, for the newest `need` values (and for the newest required one)
//       Steps     the newest match of each step
//       Ordered   for each prefix length the chain that starts latest
//     and with a gap only what reaches the newest of them without a longer pause (solid_to remembers that they do);
//   * what is inside the horizon; when the rule fires at once, thinned (not Ordered): a match goes when each window
//     that holds it keeps enough others. Count: a window of length W around time x holds all of [x - W/2, x] or all of
//     [x, x + W/2], so it is enough that both hold `need` others. Distinct, Steps: one of the same value before it and
//     one behind it that are no further apart than W; with a gap, than half of it, so that what stays is joined.
// Tumbling windows: of each one that is not over the newest `need` matches or values, in the horizon or not.
// Beyond limits::kRecentSlack matches of a key the oldest go, and the key is marked approximate.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/state/archive.h"
#include "engine/state/operator.h"

namespace kubevigil {

struct RecentEntry {
  Timestamp time;
  uint64_t sequence = 0;
  uint64_t value = 0;  // Distinct: hash, with kRequiredBit; Steps and Ordered: the step; Count: 0
  EventRef event;
};
// Lowest bit of a value of Distinct: it is one of require-any.
inline constexpr uint64_t kRequiredBit = 1;

struct RecentSpec {
  enum class Kind : uint8_t { Count, Distinct, Steps, Ordered };
  Kind kind = Kind::Count;
  Duration window;
  size_t need = 1;  // matches, values or steps that decide the condition
  size_t keep = 0;  // Distinct: values to keep when that is more than `need`, for levels raised by their number
  bool require_any = false;
  bool immediate = true;  // only lower bounds: fires when it becomes true
  bool tumbling = false;
  std::optional<Duration> gap;  // sessions: the longest pause inside one
};

// Ordered: the latest start of a chain of each prefix length, kept up as long as matches come in order, so that a match
// that completes nothing costs O(steps), not a walk over the list.
struct ChainStarts {
  std::vector<Timestamp> best, settled;  // by step; min: no chain. settled: without the event at hand
  Timestamp time = Timestamp::min();     // of the last entry
  uint64_t sequence = 0;
  bool valid = false;  // false: rebuild() from the list first

  void add(const RecentEntry& entry);
  void rebuild(const std::vector<RecentEntry>& entries, size_t steps);
};

struct RecentList {
  std::vector<RecentEntry> entries;
  // Encoded texts of at most limits::kSampleEvents values, the last to come: (value, bytes). Distinct only.
  std::vector<std::pair<uint64_t, std::string>> texts;
  ChainStarts chains;
  Timestamp solid_to = Timestamp::min();  // with a gap: entries up to it are without a pause, whatever has gone
  uint64_t prune_at = 16;                 // entries at which prune() is due
  bool approximate = false;

  size_t heap_bytes() const;
  void archive(Archive& archive);
};

void archive_event(Archive& archive, EventRef& event);

// Keeps the order; returns the position.
size_t insert(RecentList& list, const RecentEntry& entry);
void remember_text(RecentList& list, uint64_t value, std::string_view bytes);
// Index of the first entry that is not before (time, sequence).
size_t position_of(const RecentList& list, Timestamp time, uint64_t sequence);
// Index of the first entry with a time > `time`.
size_t first_after(const RecentList& list, Timestamp time);
// Index of the first entry with a time >= `time`.
inline size_t first_at(const RecentList& list, Timestamp time) { return first_after(list, time - Duration{1}); }

// The time behind which the window that ends with `time` (tumbling: that holds it) begins.
inline Timestamp window_open(Timestamp time, const RecentSpec& spec) {
  return spec.tumbling ? WindowSpec::begin_of(time, spec.window) - Duration{1} : time - spec.window;
}
// No pause longer than the gap lies before entry `i`. REQUIRES: i > 0.
inline bool joined(const RecentList& list, size_t i, const RecentSpec& spec) {
  const auto& e = list.entries;
  return !spec.gap || e[i].time <= list.solid_to || e[i].time - e[i - 1].time <= *spec.gap;
}

void prune(RecentList& list, Timestamp horizon, const RecentSpec& spec);
// Whether lists are thinned with each match that comes in order, by thin_behind_newest().
bool thins_at_once(const RecentSpec& spec);
// The newest entry stays the last one.
void thin_behind_newest(RecentList& list, const RecentSpec& spec);
inline bool prune_due(const RecentList& list) { return list.entries.size() >= list.prune_at; }

}  // namespace kubevigil
