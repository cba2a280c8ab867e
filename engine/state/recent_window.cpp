#include "engine/state/recent_window.h"

#include <algorithm>
#include <array>

#include "engine/base/limits.h"
#include "engine/state/key_index.h"

namespace kubevigil {
namespace {

using Kind = RecentSpec::Kind;

// Values inside a window whose ends move forward.
class ValueCounts {
 public:
  void add(uint64_t value) {
    ++counts_[value];
    if ((value & kRequiredBit) != 0) ++required_;
  }
  void remove(uint64_t value) {
    const auto at = counts_.find(value);
    if (--at->second == 0) counts_.erase(at);
    if ((value & kRequiredBit) != 0) --required_;
  }
  size_t distinct() const { return counts_.size(); }
  bool satisfies(const RecentSpec& spec) const {
    return counts_.size() >= spec.need && (!spec.require_any || required_ > 0);
  }

 private:
  KeyIndex<uint64_t, uint32_t> counts_;
  size_t required_ = 0;
};

// The first entry of the window that ends with entry `last`.
size_t first_in_window(const RecentList& list, size_t last, const RecentSpec& spec) {
  const size_t first = first_after(list, window_open(list.entries[last].time, spec));
  if (!spec.gap) return first;
  size_t reached = last;
  while (reached > first && joined(list, reached, spec)) --reached;
  return reached;
}

// The last entry of the first window that holds entry `position`.
size_t last_in_window(const RecentList& list, size_t position, const RecentSpec& spec) {
  const Timestamp time = list.entries[position].time;
  if (position + 1 == list.entries.size()) return position;
  return first_after(list, spec.tumbling ? window_open(time, spec) + spec.window : time) - 1;
}

// How far [from, to] reaches around entry `position` without a pause longer than the gap.
FoundWindow without_pause(const RecentList& list, size_t position, size_t from, size_t to, const RecentSpec& spec) {
  FoundWindow reached{position, position, 0, {}};
  while (reached.first > from && joined(list, reached.first, spec)) --reached.first;
  while (reached.last < to && joined(list, reached.last + 1, spec)) ++reached.last;
  return reached;
}

std::optional<FoundWindow> find_count(const RecentList& list, size_t position, const RecentSpec& spec) {
  const auto& e = list.entries;
  const size_t from = position + 1 >= spec.need ? position + 1 - spec.need : 0;
  const size_t to = std::min(position + spec.need - 1, e.size() - 1);
  const FoundWindow around = spec.gap ? without_pause(list, position, from, to, spec) : FoundWindow{from, to, 0, {}};
  for (size_t i = around.first; i <= position && i + spec.need <= around.last + 1; ++i) {
    const size_t end = i + spec.need - 1;
    if (e[i].time <= window_open(e[end].time, spec)) continue;
    const size_t last = last_in_window(list, end, spec);
    const size_t first = first_in_window(list, last, spec);
    return FoundWindow{first, last, static_cast<double>(last - first + 1), {}};
  }
  return std::nullopt;
}

// Walks back over the window that ends with entry `last`, until the condition holds and the values that are counted are
// complete. Their number; nullopt: the window does not satisfy the condition. Few values or few steps: the common
// cases.
std::optional<size_t> count_back(const RecentList& list, size_t last, const RecentSpec& spec) {
  const auto& e = list.entries;
  const Timestamp begin = window_open(e[last].time, spec);
  const size_t most = std::max({spec.need, spec.keep, limits::kCountedValues});
  std::array<uint64_t, 16> few;
  KeySet<uint64_t> many;
  size_t count = 0;
  bool required = !spec.require_any;
  for (size_t i = last + 1; i > 0 && e[i - 1].time > begin; --i) {
    if (i <= last && !joined(list, i, spec)) break;
    const uint64_t value = e[i - 1].value;
    required |= (value & kRequiredBit) != 0;
    const auto end = few.begin() + static_cast<std::ptrdiff_t>(std::min(count, few.size()));
    if (std::find(few.begin(), end, value) == end) {
      if (count < few.size()) {
        few[count++] = value;
      } else if (many.insert(value).second) {
        ++count;
      }
    }
    if (count >= most && required) break;
  }
  if (count < spec.need || !required) return std::nullopt;
  return count;
}

// Windows that end behind the match, which came out of order: one with more values than `best`, where that matters.
std::optional<FoundWindow> find_values_behind(const RecentList& list, size_t position, const RecentSpec& spec,
                                              std::optional<FoundWindow> best) {
  const auto& e = list.entries;
  ValueCounts counts;
  size_t first = first_in_window(list, position, spec);
  size_t next = first;
  for (size_t q = position; q < e.size() && e[q].time - e[position].time < spec.window; q = next) {
    if (q != position && !joined(list, q, spec)) break;
    for (; next < e.size() && e[next].time <= e[q].time; ++next) counts.add(e[next].value);
    for (; e[first].time <= e[q].time - spec.window; ++first) counts.remove(e[first].value);
    const auto count = static_cast<double>(counts.distinct());
    if (!counts.satisfies(spec) || (best && best->count >= count)) continue;
    best = FoundWindow{first, next - 1, count, {}};
    if (counts.distinct() >= spec.keep) break;
  }
  return best;
}

std::optional<FoundWindow> find_values(const RecentList& list, size_t position, const RecentSpec& spec) {
  const auto& e = list.entries;
  if (e.size() < spec.need) return std::nullopt;
  const size_t last = last_in_window(list, position, spec);
  std::optional<FoundWindow> found;
  if (const auto count = count_back(list, last, spec)) {
    found = FoundWindow{first_in_window(list, last, spec), last, static_cast<double>(*count), {}};
    if (*count >= spec.keep) return found;
  }
  return last + 1 == e.size() || spec.tumbling ? found : find_values_behind(list, position, spec, std::move(found));
}

// Start of the latest complete chain, the newest entry included.
Timestamp latest_start(RecentList& list, size_t steps) {
  if (list.chains.valid && list.chains.best.size() == steps) {
    list.chains.add(list.entries.back());
  } else {
    list.chains.rebuild(list.entries, steps);
  }
  return list.chains.best[steps - 1];
}

std::optional<FoundWindow> find_chain(RecentList& list, size_t position, const RecentSpec& spec) {
  const auto& e = list.entries;
  const Timestamp at = e[position].time;
  size_t begin = first_after(list, at - spec.window);
  if (position + 1 == e.size()) {
    const Timestamp start = latest_start(list, spec.need);
    if (start <= at - spec.window) return std::nullopt;
    begin = first_at(list, start);
  } else {
    list.chains.valid = false;
  }
  ChainSearch chains(spec.need);
  for (size_t i = begin; i < e.size() && e[i].time - at < spec.window; ++i) {
    if (!chains.add(e[i], i) || e[i].value + 1 != spec.need) continue;
    const Timestamp start = std::min(chains.start(spec.need - 1), at);
    if (std::max(e[i].time, at) - start >= spec.window) continue;
    auto chain = chains.latest(spec.need - 1);
    return FoundWindow{chain.front(), chain.back(), static_cast<double>(spec.need), std::move(chain)};
  }
  return std::nullopt;
}

}  // namespace

bool ChainSearch::add(const RecentEntry& entry, size_t index) {
  if (entry.time != time_ || entry.sequence != sequence_) settled_ = best_;
  time_ = entry.time;
  sequence_ = entry.sequence;
  const size_t step = entry.value;
  if (step >= best_.size() || (step > 0 && settled_[step - 1] == kNone)) return false;
  const size_t previous = step == 0 ? kNone : settled_[step - 1];
  const Timestamp start = step == 0 ? entry.time : nodes_[previous].start;
  if (best_[step] != kNone && nodes_[best_[step]].start > start) return false;
  nodes_.push_back({index, previous, start});
  best_[step] = nodes_.size() - 1;
  return true;
}

std::vector<size_t> ChainSearch::latest(size_t step) const {
  std::vector<size_t> chain;
  for (size_t node = best_[step]; node != kNone; node = nodes_[node].previous) chain.push_back(nodes_[node].index);
  std::reverse(chain.begin(), chain.end());
  return chain;
}

std::optional<FoundWindow> find_window(RecentList& list, size_t position, const RecentSpec& spec) {
  switch (spec.kind) {
    case Kind::Count:
      return find_count(list, position, spec);
    case Kind::Distinct:
    case Kind::Steps:
      return find_values(list, position, spec);
    case Kind::Ordered:
      return find_chain(list, position, spec);
  }
  return std::nullopt;
}

FoundWindow window_ending(const RecentList& list, Timestamp end, const RecentSpec& spec) {
  FoundWindow found;
  found.last = first_after(list, end) - 1;
  found.first = first_in_window(list, found.last, spec);
  found.count = static_cast<double>(found.last - found.first + 1);
  if (spec.kind == Kind::Count) return found;
  KeySet<uint64_t> values;
  for (size_t i = found.first; i <= found.last; ++i) values.insert(list.entries[i].value);
  found.count = static_cast<double>(values.size());
  return found;
}

std::vector<size_t> sample_of(const RecentList& list, const FoundWindow& found, const RecentSpec& spec) {
  std::vector<size_t> sample = found.evidence;
  if (!sample.empty()) return sample;
  KeySet<uint64_t> seen;
  for (size_t i = found.last + 1; i > found.first && sample.size() < limits::kSampleEvents; --i) {
    if (spec.kind == Kind::Count || seen.insert(list.entries[i - 1].value).second) sample.push_back(i - 1);
  }
  std::reverse(sample.begin(), sample.end());
  return sample;
}

}  // namespace kubevigil
