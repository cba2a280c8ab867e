#include "engine/run/journal_lives.h"

#include <gtest/gtest.h>

#include "tests/support/sink_bench.h"

namespace kubevigil {
namespace {

class JournalLivesTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(disk.make_folder("/journal"));
    ASSERT_TRUE(disk.make_folder("/copy"));
  }
  JournalLives begin(uint64_t end, const std::string& folder = "/journal") {
    const auto lives = begin_journal_life(disk, folder, end, env);
    EXPECT_TRUE(lives) << lives.error().message;
    return lives ? *lives : JournalLives{};
  }

  test::SimulatedDisk disk;
  const test::SimulatedEnv env;
};

TEST_F(JournalLivesTest, EachStartIsALifeAndKnowsHowFarThoseBeforeItGo) {
  const JournalLives one = begin(1), two = begin(10), three = begin(10), four = begin(25);
  EXPECT_EQ(one.now.size(), 32u);
  EXPECT_NE(one.now, two.now);
  EXPECT_FALSE(one.had(one.now, 0)) << "that is for its own cursors to know";
  EXPECT_TRUE(two.had(one.now, 9));
  EXPECT_FALSE(two.had(one.now, 10));
  EXPECT_TRUE(four.had(one.now, 9));
  EXPECT_FALSE(four.had(one.now, 10));
  EXPECT_TRUE(four.had(three.now, 24));
  EXPECT_FALSE(four.had(three.now, 25));
  EXPECT_FALSE(four.had("", 0));
}

// One that goes on and its copy have the same entries up to where the copy began.
TEST_F(JournalLivesTest, OfACopyOnlyWhatIsTheSameCounts) {
  begin(1);
  const JournalLives before = begin(5);
  disk.set_content("/copy/id", disk.content("/journal/id"));
  const JournalLives copy = begin(20, "/copy"), later_copy = begin(90, "/copy");
  EXPECT_TRUE(later_copy.had(before.now, 19));
  EXPECT_FALSE(later_copy.had(before.now, 20));
  const JournalLives after = begin(50);
  EXPECT_FALSE(after.had(copy.now, 1));
  EXPECT_FALSE(after.had(later_copy.now, 1));
  EXPECT_FALSE(later_copy.had(after.now, 1));
}

TEST_F(JournalLivesTest, PutBackFromAnOlderCopyTheLifeThatWentOnStaysForeign) {
  const JournalLives went_on = begin(5);
  const std::string backup = disk.content("/journal/id");
  const JournalLives last = begin(100);
  disk.set_content("/journal/id", backup);
  begin(20);  // and it grows again
  const JournalLives lives = begin(200);
  EXPECT_TRUE(lives.had(went_on.now, 19));
  EXPECT_FALSE(lives.had(went_on.now, 20));
  EXPECT_FALSE(lives.had(last.now, 1));
}

// Entries were lost, or the file was copied later than the journal.
TEST_F(JournalLivesTest, WhatTheJournalLostNoLifeHas) {
  const JournalLives one = begin(1);
  begin(100);
  begin(40);
  const JournalLives lives = begin(200);
  EXPECT_TRUE(lives.had(one.now, 39));
  EXPECT_FALSE(lives.had(one.now, 40));
}

TEST_F(JournalLivesTest, AJournalFromBeforeThereWereLivesHasOne) {
  const std::string id(32, 'a');
  disk.set_content("/journal/id", id + "\n");
  EXPECT_TRUE(begin(7).had(id, 6));
}

TEST_F(JournalLivesTest, OnlyTheNewestAreKept) {
  std::vector<JournalLives> lives;
  for (size_t i = 0; i < kJournalLives + 5; ++i) lives.push_back(begin(1000 + i));
  EXPECT_EQ(lives.back().earlier.size(), kJournalLives - 1);
  EXPECT_FALSE(lives.back().had(lives[4].now, 1));
  EXPECT_TRUE(lives.back().had(lives[6].now, 1));
}

TEST_F(JournalLivesTest, ALifeThatHasBegunSurvivesALossOfPower) {
  std::vector<std::string> all;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    const JournalLives lives = begin(10 + seed);
    for (const std::string& id : all) ASSERT_TRUE(lives.had(id, 5)) << seed;
    all.push_back(lives.now);
    disk.lose_power(seed);
  }
}

TEST_F(JournalLivesTest, ADamagedFileIsReplaced) {
  begin(1);
  const JournalLives made = begin(10);
  const std::string whole = disk.content("/journal/id");
  for (const std::string& damaged : {std::string(), whole.substr(0, whole.size() - 1), "x" + whole.substr(1),
                                     whole.substr(0, whole.size() - 2) + "\n", "\n" + whole,
                                     std::string(32, 'a') + " 1x\n" + whole, std::string(32, 'a') + "\n" + whole}) {
    disk.set_content("/journal/id", damaged);
    const JournalLives again = begin(20);
    EXPECT_NE(again.now, made.now);
    EXPECT_TRUE(again.earlier.empty()) << damaged;
    EXPECT_EQ(disk.content("/journal/id"), again.now + "\n");
  }
}

// A life that is not on the disk would not be closed, and what it adds to the journal be taken for the earlier one's.
TEST_F(JournalLivesTest, WhatCannotBeWrittenIsAnErrorAndForgetsAll) {
  const JournalLives before = begin(1);
  disk.set_capacity(40);
  const auto full = begin_journal_life(disk, "/journal", 10, env);
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().fault, DiskFault::Full);
  disk.set_capacity(10'000);
  EXPECT_FALSE(begin(100).had(before.now, 1));
}

TEST_F(JournalLivesTest, OneThatIsNotKeptIsOfThisLifeAlone) {
  const JournalLives lives = new_journal_life(env);
  EXPECT_EQ(lives.now.size(), 32u);
  EXPECT_NE(lives.now, new_journal_life(env).now);
  EXPECT_TRUE(lives.earlier.empty());
}

}  // namespace
}  // namespace kubevigil
