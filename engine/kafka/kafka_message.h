// Values of Kafka: partitions, positions in them, one message. Offsets are those of the broker: they grow within a
// partition, with holes where transactions end or records were compacted.
#pragma once

#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/timestamp.h"

namespace kubevigil {

struct TopicPartition {
  std::string topic;
  int32_t partition = 0;
  auto operator<=>(const TopicPartition&) const = default;
};
std::string to_text(const TopicPartition& at);  // "audit[3]", printable

struct KafkaPosition {
  TopicPartition at;
  int64_t offset = 0;  // of the next message
  bool operator==(const KafkaPosition&) const = default;
};

struct KafkaHeader {
  std::string_view name, value;
  bool is_null = false;
};

// What a topic holds of one partition: messages from `first` on, before `end` (of those that are committed).
struct KafkaRange {
  int64_t first = 0, end = 0;
};

// The texts live as long as the message. Movable; owned by whoever polled it.
struct KafkaMessage {
  TopicPartition at;
  int64_t offset = 0;
  Timestamp time;  // as its producer or the broker said; Timestamp::min(): none
  std::string_view key, value;
  bool has_key = false, has_value = false;  // without a value: a tombstone
  std::vector<KafkaHeader> headers;         // none, when there are more than limits::kKafkaHeaders

  std::shared_ptr<void> owner;
};

}  // namespace kubevigil
