// KafkaFetch: brings messages of lanes: has them read by the consumer from where they stand, takes what has arrived,
// and pauses partitions when too much is held. Makes the consumer, and a new one when it is of no use any more.
//
// One thread. The lanes, `env` and what stands in the options outlive it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "engine/base/env.h"
#include "engine/base/limits.h"
#include "engine/kafka/kafka_consumer.h"
#include "engine/kafka/kafka_owner.h"
#include "inputs/kafka_lane.h"

namespace kubevigil {

// How an input comes to read. Its functions may be called for as long as it lives.
struct KafkaReader {
  std::function<Result<std::unique_ptr<KafkaConsumer>>()> open;
  std::function<KafkaHold()> hold = {};                            // who reads (kafka_owner.h); none: nobody else does
  std::function<void(std::vector<KafkaPosition>)> committed = {};  // what comes next, for displays of lag
  bool refuse = false;                                             // when another one reads: stop; else wait for him
};

class KafkaFetch {
 public:
  struct Bounds {
    size_t enough = 4u << 20;                     // bytes that are taken in advance, when nothing is missed
    size_t held_bytes = limits::kKafkaHeldBytes;  // then all are paused but those that are missed
    Duration rest = Duration{100'000};            // behind what did not work
  };

  KafkaFetch(KafkaLaneMap& lanes, Bounds bounds, KafkaReader reader, const Env& env)
      : lanes_(lanes), bounds_(bounds), reader_(std::move(reader)), env_(env) {}

  // Null: it cannot be made now, or another instance reads; problem() says why. A new one, when the last one is of no
  // use any more.
  KafkaConsumer* consumer();
  // Another one reads, and this one is not to wait for him.
  bool refused() const { return refused_; }
  // What is to be read has changed.
  void place_again() { dirty_ = true; }
  // Takes what is there, until enough is held and those that are wanted hold something.
  void pull(const std::function<bool(const KafkaLane&)>& wanted);
  // Until something arrives, or `most` is over; looks at `stop` in between.
  void wait(Duration most, const std::function<bool()>& stop);

  void drop_first(KafkaLane& lane);
  void drop_all(KafkaLane& lane);
  // Something did not work.
  void fail(const KafkaError& error);
  // Behind its last message, as far as is known; 0: nothing is.
  int64_t newest(const TopicPartition& at) const {
    return consumer_ == nullptr ? 0 : consumer_->newest(at).value_or(0);
  }
  void mended() { problem_.clear(); }
  const std::string& problem() const { return problem_; }

 private:
  bool may_read();
  bool assign();
  enum class Taken : uint8_t { Something, Nothing, Fault };
  Taken take(Duration most);
  void take_message(KafkaMessage message);
  void pause_others(const std::function<bool(const KafkaLane&)>& wanted);
  void resume(bool all, const std::function<bool(const KafkaLane&)>& wanted);

  KafkaLaneMap& lanes_;
  const Bounds bounds_;
  const KafkaReader reader_;
  const Env& env_;
  std::unique_ptr<KafkaConsumer> consumer_;
  bool broken_ = false, refused_ = false;
  Duration open_again_{}, failing_since_{};  // monotonic
  bool dirty_ = false;
  size_t held_ = 0;  // bytes
  uint64_t arrivals_ = 0;
  std::string problem_;
};

}  // namespace kubevigil
