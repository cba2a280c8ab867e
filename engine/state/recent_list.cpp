#include "engine/state/recent_list.h"

#include <algorithm>
#include <utility>

#include "engine/base/limits.h"
#include "engine/state/heap_size.h"
#include "engine/state/key_index.h"
#include "engine/state/recent_window.h"

namespace kubevigil {
namespace {

using Kind = RecentSpec::Kind;
using Flags = std::vector<bool>;

bool before(const RecentEntry& a, const RecentEntry& b) {
  return a.time != b.time ? a.time < b.time : a.sequence < b.sequence;
}

struct Stretch {
  size_t begin, end;  // of entries
};

void keep_newest(Stretch of, size_t count, Flags& keep) {
  for (size_t i = of.end; i > of.begin && count > 0; --i, --count) keep[i - 1] = true;
}

void keep_newest_values(const RecentList& list, Stretch of, size_t count, Flags& keep) {
  KeySet<uint64_t> seen;
  bool required = false;
  for (size_t i = of.end; i > of.begin; --i) {
    const uint64_t value = list.entries[i - 1].value;
    const bool first_required = !required && (value & kRequiredBit) != 0;
    if (seen.size() >= count && !first_required) continue;
    required |= first_required;
    keep[i - 1] = seen.insert(value).second || keep[i - 1];
  }
}

void keep_chains(const RecentList& list, size_t old_end, size_t steps, Flags& keep) {
  ChainSearch chains(steps);
  for (size_t i = 0; i < old_end; ++i) chains.add(list.entries[i], i);
  for (size_t step = 0; step < steps; ++step) {
    for (size_t i : chains.latest(step)) keep[i] = true;
  }
}

void keep_newest_of(const RecentList& list, Stretch of, const RecentSpec& spec, Flags& keep) {
  switch (spec.kind) {
    case Kind::Count:
      return keep_newest(of, spec.need, keep);
    case Kind::Distinct:
      return keep_newest_values(list, of, std::max(spec.need, spec.keep), keep);
    case Kind::Steps:
      return keep_newest_values(list, of, spec.need, keep);
    case Kind::Ordered:
      return keep_chains(list, of.end, spec.need, keep);
  }
}

void keep_of_each_window(const RecentList& list, const RecentSpec& spec, Flags& keep) {
  for (size_t end = list.entries.size(); end > 0;) {
    const size_t begin = first_after(list, window_open(list.entries[end - 1].time, spec));
    keep_newest_of(list, {begin, end}, spec, keep);
    end = begin;
  }
}

// What is older than the horizon is complete: where it begins to be without a pause up to its end.
size_t begin_without_pause(RecentList& list, size_t old_end, const RecentSpec& spec) {
  if (!spec.gap || old_end == 0) return 0;
  size_t begin = old_end - 1;
  while (begin > 0 && joined(list, begin, spec)) --begin;
  list.solid_to = list.entries[old_end - 1].time;
  return begin;
}

// Within it a match needs `need` others on either side.
Duration half_of(const RecentSpec& spec) {
  return Duration{(spec.gap ? std::min(spec.gap->micros, spec.window.micros) : spec.window.micros) / 2};
}

// Drops entries of [begin, end) that have `need` kept ones within `half` on either side.
void thin_counts(const RecentList& list, size_t begin, const RecentSpec& spec, Flags& keep) {
  const auto& e = list.entries;
  const Duration half = half_of(spec);
  std::vector<size_t> kept;
  for (size_t i = begin; i < e.size(); ++i) {
    const bool enough_after = i + spec.need < e.size() && e[i + spec.need].time - e[i].time <= half;
    const bool enough_before = kept.size() >= spec.need && e[i].time - e[kept[kept.size() - spec.need]].time <= half;
    if (enough_after && enough_before) {
      keep[i] = false;
    } else {
      kept.push_back(i);
    }
  }
}

// Drops entries of [begin, end) between two others of their value that are no further apart than the window: whatever
// window holds such an entry holds one of the two. With a gap, than half of it on either side: the rest must stay
// joined.
void thin_values(const RecentList& list, size_t begin, const RecentSpec& spec, Flags& keep) {
  const auto& e = list.entries;
  const Duration most = spec.gap ? half_of(spec) : spec.window;
  std::vector<Timestamp> next_same(e.size(), Timestamp::max());
  KeyIndex<uint64_t, Timestamp> nearest;
  for (size_t i = e.size(); i > begin; --i) {
    const auto [next, fresh] = nearest.try_emplace(e[i - 1].value, e[i - 1].time);
    if (!fresh) next_same[i - 1] = std::exchange(next->second, e[i - 1].time);
  }
  nearest.clear();
  for (size_t i = begin; i < e.size(); ++i) {
    const auto [last, fresh] = nearest.try_emplace(e[i].value, e[i].time);
    if (!fresh && next_same[i] != Timestamp::max() && next_same[i] - last->second <= most) {
      keep[i] = false;
    } else {
      last->second = e[i].time;
    }
  }
}

void compact(RecentList& list, const Flags& keep) {
  size_t out = 0;
  for (size_t i = 0; i < list.entries.size(); ++i) {
    if (!keep[i]) continue;
    if (out != i) list.entries[out] = list.entries[i];
    ++out;
  }
  list.entries.resize(out);
}

}  // namespace

void ChainStarts::add(const RecentEntry& entry) {
  if (entry.time != time || entry.sequence != sequence) settled = best;
  time = entry.time;
  sequence = entry.sequence;
  const size_t step = entry.value;
  if (step >= best.size()) return;
  const Timestamp start = step == 0 ? entry.time : settled[step - 1];
  best[step] = std::max(best[step], start);
}

void ChainStarts::rebuild(const std::vector<RecentEntry>& entries, size_t steps) {
  best.assign(steps, Timestamp::min());
  settled = best;
  time = Timestamp::min();
  for (const RecentEntry& entry : entries) add(entry);
  valid = true;
}

size_t insert(RecentList& list, const RecentEntry& entry) {
  auto& e = list.entries;
  if (e.empty() || !before(entry, e.back())) {
    e.push_back(entry);
    return e.size() - 1;
  }
  const auto at = std::upper_bound(e.begin(), e.end(), entry, before);
  const auto position = at - e.begin();
  e.insert(at, entry);
  return static_cast<size_t>(position);
}

void remember_text(RecentList& list, uint64_t value, std::string_view bytes) {
  for (const auto& text : list.texts) {
    if (text.first == value) return;
  }
  if (bytes.size() > limits::kDisplayBytes) return;
  if (list.texts.size() >= limits::kSampleEvents) list.texts.erase(list.texts.begin());
  list.texts.emplace_back(value, bytes);
}

size_t position_of(const RecentList& list, Timestamp time, uint64_t sequence) {
  RecentEntry wanted;
  wanted.time = time;
  wanted.sequence = sequence;
  return static_cast<size_t>(std::lower_bound(list.entries.begin(), list.entries.end(), wanted, before) -
                             list.entries.begin());
}

size_t first_after(const RecentList& list, Timestamp time) {
  const auto& e = list.entries;
  const auto at =
      std::upper_bound(e.begin(), e.end(), time, [](Timestamp t, const RecentEntry& x) { return t < x.time; });
  return static_cast<size_t>(at - e.begin());
}

void prune(RecentList& list, Timestamp horizon, const RecentSpec& spec) {
  auto& e = list.entries;
  if (horizon != Timestamp::min()) {
    e.erase(e.begin(), e.begin() + static_cast<std::ptrdiff_t>(first_after(list, window_open(horizon, spec))));
  }
  const size_t old_end = spec.tumbling ? e.size() : first_at(list, horizon);
  Flags keep(e.size(), true);
  std::fill_n(keep.begin(), old_end, false);
  if (spec.tumbling) {
    keep_of_each_window(list, spec, keep);
  } else {
    keep_newest_of(list, {begin_without_pause(list, old_end, spec), old_end}, spec, keep);
    if (spec.immediate && spec.kind == Kind::Count) thin_counts(list, old_end, spec, keep);
    if (spec.immediate && (spec.kind == Kind::Distinct || spec.kind == Kind::Steps))
      thin_values(list, old_end, spec, keep);
  }
  compact(list, keep);
  const size_t most = limits::kRecentSlack + 2 * spec.need;
  if (e.size() >= most) {
    const size_t kept = most - limits::kRecentSlack / 4;
    e.erase(e.begin(), e.begin() + static_cast<std::ptrdiff_t>(e.size() - kept));
    list.approximate = true;
  }
  give_back(e);
  list.prune_at = std::clamp<uint64_t>(2 * e.size(), 16, most);
}

bool thins_at_once(const RecentSpec& spec) {
  const bool values = spec.kind == Kind::Distinct || spec.kind == Kind::Steps;
  return values && spec.immediate && !spec.tumbling && !spec.gap;
}

// As thin_values(), for the newest entry alone: lists stay so short that hardly any needs a prune().
void thin_behind_newest(RecentList& list, const RecentSpec& spec) {
  auto& e = list.entries;
  constexpr size_t kWhole = 4;    // so many are kept whatever they say: the beginning of what an alert tells of
  constexpr size_t kBehind = 32;  // looked at; prune() sees the others
  if (e.size() <= kWhole) return;
  const RecentEntry& newest = e.back();
  size_t same = SIZE_MAX;
  const size_t end = e.size() > kBehind ? e.size() - kBehind : 0;
  for (size_t i = e.size() - 1; i > end; --i) {
    if (e[i - 1].value != newest.value) continue;
    if (same == SIZE_MAX) {
      same = i - 1;
      continue;
    }
    if (newest.time - e[i - 1].time <= spec.window) e.erase(e.begin() + static_cast<std::ptrdiff_t>(same));
    return;
  }
}

size_t RecentList::heap_bytes() const {
  size_t bytes = heap_size(entries) + heap_size(texts) + 2 * heap_size(chains.best);
  for (const auto& text : texts) bytes += heap_size(text.second);
  return bytes;
}

void archive_event(Archive& archive, EventRef& event) {
  archive(event.position.file);
  archive(event.position.offset);
  archive(event.position.line);
  archive(event.inner);
  archive(event.size);
  archive(event.time);
  archive(event.identity);
  for (uint8_t& byte : event.audit_id) archive(byte);
}

void RecentList::archive(Archive& archive) {
  archive.each(entries, [&](RecentEntry& entry) {
    archive(entry.time);
    archive(entry.sequence);
    archive(entry.value);
    archive_event(archive, entry.event);
  });
  archive.each(texts, [&](auto& text) {
    archive(text.first);
    archive(text.second);
  });
  archive.each(chains.best, [&](Timestamp& start) { archive(start); });
  archive.each(chains.settled, [&](Timestamp& start) { archive(start); });
  archive(chains.time);
  archive(chains.sequence);
  archive(chains.valid);
  archive(solid_to);
  if (chains.best.size() != chains.settled.size()) archive.fail();
  archive(prune_at);
  archive(approximate);
}

}  // namespace kubevigil
