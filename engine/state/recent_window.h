// The question that the windowed operators ask of a RecentList: is there a window (t' - W, t'], t' being the time of
// some match, that holds the match at `position` and satisfies the condition? And which matches are the evidence?
// Tumbling windows and sessions: recent_operator.h.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "engine/state/recent_list.h"

namespace kubevigil {

struct FoundWindow {
  size_t first = 0, last = 0;    // indices of the matches inside
  double count = 0;              // matches, or distinct values, or steps; at least, beyond what the condition needs
  std::vector<size_t> evidence;  // Ordered: the chain; else empty: take from [first, last]
};

// REQUIRES: called for every match that was inserted, right after it.
std::optional<FoundWindow> find_window(RecentList& list, size_t position, const RecentSpec& spec);

// Matches or distinct values in the window that ends with `end`, for conditions that are judged at the watermark.
FoundWindow window_ending(const RecentList& list, Timestamp end, const RecentSpec& spec);

// The sample for an alert, oldest first: the newest matches, for Distinct and Steps the newest of each value.
std::vector<size_t> sample_of(const RecentList& list, const FoundWindow& found, const RecentSpec& spec);

// Finds for each prefix of the steps the chain with the latest start, steps strictly increasing in (time, sequence).
// Entries are added in order, each with its index.
class ChainSearch {
 public:
  explicit ChainSearch(size_t steps) : best_(steps, kNone), settled_(steps, kNone) {}
  // True when the entry ends a chain of its prefix length.
  bool add(const RecentEntry& entry, size_t index);
  // Indices of the latest-starting chain of steps 0..step, oldest first; empty: there is none.
  std::vector<size_t> latest(size_t step) const;
  // Start of the chain of steps 0..step that was added last.
  Timestamp start(size_t step) const { return nodes_[best_[step]].start; }

 private:
  static constexpr size_t kNone = SIZE_MAX;
  struct Node {
    size_t index, previous;
    Timestamp start;
  };
  std::vector<Node> nodes_;
  std::vector<size_t> best_, settled_;  // nodes; with, and without, the event at hand: one event is one step
  Timestamp time_ = Timestamp::min();
  uint64_t sequence_ = 0;
};

}  // namespace kubevigil
