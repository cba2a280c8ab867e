#include "engine/run/journal_id.h"

#include <gtest/gtest.h>

#include "tests/support/sink_bench.h"

namespace kubevigil {
namespace {

TEST(JournalId, IsMadeOnceAndSurvivesALossOfPower) {
  test::SimulatedDisk disk;
  const test::SimulatedEnv env;
  ASSERT_TRUE(disk.make_folder("/journal"));
  const auto made = journal_id(disk, "/journal", env);
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->size(), 32u);
  for (uint64_t seed = 0; seed < 50; ++seed) {
    disk.lose_power(seed);
    const auto again = journal_id(disk, "/journal", env);
    ASSERT_TRUE(again) << again.error().message;
    ASSERT_EQ(*again, *made) << seed;
  }
}

TEST(JournalId, ADamagedOneIsReplaced) {
  test::SimulatedDisk disk;
  const test::SimulatedEnv env;
  ASSERT_TRUE(disk.make_folder("/journal"));
  const auto made = journal_id(disk, "/journal", env);
  for (const std::string& damaged : {std::string(), made->substr(0, 31) + "\n", *made, "x" + made->substr(1) + "\n"}) {
    disk.set_content("/journal/id", damaged);
    const auto again = journal_id(disk, "/journal", env);
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_NE(*again, *made);
    EXPECT_EQ(disk.content("/journal/id"), *again + "\n");
  }
}

TEST(JournalId, AFullDiskIsAnError) {
  test::SimulatedDisk disk;
  const test::SimulatedEnv env;
  ASSERT_TRUE(disk.make_folder("/journal"));
  disk.set_capacity(8);
  const auto made = journal_id(disk, "/journal", env);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().fault, DiskFault::Full);
  disk.set_capacity(1000);
  EXPECT_TRUE(journal_id(disk, "/journal", env));
}

}  // namespace
}  // namespace kubevigil
