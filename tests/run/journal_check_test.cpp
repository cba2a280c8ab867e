#include "engine/run/journal_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/sink_bench.h"

namespace kubevigil {
namespace {

using test::plain_alert;
using testing::ElementsAre;
using testing::HasSubstr;

JournalAlert entry_of(const Alert& alert) { return journal_alert(alert); }

class JournalChecking : public ::testing::Test {
 protected:
  Alert a_ = plain_alert("a"), b_ = plain_alert("b"), c_ = plain_alert("c");
  std::vector<std::string> given_;
  JournalCheck check_{[this](const Alert& alert) { given_.push_back(alert.id); }};
};

TEST_F(JournalChecking, WhatIsTheSameIsGivenInTheJournalsOrder) {
  Alert self = self_alert({SelfAlertKind::InputGap, "host", 1, 1, "", "spool", "gone", {}, {}, 1});
  check_.derived(1, {a_, b_}, true);
  check_.journaled(2, entry_of(a_));
  check_.journaled(3, entry_of(self));
  check_.journaled(4, entry_of(b_));
  check_.derived(5, {c_}, true);
  check_.journaled(6, entry_of(c_));
  check_.finish();
  EXPECT_THAT(given_, ElementsAre("a", self.id, "b", "c"));
  EXPECT_EQ(check_.counts().same, 3u);
  EXPECT_EQ(check_.counts().self, 1u);
  EXPECT_EQ(check_.counts().different, 0u);
}

TEST_F(JournalChecking, EachKindOfDifferenceIsSaid) {
  check_.derived(1, {a_, b_, c_}, true);
  check_.journaled(2, entry_of(b_));
  Alert changed = a_;
  changed.message += "!";
  check_.journaled(3, entry_of(changed));
  check_.derived(4, {}, true);
  check_.journaled(5, entry_of(plain_alert("d")));
  check_.finish();
  EXPECT_THAT(given_, ElementsAre("b", "a", "c"));
  EXPECT_THAT(check_.differences(),
              ElementsAre(HasSubstr("entry 2: alert b revision 1 comes in another order"),
                          HasSubstr("entry 3: alert a revision 1 differs from byte"),
                          HasSubstr("entry 1: alert c revision 1 follows from it, and the journal does not hold it"),
                          HasSubstr("entry 5: alert d revision 1 is in the journal, and does not follow")));
  EXPECT_EQ(check_.counts().different, 4u);
}

TEST_F(JournalChecking, WhatTheEndLacksIsNoDifference) {
  check_.derived(1, {a_, b_}, true);
  check_.journaled(2, entry_of(a_));
  check_.finish();
  EXPECT_THAT(given_, ElementsAre("a", "b"));
  EXPECT_EQ(check_.counts().unwritten, 1u);
  EXPECT_EQ(check_.counts().different, 0u);
}

TEST_F(JournalChecking, NothingIsHeldAgainstAnotherVersion) {
  check_.derived(1, {a_, b_}, false);
  check_.journaled(2, entry_of(c_));
  check_.journaled(3, entry_of(b_));
  check_.derived(4, {}, true);
  check_.finish();
  EXPECT_THAT(given_, ElementsAre("b", "a"));
  EXPECT_EQ(check_.counts().different, 0u);
  EXPECT_EQ(check_.counts().not_compared, 2u);
}

TEST_F(JournalChecking, ManyDifferencesAreCounted) {
  for (uint64_t i = 0; i < 100; ++i) check_.derived(i, {a_}, true);
  check_.derived(100, {}, true);
  EXPECT_EQ(check_.counts().different, 100u);
  EXPECT_EQ(check_.differences().size(), JournalCheck::kKept);
}

}  // namespace
}  // namespace kubevigil
