#include "engine/run/gap_meter.h"

#include <gtest/gtest.h>

#include "engine/run/merge.h"

namespace kubevigil {
namespace {

// Times in microseconds, one after the other.
GapMeter metered(const std::vector<int64_t>& micros) {
  GapMeter meter;
  for (size_t i = 1; i < micros.size(); ++i) meter.add({micros[i - 1]}, {micros[i]});
  return meter;
}

constexpr int64_t kSecond = 1'000'000;

// `count` seconds, `step` apart, each with a burst of five events; `resolution`: distance of those in microseconds.
std::vector<int64_t> bursts(size_t count, int64_t step, int64_t resolution) {
  std::vector<int64_t> times;
  for (size_t i = 0; i < count; ++i) {
    for (int64_t j = 0; j < 5; ++j) times.push_back(static_cast<int64_t>(i) * step * kSecond + j * resolution);
  }
  return times;
}

TEST(GapMeter, TheResolutionOfTheLogChangesNothing) {
  for (const int64_t resolution : {int64_t{0}, int64_t{1}, int64_t{1000}}) {
    std::vector<int64_t> times = bursts(100, 3, resolution);
    EXPECT_EQ(metered(times).usual().micros, 3 * kSecond);
    EXPECT_TRUE(metered(times).silences().empty());
    times.push_back(times.back() + 400 * kSecond);
    ASSERT_EQ(metered(times).silences().size(), 1u);
  }
}

TEST(GapMeter, AQuietLogHasLongUsualGaps) {
  // Every five minutes something: half an hour is nothing special, three hours are.
  std::vector<int64_t> times = bursts(100, 300, 100);
  times.push_back(times.back() + 1800 * kSecond);
  EXPECT_TRUE(metered(times).silences().empty());
  times.push_back(times.back() + 4 * 3600 * kSecond);
  EXPECT_EQ(metered(times).silences().size(), 1u);
}

TEST(GapMeter, FewEventsSayNothing) {
  EXPECT_TRUE(metered({0, kSecond, 2 * kSecond, 9000 * kSecond}).silences().empty());
  EXPECT_EQ(metered({0, kSecond, 2 * kSecond}).usual().micros, 0);
}

TEST(GapMeter, TheLongestTwentyInOrderOfTime) {
  std::vector<int64_t> times = bursts(2000, 1, 0);
  for (int64_t i = 0; i < 30; ++i) times.push_back(times.back() + (100 + i) * kSecond);
  const std::vector<SourceGap> gaps = metered(times).silences();
  ASSERT_EQ(gaps.size(), 20u);
  EXPECT_EQ((gaps.front().to - gaps.front().from).micros, 110 * kSecond);
  EXPECT_EQ((gaps.back().to - gaps.back().from).micros, 129 * kSecond);
}

}  // namespace
}  // namespace kubevigil
