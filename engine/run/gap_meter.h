// GapMeter: the silences of one source. Many logs have times of whole seconds, and all have bursts; so the usual gap is
// measured between seconds in which something happened, whatever the resolution of the log: 90 % of those gaps are not
// longer. A silence is longer than a minute and than 20 usual gaps; fewer than 20 gaps say nothing about what is usual.
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
  static constexpr int64_t kTimesUsual = 20;
  static constexpr uint64_t kLeastGaps = 20;
  static constexpr size_t kKept = 20;

  void add(Timestamp before, Timestamp after);
  Duration usual() const;                   // whole seconds; zero: too few gaps to tell
  std::vector<SourceGap> silences() const;  // in order of time

 private:
  static constexpr size_t kExact = 120;
  // [i]: gaps of i seconds below kExact; above, each row is twice as long as the one before.
  std::array<uint64_t, kExact + 40> histogram_{};
  static size_t row_of(int64_t seconds);
  static int64_t longest_of(size_t row);
  std::vector<std::pair<Timestamp, Timestamp>> longest_;
};

}  // namespace kubevigil
