// BucketList: what one key of a BucketOperator keeps: its non-empty sub-windows, sorted, each with a count, a sum and,
// for percentiles, a histogram of relative width (bins; definition: bucket_operator.h).
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "engine/state/archive.h"
#include "engine/state/operator.h"

namespace kubevigil {

inline constexpr int64_t kSubWindows = 64;

// Bin and number of matches in it, sorted by bin; at most kBins, further numbers count for the nearest one.
using Histogram = std::vector<std::pair<int32_t, uint64_t>>;
inline constexpr size_t kBins = 1024;

int32_t bin_of(double number);
double middle_of_bin(int32_t bin);
void count_bin(Histogram& bins, int32_t bin);

struct Bucket {
  int64_t index = 0;
  uint64_t count = 0;
  double sum = 0;
  Histogram bins;  // percentile only
  Timestamp first, last;
  uint64_t last_sequence = 0;
  EventRef newest;
};

struct BucketList {
  std::vector<Bucket> buckets;

  size_t heap_bytes() const;
  void archive(Archive& archive);
  // First bucket with an index >= `index`.
  std::vector<Bucket>::iterator at_least(int64_t index);
  std::vector<Bucket>::const_iterator at_least(int64_t index) const;
};

struct BucketRange {
  int64_t first, last;  // numbers of sub-windows
};

// What correlation.type measures over these sub-windows.
double measure(const BucketList& list, BucketRange range, const Correlation& correlation);

}  // namespace kubevigil
