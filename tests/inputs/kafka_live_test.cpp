#include "inputs/kafka_live.h"

#include <random>
#include "engine/codec/gzip_block.h"

#include "tests/inputs/kafka_bench.h"

namespace kubevigil {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;
using KafkaLiveTest = KafkaBench;

TEST_F(KafkaLiveTest, AMessageIsABodyOfAnyKind) {
  add(0, event_line(1));
  add(0, event_list(2, 2));
  add(0, "[" + event_line(4) + "," + event_line(5) + "]");
  add(0, event_lines(6, 2));
  add(0, gzip_compress_block(event_lines(8, 2)));
  add(0, std::string("\0\0\0\0\7", 5) + event_line(10));
  cluster->add(part(0), {.value = "", .tombstone = true});
  add(0, "");
  add(0, event_line(11));
  const auto live = input();
  const auto batches = drain(*live);
  ASSERT_EQ(batches.size(), 1u);
  EXPECT_EQ(batches[0].source, source(0));
  EXPECT_EQ(batches[0].stream, source(0));
  EXPECT_EQ(batches[0].cluster, "prod");
  EXPECT_EQ(batches[0].from, "0 0");
  EXPECT_EQ(batches[0].to, "9 0");
  EXPECT_THAT(places(batches),
              ElementsAre("audit/0 0:1", "audit/0 1:1", "audit/0 1:2", "audit/0 2:1", "audit/0 2:2", "audit/0 3:1",
                          "audit/0 3:2", "audit/0 4:1", "audit/0 4:2", "audit/0 5:1", "audit/0 8:1"));
  EXPECT_TRUE(batches[0].batch.bad.empty());
  env.advance(Duration::seconds(2));
  drain(*live);
  EXPECT_EQ(live->counts().tombstones, 2u);
}

TEST_F(KafkaLiveTest, APoisonMessageIsABadRecordAndTheRestGoesOn) {
  add(0, event_line(1));
  add(0, "{\"torn\": \n");
  add(0, std::string("\x28\xb5\x2f\xfd rubbish", 12));
  add(0, "\xFF\xFE\x01");
  add(0, event_line(2));
  const auto live = input();
  const auto batches = drain(*live);
  ASSERT_EQ(batches.size(), 1u);
  EXPECT_EQ(batches[0].batch.records.size(), 2u);
  std::vector<uint64_t> bad;
  for (const BadRecord& b : batches[0].batch.bad) bad.push_back(b.position.offset);
  EXPECT_THAT(bad, ElementsAre(1, 2, 3));
}

TEST_F(KafkaLiveTest, ABatchIsOfOnePartitionAndOneCluster) {
  options.cluster = {.from = KafkaClusterFrom::Key, .allowed = {"a", "b"}};
  int n = 0;
  for (const char* key : {"a", "a", "x", "b", "a"}) {
    for (int32_t partition : {0, 1}) cluster->add(part(partition), {.value = event_line(++n), .key = key});
  }
  const auto live = input();
  std::vector<std::string> clusters[2];
  for (const LiveBatch& batch : drain(*live)) {
    clusters[batch.source == source(1)].push_back(batch.cluster + (batch.batch.bad.empty() ? "" : "bad"));
    if (batch.cluster.empty()) {
      EXPECT_EQ(batch.batch.bad[0].reason, BadReason::ForeignCluster);
    }
  }
  EXPECT_THAT(clusters[0], ElementsAre("a", "bad", "b", "a"));
  EXPECT_THAT(clusters[1], ElementsAre("a", "bad", "b", "a"));
}

TEST_F(KafkaLiveTest, AFirstStartAtTheNewestIsKeptBeforeAnythingElse) {
  options.lanes.start = KafkaStart::Newest;
  for (int32_t partition : {0, 1}) add(partition, event_line(1));
  std::vector<LiveBatch> batches;
  {
    const auto live = input();
    batches = drain(*live);
    ASSERT_EQ(batches.size(), 1u);
    EXPECT_EQ(batches[0].source, "kafka/k");
    EXPECT_EQ(batches[0].pieces(), 0u);
    EXPECT_EQ(batches[0].to, "audit/0=1 audit/1=1");
    EXPECT_TRUE(live->owns(batches[0].source));
    for (int32_t partition : {0, 1}) add(partition, event_line(2));
    add(2, event_line(3));  // a new partition is read from its first message
    EXPECT_THAT(places(drain(*live)), UnorderedElementsAre("audit/0 1:1", "audit/1 1:1"));
    env.advance(Duration::seconds(31));
    EXPECT_THAT(places(drain(*live)), ElementsAre("audit/2 0:1"));
  }
  // Killed when only that and a part of partition 0 was journaled.
  const auto live = input();
  ASSERT_TRUE(live->seek(source(0), "2 0"));
  ASSERT_TRUE(live->seek("kafka/k", batches[0].to));
  EXPECT_THAT(places(drain(*live)), UnorderedElementsAre("audit/1 1:1", "audit/2 0:1"));
}

TEST_F(KafkaLiveTest, WhatRetentionTookIsToldOnceAndTheRestGoesOn) {
  for (int i = 0; i < 5; ++i) add(0, event_line(i));
  add(1, event_line(9));
  cluster->remove_before(part(0), 3);
  const auto live = input();
  ASSERT_TRUE(live->seek(source(0), "1 0"));
  const auto batches = drain(*live);
  EXPECT_THAT(places(batches), UnorderedElementsAre("audit/0 3:1", "audit/0 4:1", "audit/1 0:1"));
  std::vector<InputGap> gaps;
  for (const LiveBatch& batch : batches) {
    for (const InputGap& gap : batch.gaps) gaps.push_back(gap);
    if (batch.gaps.empty()) continue;
    EXPECT_EQ(batch.pieces(), 0u);
    EXPECT_EQ(batch.source, source(0));
    EXPECT_EQ(batch.from, "1 0");
    EXPECT_EQ(batch.to, "3 0");
  }
  ASSERT_EQ(gaps.size(), 1u);
  EXPECT_EQ(gaps[0].what, "gone");
  EXPECT_THAT(gaps[0].detail, HasSubstr("audit[0]: the offsets 1 to 2 were removed"));
}

TEST_F(KafkaLiveTest, ATopicThatWasMadeAnewIsReadFromItsFirstMessage) {
  for (int i = 0; i < 3; ++i) add(0, event_line(i));
  const auto live = input();
  EXPECT_EQ(places(drain(*live)).size(), 3u);
  cluster->make_anew(part(0));
  add(0, event_line(7));
  const auto batches = drain(*live);
  EXPECT_THAT(places(batches), ElementsAre("audit/0 0:1"));
  ASSERT_EQ(batches.size(), 2u);
  ASSERT_EQ(batches[0].gaps.size(), 1u);
  EXPECT_EQ(batches[0].gaps[0].what, "truncated");
  EXPECT_THAT(drain(*live), IsEmpty());
}

TEST_F(KafkaLiveTest, NothingIsMissingWhereNothingWasPromised) {
  for (int i = 0; i < 3; ++i) add(0, event_line(i));
  cluster->remove_before(part(0), 2);
  const auto batches = drain(*input());
  ASSERT_EQ(batches.size(), 1u);
  EXPECT_TRUE(batches[0].gaps.empty());
}

// The watermark would else run away with the first partition, and what the others hold would be late.
TEST_F(KafkaLiveTest, PartitionsSpeakInTheOrderOfTheirMessagesFirst) {
  for (int i = 0; i < 50; ++i) {
    for (int32_t partition : {0, 1, 2}) add(partition, event_line(i), i * 60 + partition * 10);
  }
  for (uint64_t seed = 0; seed < 20; ++seed) {
    SCOPED_TRACE(seed);
    cluster->faults = {};
    const auto live = input();
    const auto batches = drain(*live);
    ASSERT_GE(batches.size(), 3u);
    EXPECT_EQ(batches[0].source, source(0));
    EXPECT_EQ(batches[0].pieces(), 1u);
    EXPECT_EQ(batches[1].source, source(1));
    EXPECT_EQ(batches[1].pieces(), 1u);
    EXPECT_EQ(batches[2].source, source(2));
    EXPECT_EQ(places(batches).size(), 150u);
  }
}

TEST_F(KafkaLiveTest, IsNotCaughtUpWhileTheClusterIsAwayButNotForEver) {
  add(0, event_line(1));
  const auto live = input();
  EXPECT_EQ(drain(*live).size(), 1u);
  cluster->away = true;
  LiveBatch batch;
  EXPECT_EQ(live->poll(batch), LiveStep::Waiting);  // as it said last
  cluster->away = false;
  add(0, event_line(2));
  const auto again = input();
  cluster->away = true;
  EXPECT_EQ(again->poll(batch), LiveStep::Later);
  EXPECT_EQ(again->problem(), "the broker does not answer");
  cluster->away = false;
  EXPECT_EQ(drain(*again).size(), 1u);
  EXPECT_EQ(again->problem(), "");
}

TEST_F(KafkaLiveTest, ATopicThatIsNotThereIsSaid) {
  options.lanes.topics = {"audit", "nonesuch"};
  add(0, event_line(1));
  const auto live = input();
  EXPECT_EQ(drain(*live).size(), 1u);
  EXPECT_THAT(live->problem(), HasSubstr("no topic nonesuch"));
}

TEST_F(KafkaLiveTest, LagIsWhatIsThereAndWasNotGiven) {
  options.batch_bytes = 1;
  for (int i = 0; i < 10; ++i) add(0, event_line(i));
  add(1, event_line(1));
  const auto live = input();
  LiveBatch batch;
  ASSERT_EQ(live->poll(batch), LiveStep::Batch);
  env.advance(Duration::seconds(2));
  LiveBatch next;
  ASSERT_EQ(live->poll(next), LiveStep::Batch);
  EXPECT_EQ(live->counts().lag_messages, 10u);
  drain(*live);
  cluster->add_mark(part(0));
  env.advance(Duration::seconds(2));
  drain(*live);
  EXPECT_EQ(live->counts().lag_messages, 0u);
  ASSERT_EQ(live->counts().lags->size(), 2u);
  EXPECT_EQ(live->counts().lags->at(1).source, source(1));
}

// A topic that is written in transactions ends with a mark of one. Retention that takes the mark takes nothing of ours.
TEST_F(KafkaLiveTest, MarksOfTransactionsThatAreGoneAreNoGap) {
  std::string stands;
  for (int round = 0; round < 3; ++round) {
    if (round != 1) add(0, event_line(round));
    cluster->add_mark(part(0));
    const auto live = input();
    if (round > 0) {
      cluster->remove_before(part(0), round == 1 ? 2 : 3);
      ASSERT_TRUE(live->seek(source(0), stands));
    }
    const auto batches = drain(*live);
    ASSERT_FALSE(batches.empty());
    for (const LiveBatch& batch : batches) EXPECT_THAT(batch.gaps, IsEmpty()) << batch.from;
    if (round > 0) {
      EXPECT_EQ(batches.front().from, stands);
    }
    stands = batches.back().to;
  }
  EXPECT_EQ(stands, "5 0");
}

// In recovery, when one partition is read again while others are flooded.
TEST_F(KafkaLiveTest, TheGroupMayComeAndGoAtAnyMoment) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    make(seed);
    cluster->faults = {.nothing = 3, .retry = 10, .fatal = 20};
    std::mt19937_64 random(seed);
    for (int n = 0; n < 30; ++n) add(n % 2, event_line(n));
    int asked = 0;
    KafkaLive live(
        options,
        KafkaReader{.open = [this]() -> Result<std::unique_ptr<KafkaConsumer>> { return cluster->consumer(); },
                    .hold = [&]() -> KafkaHold {
                      const bool ours = ++asked > 300 || random() % 3 != 0;
                      return {ours ? KafkaHold::Who::Ours : KafkaHold::Who::Others, ours ? "" : "b holds it"};
                    }},
        env);
    for (int32_t partition : {0, 1}) ASSERT_TRUE(live.seek(source(partition), "0 0"));
    size_t pieces = 0;
    for (int i = 0; i < 20'000 && pieces < 15; ++i) {  // as in recovery
      LiveBatch batch;
      if (live.poll(batch, 15 - pieces, source(1)) != LiveStep::Batch) live.wait(Duration{100'000});
      pieces += batch.pieces();
    }
    EXPECT_EQ(pieces, 15u) << seed;
    EXPECT_EQ(places(drain(live)).size(), 15u) << seed;
  }
}

TEST_F(KafkaLiveTest, WhatIsGoneForGoodIsNotWaitedFor) {
  add(0, event_line(1));
  const auto live = input();
  ASSERT_TRUE(live->seek(source(0), "0 0"));
  ASSERT_TRUE(live->seek("kafka/k/removed/0", "0 0"));
  LiveStep step = LiveStep::Later;
  for (int i = 0; i < 100 && step == LiveStep::Later; ++i) {
    LiveBatch batch;
    step = live->poll(batch, 1, "kafka/k/removed/0");
    if (step == LiveStep::Later) live->wait(Duration::seconds(1));
  }
  EXPECT_EQ(step, LiveStep::Waiting);
}

TEST_F(KafkaLiveTest, WhileAnotherOneHoldsTheGroupNothingIsReadAndThenAllOfIt) {
  for (int n = 1; n <= 4; ++n) add(0, event_line(n));
  KafkaHold hold{KafkaHold::Who::Others, "the group audit is held by b"};
  std::vector<KafkaPosition> said;
  const auto live = std::make_unique<KafkaLive>(
      options,
      KafkaReader{.open = [this]() -> Result<std::unique_ptr<KafkaConsumer>> { return cluster->consumer(); },
                  .hold = [&] { return hold; },
                  .committed = [&](std::vector<KafkaPosition> positions) { said = std::move(positions); }},
      env);
  LiveBatch none;
  EXPECT_EQ(live->poll(none), LiveStep::Later);
  EXPECT_EQ(live->problem(), "the group audit is held by b");
  EXPECT_EQ(cluster->opened, 0u);

  hold = {KafkaHold::Who::Ours, {}};
  LiveBatch first;
  while (live->poll(first, 2) != LiveStep::Batch) live->wait(Duration::seconds(1));
  EXPECT_EQ(first.to, "2 0");
  env.advance(Duration::seconds(2));
  hold = {KafkaHold::Who::Others, "the group audit was taken over"};
  EXPECT_EQ(live->poll(none), LiveStep::Later);
  EXPECT_EQ(live->problem(), "the group audit was taken over");
  EXPECT_THAT(said, ElementsAre(KafkaPosition{part(0), 2}));

  hold = {KafkaHold::Who::Ours, {}};
  EXPECT_THAT(places(drain(*live)), ElementsAre("audit/0 2:1", "audit/0 3:1"));
  EXPECT_EQ(live->problem(), "");
}

TEST_F(KafkaLiveTest, WhoIsNotToWaitStopsWhenAnotherOneHoldsTheGroup) {
  add(0, event_line(1));
  KafkaHold hold{KafkaHold::Who::Unknown, "joining"};
  KafkaLive live(options,
                 KafkaReader{.open = [this]() -> Result<std::unique_ptr<KafkaConsumer>> { return cluster->consumer(); },
                             .hold = [&] { return hold; },
                             .refuse = true},
                 env);
  LiveBatch batch;
  EXPECT_EQ(live.poll(batch), LiveStep::Later);
  hold = {KafkaHold::Who::Others, "the group audit is held by b"};
  EXPECT_EQ(live.poll(batch), LiveStep::Broken);
  EXPECT_EQ(live.problem(), "the group audit is held by b");
}

TEST_F(KafkaLiveTest, WaitingForAnotherOneIsToldApartFromTrouble) {
  KafkaHold hold{KafkaHold::Who::Unknown, "no broker answers"};
  KafkaLive live(options,
                 KafkaReader{.open = [this]() -> Result<std::unique_ptr<KafkaConsumer>> { return cluster->consumer(); },
                             .hold = [&] { return hold; }},
                 env);
  const auto stands_by = [&] {
    env.advance(Duration::seconds(1));
    LiveBatch batch;
    live.poll(batch);
    return live.counts().stands_by;
  };
  EXPECT_FALSE(stands_by());
  hold = {KafkaHold::Who::Others, "the group audit is held by b"};
  EXPECT_TRUE(stands_by());
  EXPECT_EQ(live.problem(), "the group audit is held by b");
  hold = {KafkaHold::Who::Ours, ""};
  EXPECT_FALSE(stands_by());
}

TEST_F(KafkaLiveTest, RefusesPositionsOfOthers) {
  const auto live = input();
  EXPECT_FALSE(live->seek(source(0), "x"));
  EXPECT_FALSE(live->seek("kafka/k", "1 0"));
  EXPECT_FALSE(live->owns("kafka/kk/audit/0"));
  EXPECT_FALSE(live->owns("spool"));
  EXPECT_TRUE(live->owns(source(7)));
}

}  // namespace
}  // namespace kubevigil
