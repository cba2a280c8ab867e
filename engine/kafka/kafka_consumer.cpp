#include "engine/kafka/kafka_consumer.h"

namespace kubevigil {

std::vector<KafkaResult<KafkaRange>> KafkaConsumer::ranges(std::span<const TopicPartition> partitions, Duration most) {
  std::vector<KafkaResult<KafkaRange>> out;
  for (const TopicPartition& at : partitions) out.push_back(range(at, most));
  return out;
}

KafkaResult<std::vector<KafkaPosition>> KafkaConsumer::positions_at(std::span<const TopicPartition> partitions,
                                                                    Timestamp, Duration most) {
  std::vector<KafkaPosition> out;
  for (const TopicPartition& at : partitions) {
    const auto held = range(at, most);
    if (!held) return tl::unexpected(held.error());
    out.push_back({at, held->first});
  }
  return out;
}

}  // namespace kubevigil
