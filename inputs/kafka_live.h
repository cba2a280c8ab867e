// KafkaLive: topics of Kafka as a LiveInput. Each partition is a lane and a stream, "kafka/NAME/TOPIC/PARTITION";
// positions are those of kafka_place.h. One active instance reads all partitions (KafkaOwner sees to it); a second one
// waits (Later), or stops (Broken).
//
// A message is a body: one event, an EventList, an array or lines, packed with gzip or zstd or not (what the producer
// had the broker compress is unpacked by the client). In front of it five bytes of Confluent's wire format (0 and a
// schema's number) are passed over. A message without a value, or an empty one, holds nothing. RecordPosition::offset
// is Kafka's, line the place in the message. Messages of a partition that stand one behind the other are joined into
// one batch as long as their cluster is the same.
//
// A message whose cluster cannot be known, or is not one of those that may come this way, is one bad record.
//
// Gaps: "gone" (retention took what was not read yet), "truncated" (the topic is shorter than it was).
//
// One thread; interrupt by all. `env` outlives it.
#pragma once

#include <atomic>
#include <string>

#include "engine/event/formats.h"
#include "engine/run/live_input.h"
#include "inputs/kafka_cluster.h"
#include "inputs/kafka_lanes.h"

namespace kubevigil {

struct KafkaLiveOptions {
  KafkaLanesOptions lanes;  // `quiet` is idle_after
  KafkaClusterRule cluster;
  Duration slack = Duration::seconds(30);
  Duration idle_after = Duration::seconds(75);
  FormatsPtr formats = native_formats();
  size_t batch_bytes = 1u << 20;
};

class KafkaLive final : public LiveInput {
 public:
  KafkaLive(KafkaLiveOptions options, KafkaReader reader, const Env& env);

  const std::string& name() const override { return options_.lanes.name; }
  bool owns(std::string_view source) const override;
  bool reads(std::string_view source) const override;
  LiveStep poll(LiveBatch& batch, size_t most_pieces = SIZE_MAX, std::string_view only = {}) override;
  void wait(Duration most) override;
  void interrupt() override { interrupted_ = true; }
  bool seek(std::string_view source, std::string_view position) override;
  std::string problem() const override { return lanes_.problem(); }
  LiveInputCounts counts() const override { return counts_; }

 private:
  LiveStep give_starts(LiveBatch& batch);
  LiveStep give_gap(KafkaLane& lane, LiveBatch& batch);
  LiveStep give_place(KafkaLane& lane, LiveBatch& batch);
  bool give(KafkaLane& lane, Timestamp until, LiveBatch& batch, size_t most_pieces);
  bool take_message(KafkaLane& lane, LiveBatch& batch, BatchBuilder& builder, size_t most_pieces);
  void take_foreign(KafkaLane& lane, BatchBuilder& builder, const std::string& why);
  void count();

  const KafkaLiveOptions options_;
  const Env& env_;
  const std::function<void(std::vector<KafkaPosition>)> committed_;
  const std::function<KafkaHold()> hold_;
  KafkaLanes lanes_;
  std::atomic<bool> interrupted_ = false;
  uint64_t tombstones_ = 0;
  LiveInputCounts counts_;  // about a second old
  std::optional<Duration> counted_;
  std::string buffer_;
};

}  // namespace kubevigil
