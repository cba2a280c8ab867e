// Flat and not flat.
#include "tests/soak/samples.h"

#include <gtest/gtest.h>

#include "tests/soak/served.h"

namespace kubevigil::test {
namespace {

constexpr Window kEarly{Duration::seconds(50), Duration::seconds(70)},
    kLate{Duration::seconds(80), Duration::seconds(100)};

std::vector<Sample> every_second(const std::function<uint64_t(uint64_t)>& memory) {
  std::vector<Sample> samples;
  for (uint64_t second = 0; second < 100; ++second) {
    samples.push_back({.at = Duration::seconds(static_cast<int64_t>(second)), .memory = memory(second)});
  }
  return samples;
}

Flatness judge(const std::vector<Sample>& samples) {
  return flatness(
      samples, kEarly, kLate, [](const Sample& s) { return static_cast<double>(s.memory); }, 1.03, 10);
}

TEST(Flatness, PeaksThatComeAndGoAreFlat) {
  const auto found = judge(every_second([](uint64_t s) { return s % 5 == 0 ? 900 : 500; }));
  EXPECT_TRUE(found.flat);
  EXPECT_EQ(found.early, 500);
  EXPECT_EQ(found.late, 500);
}

TEST(Flatness, GrowthAtTheBeginningIsFlat) {
  EXPECT_TRUE(judge(every_second([](uint64_t s) { return 500 + 10 * std::min<uint64_t>(s, 50); })).flat);
}

TEST(Flatness, SteadyGrowthIsNot) {
  EXPECT_FALSE(judge(every_second([](uint64_t s) { return 500 + s; })).flat);
}

TEST(Flatness, TwoSamplesSayNothing) {
  EXPECT_FALSE(judge({{.at = Duration::seconds(60)}, {.at = Duration::seconds(90)}}).flat);
}

TEST(MetricPage, AddsUpSeriesOfOneNameOnly) {
  const MetricPage page("# HELP a x\na{sink=\"far\"} 2\na{sink=\"out\"} 3.5\na_total 100\nab 7\n\nb 1e3\n");
  EXPECT_EQ(page.sum("a"), 5.5);
  EXPECT_EQ(page.sum("a", "sink=\"far\""), 2);
  EXPECT_EQ(page.sum("a_total"), 100);
  EXPECT_EQ(page.sum("b"), 1000);
  EXPECT_EQ(page.sum("c"), 0);
}

}  // namespace
}  // namespace kubevigil::test
