// What is held of messages, of partitions that come and go, and of nothing at all.
#include <limits>

#include "engine/run/live_snapshot.h"
#include "inputs/kafka_live.h"
#include "tests/inputs/kafka_bench.h"

namespace kubevigil {
namespace {

using KafkaBounds = KafkaBench;

TEST_F(KafkaBounds, WhatArrivesForOthersIsKeptUpToABound) {
  constexpr int kMessages = 400;
  options.lanes.bounds = {.enough = 20'000, .held_bytes = 50'000, .rest = {}};
  for (int i = 0; i < kMessages; ++i) {
    for (int32_t partition : {0, 1, 2, 3}) add(partition, event_line(i));
  }
  const auto live = input();
  for (int32_t partition : {0, 1, 2, 3}) ASSERT_TRUE(live->seek(source(partition), "0 0"));
  for (int32_t partition : {2, 0, 3, 1}) {
    std::vector<LiveBatch> batches;
    size_t pieces = 0;
    while (pieces < kMessages) {
      LiveBatch batch;
      const LiveStep step = live->poll(batch, kMessages - pieces, source(partition));
      if (step == LiveStep::Later) {
        live->wait(Duration::seconds(1));
        continue;
      }
      ASSERT_EQ(step, LiveStep::Batch);
      EXPECT_EQ(batch.source, source(partition));
      pieces += batch.pieces();
      batches.push_back(std::move(batch));
    }
    EXPECT_EQ(places(batches).front(), fmt::format("audit/{} 0:1", partition));
    EXPECT_EQ(places(batches).back(), fmt::format("audit/{} {}:1", partition, kMessages - 1));
  }
  EXPECT_GT(cluster->paused, 0u);
  EXPECT_EQ(cluster->assigned, 1u);
}

TEST_F(KafkaBounds, NoPartitionAddsToWhatIsHeldWhileAnotherOneIsMissed) {
  constexpr int kPartitions = 200, kMost = 50'000;
  options.lanes.bounds = {.enough = 20'000, .held_bytes = kMost, .rest = {}};
  for (int32_t partition = 1; partition < kPartitions; ++partition) {
    for (int i = 0; i < 5; ++i) add(partition, std::string(1000, 'x'));
  }
  cluster->create(part(0));
  const auto live = input();
  for (int32_t partition = 0; partition < kPartitions; ++partition) ASSERT_TRUE(live->seek(source(partition), "0 0"));
  for (int i = 0; i < 300; ++i) {
    LiveBatch batch;
    ASSERT_NE(live->poll(batch, 1, source(0)), LiveStep::Batch);
    live->wait(Duration{1000});
  }
  EXPECT_LE(cluster->delivered, static_cast<uint64_t>(kMost) / 1000 + 1);
}

TEST_F(KafkaBounds, TopicsThatAreGoneUseUpNoPlaces) {
  constexpr int32_t kDaily = 1'400;
  static_assert(3 * kDaily > limits::kKafkaPartitions);
  options.lanes.topics.clear();
  options.lanes.fits = [](const std::string&) { return true; };
  for (int day = 0; day < 3; ++day) {
    for (int32_t n = 0; n < kDaily; ++n) cluster->create({"day-" + std::to_string(day), n});
    const TopicPartition last{"day-" + std::to_string(day), kDaily - 1};
    cluster->add(last, {.value = event_line(day)});
    const auto live = input();
    for (int before = 0; before < day; ++before) {
      for (int32_t n = 0; n < kDaily; ++n) {
        ASSERT_TRUE(live->seek(kafka_source("kafka/k", {"day-" + std::to_string(before), n}), "0 0"));
      }
    }
    EXPECT_EQ(places(drain(*live)).size(), 1u) << day;
    EXPECT_EQ(live->problem(), "");
    for (int32_t n = 0; n < kDaily; ++n) cluster->remove({"day-" + std::to_string(day), n});
  }
}

// A snapshot that is refused would keep the journal growing until the disk is full.
TEST_F(KafkaBounds, PositionsOfEightInputsWithTheLongestNamesFitIntoASnapshot) {
  constexpr int64_t kFar = std::numeric_limits<int64_t>::max();
  const std::string topic(249, 't');
  LiveNote note;
  note.rules = {"hash"};
  for (int n = 0; n < 8; ++n) {
    const std::string name = fmt::format("kafka/{}{}", std::string(62, 'n'), n);
    KafkaStarts starts;
    for (size_t p = 0; p < limits::kKafkaPartitions; ++p) {
      const TopicPartition at{topic, static_cast<int32_t>(p)};
      starts[at] = kFar;
      note.positions[kafka_source(name, at)] = to_text(KafkaPlace{kFar, std::numeric_limits<uint64_t>::max()});
    }
    note.positions[name] = to_text(starts);
  }
  const std::string bytes = encode_note(note);
  EXPECT_LT(bytes.size(), limits::kSnapshotNoteBytes);
  ASSERT_TRUE(decode_note(bytes));
  EXPECT_EQ(decode_note(bytes)->positions, note.positions);
}

TEST_F(KafkaBounds, ManyTombstonesAreAPlaceToGoOnAt) {
  for (int i = 0; i < 500; ++i) cluster->add(part(0), {.value = "", .tombstone = true});
  options.lanes.bounds.enough = 20'000;
  const auto live = input();
  const auto batches = drain(*live);
  ASSERT_GT(batches.size(), 1u);
  for (const LiveBatch& batch : batches) EXPECT_EQ(batch.pieces(), 0u);
  EXPECT_EQ(batches.back().to, "500 0");
}

}  // namespace
}  // namespace kubevigil
