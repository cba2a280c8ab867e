#include "engine/base/timestamp.h"

#include <gtest/gtest.h>

namespace kubevigil {
namespace {

TEST(Rfc3339, ReadsWhatKubernetesAndEnvelopesWrite) {
  struct Row {
    const char* text;
    int64_t micros;
  };
  for (const Row& row : {
           Row{"1970-01-01T00:00:00Z", 0},
           Row{"2023-01-27T18:28:08.129781Z", 1674844088129781},
           Row{"2024-02-29T00:00:00Z", 1709164800000000},
           Row{"2024-05-01T10:00:00.123456789Z", 1714557600123456},
           Row{"2024-05-01T12:00:00.1+02:00", 1714557600100000},
           Row{"2024-05-01T05:30:00-0430", 1714557600000000},
           Row{"2022-11-29 00:09:04.38", 1669680544380000},
           Row{"1969-12-31T23:59:59.999999Z", -1},
       }) {
    const auto t = parse_rfc3339(row.text);
    ASSERT_TRUE(t.has_value()) << row.text;
    EXPECT_EQ(t->micros, row.micros) << row.text;
  }
}

TEST(Rfc3339, RefusesWhatIsNoTime) {
  for (const char* text : {"", "2024", "2024-13-01T00:00:00Z", "2023-02-29T00:00:00Z", "2024-01-01T24:00:00Z",
                           "2024-01-01T00:00:00.Z", "2024-01-01T00:00:00Zx", "2024-01-01T00:00:00+2", "null",
                           "2024-01-01T00:00Z", "0000-01-01T00:00:00Z", "2024-01-01X00:00:00Z"}) {
    EXPECT_FALSE(parse_rfc3339(text).has_value()) << text;
  }
}

TEST(Rfc3339, WritesWhatItReads) {
  for (const int64_t micros : {int64_t{0}, int64_t{1674844088129781}, int64_t{-1}, int64_t{253402300799999999}}) {
    EXPECT_EQ(parse_rfc3339(format_rfc3339({micros})), Timestamp{micros});
  }
  EXPECT_EQ(format_rfc3339({1674844088129781}), "2023-01-27T18:28:08.129781Z");
}

TEST(DateOrTime, AcceptsDatesAndMinutes) {
  EXPECT_EQ(parse_date_or_time("2026-01-02"), parse_rfc3339("2026-01-02T00:00:00Z"));
  EXPECT_EQ(parse_date_or_time("2026-01-02T10:30Z"), parse_rfc3339("2026-01-02T10:30:00Z"));
  EXPECT_FALSE(parse_date_or_time("02.01.2026").has_value());
}

TEST(Durations, ReadAndWrite) {
  EXPECT_EQ(parse_duration("10m"), Duration::minutes(10));
  EXPECT_EQ(parse_duration("1500ms"), (Duration{1'500'000}));
  EXPECT_EQ(parse_duration("2w"), Duration::days(14));
  EXPECT_EQ(parse_duration("0"), Duration{});
  for (const char* text : {"", "m", "10", "-5m", "10 m", "5y", "99999999w", "1e3s"}) {
    EXPECT_FALSE(parse_duration(text).has_value()) << text;
  }
  EXPECT_EQ(format_duration(Duration::hours(36)), "36h");
  EXPECT_EQ(format_duration(Duration::hours(48)), "2d");
  EXPECT_EQ(format_duration({1'500'000}), "1500ms");
  EXPECT_EQ(format_duration({}), "0s");
}

}  // namespace
}  // namespace kubevigil
