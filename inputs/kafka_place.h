// How far a partition was read, as a value and as text, and what its lane is called in the journal.
//
//   source    "kafka/NAME/TOPIC/PARTITION"; NAME is the input's. Names of topics are letters, digits, '.', '_', '-'.
//   position  "OFFSET GIVEN": the message that comes next, and how many of its records and bad ones were given already
//   starts    "TOPIC/PARTITION=OFFSET TOPIC/PARTITION=OFFSET ...": where a first start at the newest messages began;
//   the
//             position of "kafka/NAME" itself, so that all of them are in one entry of the journal
//
// Pure functions.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "engine/kafka/kafka_message.h"

namespace kubevigil {

// Where a partition begins that nobody has read.
enum class KafkaStart : uint8_t { Oldest, Newest };

struct KafkaPlace {
  int64_t offset = 0;
  uint64_t given = 0;
  bool operator==(const KafkaPlace&) const = default;
};
std::string to_text(const KafkaPlace& place);
std::optional<KafkaPlace> parse_kafka_place(std::string_view text);

// `input`: "kafka/NAME".
std::string kafka_source(std::string_view input, const TopicPartition& at);
std::optional<TopicPartition> parse_kafka_source(std::string_view input, std::string_view source);

using KafkaStarts = std::map<TopicPartition, int64_t>;
std::string to_text(const KafkaStarts& starts);
std::optional<KafkaStarts> parse_kafka_starts(std::string_view text);

}  // namespace kubevigil
