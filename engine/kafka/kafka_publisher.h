// KafkaPublisher: messages into one topic, each batch together with a cursor of the caller's in one transaction. So
// what a read_committed reader sees and how far the caller is change together or not at all, through any crash.
//
// The cursor is the committed offset of a consumer group that has no members (KafkaPublisherOptions::cursor_group), of
// partition 0 of the topic. Kafka forgets it when nothing is committed for offsets.retention.minutes (7 days), and with
// the topic.
//
//   open() -> cursor; pass over what lies up to it; publish(); publish(); any error: open() again
//
// An error of publish() leaves open whether the transaction is committed: librdkafka 2.0 sends the end of a transaction
// again by itself, and one that was cut off may still arrive. open() makes a new client, which ends what the old one
// left (its epoch is fenced), and then asks for the cursor; only it knows.
//
// Without a cursor group: no transaction, no cursor; each message once as long as the client lives (idempotent
// producer), again after an error.
//
// Threads: one, but cancel(). No call waits much longer than it was told. Messages are borrowed for the call.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "engine/base/timestamp.h"
#include "engine/kafka/kafka_error.h"
#include "engine/kafka/kafka_message.h"
#include "engine/kafka/kafka_options.h"

namespace kubevigil {

struct KafkaPublisherOptions {
  KafkaOptions kafka;
  std::string topic;
  std::string transactional_id;  // the same in every life, and of no other instance; "": no transactions
  std::string cursor_group;      // with transactions
};

struct KafkaCursor {
  int64_t value = 0;     // not negative
  std::string metadata;  // printable ASCII, short; librdkafka 2.0 cuts at a NUL
  bool operator==(const KafkaCursor&) const = default;
};

struct KafkaOut {
  std::string_view key, value;  // the key decides the partition, as with Java's producer (murmur2)
  std::vector<KafkaHeader> headers;
};

class KafkaPublisher {
 public:
  virtual ~KafkaPublisher() = default;
  // The cursor that the last committed transaction holds; nullopt: there is none (for sure).
  virtual KafkaResult<std::optional<KafkaCursor>> open(Duration most) = 0;
  // Behind an open() since which nothing failed; else Retry. Without messages the cursor alone is committed.
  // BadMessage: one of them will never be taken as it is, and the transaction was aborted.
  virtual KafkaResult<void> publish(std::span<const KafkaOut> messages, const KafkaCursor& cursor, Duration most) = 0;
  // True: open() comes before the next publish(), though nothing failed.
  virtual bool wants_open() const { return false; }
  // Any thread, for good: a call under way ends soon with Retry, and so do all later ones.
  virtual void cancel() {}
};

}  // namespace kubevigil
