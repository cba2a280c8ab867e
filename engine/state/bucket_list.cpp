#include "engine/state/bucket_list.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "engine/state/heap_size.h"
#include "engine/state/recent_list.h"

namespace kubevigil {
namespace {

constexpr int32_t kBinsOfExponent = 64;
constexpr int32_t kExponentShift = 1100;  // frexp of a finite double gives -1073 to 1024

double percentile_of(const std::map<int32_t, uint64_t>& bins, uint64_t count, double percentile) {
  const double exact = std::ceil(percentile / 100 * static_cast<double>(count));
  auto rank = static_cast<uint64_t>(std::clamp(exact, 1.0, static_cast<double>(count)));
  for (const auto& [bin, n] : bins) {
    if (rank <= n) return middle_of_bin(bin);
    rank -= n;
  }
  return 0;
}

}  // namespace

int32_t bin_of(double number) {
  if (number == 0) return 0;
  int exponent = 0;
  const double mantissa = std::frexp(std::fabs(number), &exponent);
  const auto part = static_cast<int32_t>((mantissa - 0.5) * 2 * kBinsOfExponent);
  const int32_t bin = (exponent + kExponentShift) * kBinsOfExponent + part + 1;
  return number < 0 ? -bin : bin;
}

double middle_of_bin(int32_t bin) {
  if (bin == 0) return 0;
  const int32_t at = std::abs(bin) - 1;
  const double mantissa = 0.5 + (at % kBinsOfExponent + 0.5) / (2 * kBinsOfExponent);
  const double number = std::ldexp(mantissa, at / kBinsOfExponent - kExponentShift);
  return bin < 0 ? -number : number;
}

void count_bin(Histogram& bins, int32_t bin) {
  auto at = std::lower_bound(bins.begin(), bins.end(), std::pair<int32_t, uint64_t>(bin, 0));
  if (at != bins.end() && at->first == bin) {
    ++at->second;
  } else if (bins.size() < kBins) {
    bins.insert(at, {bin, 1});
  } else {
    const bool use_previous = at == bins.end() || (at != bins.begin() && bin - std::prev(at)->first <= at->first - bin);
    ++(use_previous ? std::prev(at) : at)->second;
  }
}

size_t BucketList::heap_bytes() const {
  size_t bytes = heap_size(buckets);
  for (const Bucket& b : buckets) bytes += heap_size(b.bins);
  return bytes;
}

void BucketList::archive(Archive& archive) {
  archive.each(buckets, [&](Bucket& b) {
    archive(b.index);
    archive(b.count);
    archive(b.sum);
    archive.each(b.bins, [&](auto& bin) {
      archive(bin.first);
      archive(bin.second);
    });
    archive(b.first);
    archive(b.last);
    archive(b.last_sequence);
    archive_event(archive, b.newest);
  });
}

std::vector<Bucket>::iterator BucketList::at_least(int64_t index) {
  return std::lower_bound(buckets.begin(), buckets.end(), index,
                          [](const Bucket& b, int64_t i) { return b.index < i; });
}

std::vector<Bucket>::const_iterator BucketList::at_least(int64_t index) const {
  return const_cast<BucketList*>(this)->at_least(index);
}

double measure(const BucketList& list, BucketRange range, const Correlation& correlation) {
  uint64_t count = 0;
  double sum = 0;
  std::map<int32_t, uint64_t> bins;
  for (auto b = list.at_least(range.first); b != list.buckets.end() && b->index <= range.last; ++b) {
    count += b->count;
    sum += b->sum;
    for (const auto& [bin, n] : b->bins) bins[bin] += n;
  }
  switch (correlation.type) {
    case CorrelationType::ValueSum:
      return sum;
    case CorrelationType::ValueAvg:
      return sum / static_cast<double>(count);
    case CorrelationType::ValuePercentile:
      return percentile_of(bins, count, correlation.percentile);
    default:
      return static_cast<double>(count);
  }
}

}  // namespace kubevigil
