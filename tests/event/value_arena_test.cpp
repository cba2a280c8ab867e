#include "engine/event/value_arena.h"

#include <gtest/gtest.h>

namespace kubevigil {
namespace {

TEST(RunPool, RunsStayValidWhileMoreAreMade) {
  RunPool<int> runs;
  std::vector<int>& first = runs.next();
  first.push_back(7);
  for (int i = 0; i < 10'000; ++i) runs.next().push_back(i);
  EXPECT_EQ(first, std::vector<int>{7});
  runs.reset();
  EXPECT_TRUE(runs.next().empty());
}

// Each event makes another one of its many runs large. What the pool keeps must follow the largest event, not their
// sum.
TEST(RunPool, KeepsLittleOfManyLargeRuns) {
  constexpr size_t kRuns = 1024, kLarge = 4000;
  RunPool<int> runs;
  for (size_t large = kRuns; large-- > 0;) {
    for (size_t i = 0; i <= large; ++i) runs.next().resize(i == large ? kLarge : 1);
    runs.reset();
  }
  size_t kept = 0;
  for (size_t i = 0; i < kRuns; ++i) kept += runs.next().capacity();
  EXPECT_LE(kept, size_t{64} << 10);
}

}  // namespace
}  // namespace kubevigil
