#include "engine/run/gap_meter.h"

#include <algorithm>
#include <bit>
#include <numeric>

#include "engine/run/merge.h"

namespace kubevigil {

size_t GapMeter::row_of(int64_t seconds) {
  if (seconds < static_cast<int64_t>(kExact)) return static_cast<size_t>(seconds);
  const auto doublings = static_cast<size_t>(std::bit_width(static_cast<uint64_t>(seconds) / kExact)) - 1;
  return std::min(kExact + doublings, kExact + 39);
}

int64_t GapMeter::longest_of(size_t row) {
  if (row < kExact) return static_cast<int64_t>(row);
  return (static_cast<int64_t>(kExact) << (row - kExact + 1)) - 1;
}

void GapMeter::add(Timestamp before, Timestamp after) {
  const Duration gap = after - before;
  const int64_t seconds = after.micros / 1'000'000 - before.micros / 1'000'000;
  if (seconds <= 0) return;
  ++histogram_[row_of(seconds)];
  if (gap <= kShortest) return;
  const auto longer = [](const auto& a, const auto& b) {
    return a.second - a.first != b.second - b.first ? a.second - a.first > b.second - b.first : a < b;
  };
  const std::pair entry(before, after);
  longest_.insert(std::upper_bound(longest_.begin(), longest_.end(), entry, longer), entry);
  if (longest_.size() > kKept) longest_.pop_back();
}

Duration GapMeter::usual() const {
  const uint64_t total = std::accumulate(histogram_.begin(), histogram_.end(), uint64_t{0});
  if (total < kLeastGaps) return {};
  uint64_t below = 0;
  for (size_t row = 0; row < histogram_.size(); ++row) {
    below += histogram_[row];
    if (below * 10 >= total * 9) return Duration::seconds(longest_of(row));
  }
  return {};
}

std::vector<SourceGap> GapMeter::silences() const {
  std::vector<SourceGap> out;
  if (usual().micros == 0) return out;
  const Duration least{usual().micros * kTimesUsual};
  for (const auto& [from, to] : longest_) {
    if (to - from > least) out.push_back({from, to});
  }
  std::sort(out.begin(), out.end(), [](const SourceGap& a, const SourceGap& b) { return a.from < b.from; });
  return out;
}

}  // namespace kubevigil
