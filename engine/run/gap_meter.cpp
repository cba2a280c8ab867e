#include "engine/run/gap_meter.h"

#include <algorithm>
#include <bit>
#include <numeric>

#include "engine/run/merge.h"

namespace kubevigil {

void GapMeter::add(Timestamp before, Timestamp after) {
  const Duration gap = after - before;
  ++histogram_[static_cast<size_t>(std::bit_width(static_cast<uint64_t>(std::max<int64_t>(gap.micros, 0))))];
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
  uint64_t below = 0;
  for (size_t i = 0; i < 63; ++i) {
    below += histogram_[i];
    if (below * 2 >= total) return {int64_t{1} << i};
  }
  return {};
}

std::vector<SourceGap> GapMeter::silences() const {
  std::vector<SourceGap> out;
  const Duration least{usual().micros * kTimesUsual};
  for (const auto& [from, to] : longest_) {
    if (to - from > least) out.push_back({from, to});
  }
  std::sort(out.begin(), out.end(), [](const SourceGap& a, const SourceGap& b) { return a.from < b.from; });
  return out;
}

}  // namespace kubevigil
