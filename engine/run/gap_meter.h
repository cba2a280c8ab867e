// GapMeter: the silences of one source. Keeps a histogram of gaps by power of two for the median, and the longest gaps.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "engine/base/timestamp.h"

namespace kubevigil {

struct SourceGap;

class GapMeter {
 public:
  static constexpr Duration kShortest = Duration::seconds(60);
  static constexpr int64_t kTimesUsual = 50;
  static constexpr size_t kKept = 20;

  void add(Timestamp before, Timestamp after);
  Duration usual() const;                   // upper bound of the median gap
  std::vector<SourceGap> silences() const;  // in order of time

 private:
  std::array<uint64_t, 64> histogram_{};  // [i]: gaps of [2^(i-1), 2^i) microseconds
  std::vector<std::pair<Timestamp, Timestamp>> longest_;
};

}  // namespace kubevigil
