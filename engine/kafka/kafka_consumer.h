// KafkaConsumer: reads partitions that it was given, from the offsets that it was given. Positions are the caller's
// affair: nothing is stored or committed for him, and no group moves partitions between instances (KafkaOwner has the
// group). Implemented over librdkafka (rdkafka_consumer.cpp) and, for tests, in memory
// (tests/support/simulated_kafka.h).
//
// Read committed: messages of aborted transactions, and of those that are still open, are not seen.
//
// Threads: one at a time. No call waits longer than it was told. Errors: KafkaResult; a poll that fails can be
// repeated, unless the fault is Fatal.
#pragma once

#include <functional>
#include <optional>
#include <span>

#include "engine/base/timestamp.h"
#include "engine/kafka/kafka_error.h"
#include "engine/kafka/kafka_message.h"

namespace kubevigil {

// Of poll().
enum class KafkaStep : uint8_t {
  Message,
  Nothing,  // not within the time
  End,      // of the partition KafkaMessage::at, at its `offset`: no message is in front; said once until it grows
};

class KafkaConsumer {
 public:
  virtual ~KafkaConsumer() = default;

  // Partitions of all topics that are wanted, sorted. Topics of Kafka itself ("__...") are asked for, too.
  virtual KafkaResult<std::vector<TopicPartition>> partitions(const std::function<bool(const std::string&)>& wanted,
                                                              Duration most) = 0;

  // From now on exactly these are read, from there on. Messages that were fetched for other positions are dropped.
  virtual KafkaResult<void> assign(std::span<const KafkaPosition> positions) = 0;

  // OutOfRange names the partition in `message.at`; it is not read any more until it is assigned again.
  virtual KafkaResult<KafkaStep> poll(KafkaMessage& message, Duration most) = 0;

  // Does the cluster have it? Refused: it does not say.
  virtual KafkaResult<bool> is_there(const TopicPartition& at, Duration most) = 0;

  virtual KafkaResult<KafkaRange> range(const TopicPartition& at, Duration most) = 0;
  // Of many, in no more time. One that cannot answer may keep all others from answering.
  virtual std::vector<KafkaResult<KafkaRange>> ranges(std::span<const TopicPartition> partitions, Duration most);

  // Behind the last message of what is assigned, as the broker said when it was read last; nullopt: not known. Messages
  // of open transactions count. Asks nobody.
  virtual std::optional<int64_t> newest(const TopicPartition& at) const { return (void)at, std::nullopt; }

  // For each partition a position in front of all its messages that are not older than `time`: as near as the client
  // knows, else the first.
  virtual KafkaResult<std::vector<KafkaPosition>> positions_at(std::span<const TopicPartition> partitions,
                                                               Timestamp time, Duration most);

  // Of what was assigned. What is paused is fetched no further than it is already.
  virtual void pause(std::span<const TopicPartition> partitions) = 0;
  virtual void resume(std::span<const TopicPartition> partitions) = 0;
};

}  // namespace kubevigil
