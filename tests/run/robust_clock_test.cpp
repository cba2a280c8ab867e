#include "engine/run/robust_clock.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace kubevigil {
namespace {

constexpr Timestamp at(int64_t seconds) { return {seconds * 1'000'000}; }
constexpr int64_t kDay = 86'400;

TEST(RobustClock, FollowsAscendingTimes) {
  RobustClock clock(at(100));
  for (const int64_t t : {100, 101, 105, 300, 3000}) EXPECT_EQ(clock.advance(at(t)), at(t));
  EXPECT_EQ(clock.outliers(), 0u);
}

TEST(RobustClock, OneFutureRecordDoesNotMoveIt) {
  RobustClock clock(at(100));
  clock.advance(at(100));
  EXPECT_EQ(clock.advance(at(1'000 * kDay)), at(100));
  EXPECT_EQ(clock.advance(at(101)), at(101));
  EXPECT_EQ(clock.advance(at(90)), at(101)) << "the clock went back";
  EXPECT_EQ(clock.outliers(), 1u);
}

TEST(RobustClock, TwoFutureRecordsDoNotMoveItAThirdConfirmsThem) {
  RobustClock clock(at(100));
  clock.advance(at(100));
  EXPECT_EQ(clock.advance(at(2 * kDay)), at(100));
  EXPECT_EQ(clock.advance(at(2 * kDay + 1)), at(100));
  EXPECT_EQ(clock.outliers(), 2u);
  EXPECT_EQ(clock.advance(at(2 * kDay + 2)), at(2 * kDay + 2)) << "a gap of two days in the log";
  EXPECT_EQ(clock.outliers(), 0u);
}

TEST(RobustClock, AFirstRecordFromTheFutureIsHeldByTheStart) {
  RobustClock clock(at(100));
  EXPECT_EQ(clock.advance(at(1'000 * kDay)), at(100));
  EXPECT_EQ(clock.advance(at(100)), at(100));
  EXPECT_EQ(clock.advance(at(101)), at(101));
  EXPECT_EQ(clock.outliers(), 1u);
}

// Property: whatever comes, the clock never goes back, and up to two wild records never move it beyond the others.
TEST(RobustClock, TwoWildRecordsAnywhereNeverLeadIt) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    std::mt19937_64 random(seed);
    std::vector<int64_t> times;
    int64_t t = 1000;
    for (int i = 0; i < 40; ++i) times.push_back(t += static_cast<int64_t>(random() % 50));
    const int64_t highest = t;
    for (int i = 0; i < 2; ++i) {
      times.insert(times.begin() + static_cast<long>(random() % times.size()),
                   highest + static_cast<int64_t>(random() % 3000 + 1) * kDay);
    }
    RobustClock clock(at(1000));
    Timestamp last = Timestamp::min();
    for (const int64_t time : times) {
      const Timestamp now = clock.advance(at(time));
      ASSERT_GE(now, last) << "seed " << seed;
      ASSERT_LE(now, at(highest)) << "seed " << seed;
      last = now;
    }
    EXPECT_EQ(last, at(highest)) << "seed " << seed;
    EXPECT_EQ(clock.outliers(), 2u) << "seed " << seed;
  }
}

}  // namespace
}  // namespace kubevigil
