#include <gmock/gmock.h>

#include "engine/kafka/kafka_owner.h"
#include "tests/support/simulated_group.h"

namespace kubevigil {
namespace {

using testing::HasSubstr;
using Who = KafkaHold::Who;

class KafkaClaimTest : public testing::Test {
 protected:
  KafkaClaim claim(const std::string& client_id) {
    return {"audit", client_id,
            [this, client_id]() -> Result<std::unique_ptr<KafkaGroup>> { return group.member(client_id); }};
  }
  static void settle(KafkaClaim& claim) {
    for (int i = 0; i < 3; ++i) claim.step({});
  }
  test::SimulatedGroup group;
};

TEST_F(KafkaClaimTest, TheFirstHoldsAndTheSecondIsToldWhoDoes) {
  KafkaClaim first = claim("kubevigil-a"), second = claim("kubevigil-b");
  EXPECT_EQ(first.hold().who, Who::Unknown);
  settle(first);
  EXPECT_EQ(first.hold().who, Who::Ours);
  settle(second);
  EXPECT_EQ(second.hold().who, Who::Others);
  EXPECT_EQ(second.hold().text, "the group audit is held by kubevigil-a at /10.0.0.1");
  settle(first);
  EXPECT_EQ(first.hold().who, Who::Ours);
  EXPECT_EQ(group.joins, 1);
}

TEST_F(KafkaClaimTest, TheSecondTakesOverWhenTheFirstIsGone) {
  KafkaClaim second = claim("kubevigil-b");
  {
    KafkaClaim first = claim("kubevigil-a");
    settle(first);
    settle(second);
  }
  EXPECT_EQ(second.hold().who, Who::Others);  // its place is kept for a while
  group.forget_holder();
  settle(second);
  EXPECT_EQ(second.hold().who, Who::Ours);
}

TEST_F(KafkaClaimTest, TheSameInstanceNeedsNotWaitForItsLastLife) {
  {
    KafkaClaim life = claim("kubevigil-a");
    settle(life);
  }
  KafkaClaim next = claim("kubevigil-a");
  settle(next);
  EXPECT_EQ(next.hold().who, Who::Ours);
}

// A slow connection would else never be ready for the first answer; a password that changed never be read.
TEST_F(KafkaClaimTest, AClientThatIsNotAnsweredIsKeptForAWhile) {
  KafkaClaim mine = claim("kubevigil-a");
  group.away = true;
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(mine.step({}));
  EXPECT_EQ(mine.hold().text, "no broker answers");
  EXPECT_EQ(group.opened, 1);
  for (int i = 0; i < 10; ++i) mine.step({});
  EXPECT_EQ(group.opened, 2);
  group.away = false;
  settle(mine);
  EXPECT_EQ(mine.hold().who, Who::Ours);
  EXPECT_EQ(group.opened, 2);
}

TEST_F(KafkaClaimTest, OfTwoThatLookedAtTheSameMomentOneStays) {
  KafkaClaim first = claim("kubevigil-a"), second = claim("kubevigil-b");
  first.step({});
  second.step({});  // nobody is there yet
  first.step({});
  second.step({});
  EXPECT_EQ(second.hold().who, Who::Ours);
  first.step({});
  EXPECT_EQ(first.hold().who, Who::Others);
  EXPECT_THAT(first.hold().text, HasSubstr("the group audit was taken over"));
  settle(first);
  settle(second);
  EXPECT_EQ(first.hold().text, "the group audit is held by kubevigil-b at /10.0.0.1");
  EXPECT_EQ(second.hold().who, Who::Ours);
}

TEST_F(KafkaClaimTest, WhoWasTakenForDeadLooksBeforeItJoinsAgain) {
  KafkaClaim first = claim("kubevigil-a"), second = claim("kubevigil-b");
  settle(first);
  group.forget_holder();
  settle(second);
  EXPECT_EQ(second.hold().who, Who::Ours);
  settle(first);
  EXPECT_EQ(first.hold().who, Who::Others);
  EXPECT_EQ(group.holder(), "kubevigil-b");
  group.forget_holder();
  settle(first);
  EXPECT_EQ(first.hold().who, Who::Ours);
}

TEST_F(KafkaClaimTest, NobodyIsThrownOutBecauseNobodyAnswers) {
  KafkaClaim first = claim("kubevigil-a"), second = claim("kubevigil-b");
  settle(first);
  group.away = true;
  settle(first);
  settle(second);
  EXPECT_EQ(first.hold().who, Who::Ours);
  EXPECT_EQ(second.hold().who, Who::Unknown);
  EXPECT_EQ(second.hold().text, "no broker answers");
}

TEST_F(KafkaClaimTest, ANameIsShownAsWhatItIs) {
  KafkaClaim other = claim("\x1b[31mroot"), ours = claim("kubevigil-b");
  settle(other);
  settle(ours);
  EXPECT_THAT(ours.hold().text, HasSubstr("held by \\x1b[31mroot at"));
}

TEST_F(KafkaClaimTest, AnOwnerCommitsWhatItWasToldBeforeItEnds) {
  {
    KafkaOwner owner(claim("kubevigil-a"));
    while (owner.hold().who != Who::Ours) std::this_thread::yield();
    owner.commit({{{"audit", 3}, 41}});
  }
  EXPECT_EQ(group.committed["audit[3]"], 41);
}

}  // namespace
}  // namespace kubevigil
