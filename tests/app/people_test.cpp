// What people see and type: times on the command line, progress, numbers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/app/progress.h"
#include "engine/app/time_option.h"

namespace kubevigil {
namespace {

TEST(TimeOption, Forms) {
  const Timestamp now = *parse_rfc3339("2026-01-02T12:00:00Z");
  const auto at = [&](const char* text) { return format_rfc3339(parse_time_option(text, now).value()); };
  EXPECT_EQ(at("2026-01-01"), "2026-01-01T00:00:00.000000Z");
  EXPECT_EQ(at("2026-01-01T10:00:00+02:00"), "2026-01-01T08:00:00.000000Z");
  EXPECT_EQ(at("-2h"), "2026-01-02T10:00:00.000000Z");
  EXPECT_EQ(at("1767312000"), "2026-01-02T00:00:00.000000Z");
  for (const char* wrong : {"", "yesterday", "-", "-2x", "2026-13-01", "12"}) {
    EXPECT_FALSE(parse_time_option(wrong, now).has_value()) << wrong;
  }
}

TEST(Progress, NumbersAndDurations) {
  EXPECT_EQ(human_number(0, "B"), "0 B");
  EXPECT_EQ(human_number(999, "B"), "999 B");
  EXPECT_EQ(human_number(1000, "B"), "1.00 kB");
  EXPECT_EQ(human_number(37.4e9, "B"), "37.4 GB");
  EXPECT_EQ(human_number(412e6, "B/s"), "412 MB/s");
  EXPECT_EQ(human_duration(58), "00:58");
  EXPECT_EQ(human_duration(3723), "1:02:03");
}

TEST(Progress, EtaIsHiddenAtFirstAndFollowsBytes) {
  RateMeter rate;
  rate.add(100, Duration::seconds(1));
  EXPECT_FALSE(rate.eta(100, 1000).has_value());
  rate.add(500, Duration::seconds(5));
  ASSERT_TRUE(rate.eta(500, 1000).has_value());
  EXPECT_NEAR(*rate.eta(500, 1000), 5.0, 0.01);
  EXPECT_FALSE(rate.eta(500, 0).has_value());
}

TEST(Progress, TheUnitOfTheRateFollowsTheRate) {
  ReplayProgress progress;
  for (const auto& [bytes, text] :
       {std::pair(4'200'000'000ULL, "  2.10 GB/s  "), std::pair(400'000'000ULL, "  0.20 GB/s  "),
        std::pair(400'000ULL, "  200 kB/s  ")}) {
    RateMeter rate;
    rate.add(bytes, Duration::seconds(2));
    EXPECT_THAT(progress_line(progress, rate), testing::HasSubstr(text));
  }
}

TEST(Progress, LineAndJson) {
  ReplayProgress progress;
  progress.bytes = 500;
  progress.total_bytes = 1000;
  progress.events = 10;
  progress.elapsed = Duration::seconds(5);
  progress.alerts[static_cast<size_t>(Level::High)] = 2;
  RateMeter rate;
  rate.add(500, Duration::seconds(5));
  EXPECT_THAT(progress_line(progress, rate), testing::HasSubstr("50 %"));
  EXPECT_THAT(progress_line(progress, rate), testing::HasSubstr("2 high"));
  EXPECT_EQ(progress_json(progress, rate),
            R"({"bytes":500,"total":1000,"events":10,"elapsed_s":5,"eta_s":5,"alerts":{"informational":0,"low":0,)"
            R"("medium":0,"high":2,"critical":0}})");
}

}  // namespace
}  // namespace kubevigil
