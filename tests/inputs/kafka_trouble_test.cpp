// Partitions that are not given to us, not shown to us, not there, without a leader, or not wanted any more.
#include "inputs/kafka_live.h"
#include "tests/inputs/kafka_bench.h"

namespace kubevigil {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

class KafkaTrouble : public KafkaBench {
 protected:
  // As recovery asks for one message of a partition, for so long at most.
  LiveStep again(KafkaLive& live, const std::string& of, Duration most) {
    const Duration end = env.monotonic() + most;
    LiveStep step = LiveStep::Later;
    while (step == LiveStep::Later && env.monotonic() < end) {
      LiveBatch batch;
      step = live.poll(batch, 1, of);
      if (step == LiveStep::Later) live.wait(Duration::seconds(1));
    }
    return step;
  }
  // What comes in so much time.
  std::vector<LiveBatch> watch(KafkaLive& live, Duration most) {
    std::vector<LiveBatch> out;
    const Duration end = env.monotonic() + most;
    while (env.monotonic() < end) {
      LiveBatch batch;
      if (live.poll(batch) == LiveStep::Batch) {
        out.push_back(std::move(batch));
      } else {
        live.wait(Duration::seconds(1));
      }
    }
    return out;
  }
  static constexpr Duration kLong = Duration::minutes(30);
};

TEST_F(KafkaTrouble, APartitionThatIsNotGivenIsNamedHoweverMuchOthersGive) {
  add(0, event_line(1));
  add(1, event_line(2));
  cluster->refused = {part(1)};
  const auto live = input();
  EXPECT_THAT(places(watch(*live, Duration::seconds(20))), ElementsAre("audit/0 0:1"));
  for (int n = 1; n <= 20; ++n) {
    add(0, event_line(n));
    EXPECT_EQ(watch(*live, Duration::minutes(1)).size(), 1u);
    EXPECT_THAT(live->problem(), HasSubstr("reading audit[1]: not for you")) << n;
  }
  add(1, event_line(3));
  watch(*live, Duration::minutes(1));
  EXPECT_EQ(live->counts().lag_messages, 2u);
  cluster->refused.clear();
  EXPECT_THAT(places(watch(*live, Duration::minutes(6))), ElementsAre("audit/1 0:1", "audit/1 1:1"));
  EXPECT_EQ(live->problem(), "");
}

TEST_F(KafkaTrouble, APartitionAtItsEndIsGoodAgainWithoutAMessage) {
  add(0, event_line(1));
  cluster->refused = {part(0)};
  const auto live = input();
  ASSERT_TRUE(live->seek(source(0), "1 0"));
  watch(*live, Duration::minutes(1));
  EXPECT_NE(live->problem(), "");
  cluster->refused.clear();
  watch(*live, Duration::minutes(6));
  EXPECT_EQ(live->problem(), "");
}

// Streams that are silent could else never be called idle.
TEST_F(KafkaTrouble, ForOneThatIsNotGivenTheOthersDoNotWaitForEver) {
  cluster->create(part(0));
  cluster->refused = {part(0)};
  const auto live = input();
  LiveStep step = LiveStep::Later;
  const Duration end = env.monotonic() + kLong;
  while (step != LiveStep::Waiting && env.monotonic() < end) {
    LiveBatch batch;
    step = live->poll(batch);
    live->wait(Duration::seconds(1));
  }
  EXPECT_EQ(step, LiveStep::Waiting);
}

TEST_F(KafkaTrouble, WhatIsNotShownIsWaitedForInRecovery) {
  add(0, event_line(1));
  const auto live = input();
  ASSERT_TRUE(live->seek(source(0), "0 0"));
  cluster->hidden = cluster->refused = {part(0)};
  EXPECT_EQ(again(*live, source(0), kLong), LiveStep::Later);
  EXPECT_THAT(live->problem(), HasSubstr("not for you"));
  cluster->hidden.clear();
  cluster->refused.clear();
  EXPECT_EQ(again(*live, source(0), kLong), LiveStep::Batch);
}

TEST_F(KafkaTrouble, WhatComesBackWithinAMinuteWasNotGone) {
  const auto live = input();
  ASSERT_TRUE(live->seek(source(0), "0 0"));
  EXPECT_EQ(again(*live, source(0), Duration::seconds(50)), LiveStep::Later);
  EXPECT_THAT(live->problem(), HasSubstr("the cluster has it not"));
  add(0, event_line(1));
  EXPECT_EQ(again(*live, source(0), kLong), LiveStep::Batch);
}

TEST_F(KafkaTrouble, AnEndThatLagsIsNotTheEnd) {
  cluster->create(part(0));
  const auto live = input();
  ASSERT_TRUE(live->seek(source(0), "0 0"));
  EXPECT_EQ(again(*live, source(0), Duration::seconds(50)), LiveStep::Later);
  EXPECT_THAT(live->problem(), HasSubstr("audit[0] is read again, and nothing comes behind offset 0"));
  add(0, event_line(1));
  EXPECT_EQ(again(*live, source(0), kLong), LiveStep::Batch);
  EXPECT_EQ(again(*live, source(0), kLong), LiveStep::Waiting);
}

// A password that changed is read when a client is made.
TEST_F(KafkaTrouble, AClientThatNobodyAnswersIsMadeAnewNowAndThen) {
  add(0, event_line(1));
  const auto live = input();
  ASSERT_TRUE(live->seek(source(0), "0 0"));
  cluster->away = true;
  watch(*live, Duration::seconds(90));
  EXPECT_EQ(cluster->opened, 1u);
  watch(*live, Duration::minutes(10));
  EXPECT_GE(cluster->opened, 4u);
  EXPECT_LE(cluster->opened, 6u);
  cluster->away = false;
  EXPECT_THAT(places(watch(*live, Duration::minutes(1))), ElementsAre("audit/0 0:1"));
}

// Each question for it waits as long as it may.
TEST_F(KafkaTrouble, PartitionsWithoutALeaderTakeATenthOfTheTime) {
  constexpr int32_t kPartitions = 50;
  for (int32_t partition = 0; partition < kPartitions; ++partition) add(partition, event_line(partition));
  for (int32_t partition = 1; partition < kPartitions; ++partition) cluster->leaderless.insert(part(partition));
  const auto live = input();
  const Duration began = env.monotonic();
  while (env.monotonic() - began < kLong) {
    LiveBatch batch;
    if (live->poll(batch) != LiveStep::Batch) env.advance(Duration{100'000});
  }
  EXPECT_GT(cluster->waited, Duration::seconds(10));
  EXPECT_LT(cluster->waited, Duration{kLong.micros / 5});
  cluster->leaderless.clear();
  env.advance(Duration::minutes(3));
  EXPECT_EQ(drain(*live).size(), static_cast<size_t>(kPartitions) - 1);
}

TEST_F(KafkaTrouble, WhatIsNotWantedAnyMoreIsNotReadButInRecovery) {
  options.lanes.topics = {"audit", "other"};
  cluster->add({"other", 0}, {.value = event_line(1)});
  add(0, event_line(2));
  EXPECT_EQ(places(drain(*input())).size(), 2u);
  options.lanes.topics = {"audit"};
  const auto live = input();
  EXPECT_TRUE(live->owns("kafka/k/other/0"));
  EXPECT_FALSE(live->reads("kafka/k/other/0"));
  EXPECT_TRUE(live->reads(source(0)));
  EXPECT_TRUE(live->reads("kafka/k"));
  ASSERT_TRUE(live->seek("kafka/k/other/0", "0 0"));
  EXPECT_EQ(again(*live, "kafka/k/other/0", kLong), LiveStep::Batch);
}

// Else retention could take what came meanwhile, and nobody would know.
TEST_F(KafkaTrouble, APartitionThatWasEmptyHasAPlaceInTheJournal) {
  cluster->create(part(0));
  std::vector<LiveBatch> batches = drain(*input());
  ASSERT_EQ(batches.size(), 1u);
  EXPECT_EQ(batches[0].source, source(0));
  EXPECT_EQ(batches[0].pieces(), 0u);
  EXPECT_EQ(batches[0].to, "0 0");
  for (int n = 0; n < 3; ++n) add(0, event_line(n));
  cluster->remove_before(part(0), 2);
  const auto live = input();
  ASSERT_TRUE(live->seek(source(0), batches[0].to));
  batches = drain(*live);
  ASSERT_EQ(batches[0].gaps.size(), 1u);
  EXPECT_THAT(batches[0].gaps[0].detail, HasSubstr("the offsets 0 to 1 were removed"));
  EXPECT_THAT(places(batches), ElementsAre("audit/0 2:1"));
}

TEST_F(KafkaTrouble, MessagesWithNothingInThemAreCounted) {
  for (const std::string& value :
       {std::string("\0\0\0\0\1", 5), std::string(" \n "), std::string("[]"), event_line(1)}) {
    add(0, value);
  }
  const auto live = input();
  EXPECT_THAT(places(drain(*live)), UnorderedElementsAre("audit/0 3:1"));
  env.advance(Duration::seconds(2));
  drain(*live);
  EXPECT_EQ(live->counts().tombstones, 3u);
}

}  // namespace
}  // namespace kubevigil
