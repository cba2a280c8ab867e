// What the two librdkafka clients share: a handle made of options, errors put into our words, lists of partitions. Only
// this folder's rdkafka_*.cpp include this header and librdkafka's.
#pragma once

#include <librdkafka/rdkafka.h>

#include <memory>
#include <span>

#include "engine/kafka/kafka_error.h"
#include "engine/kafka/kafka_message.h"
#include "engine/kafka/kafka_options.h"

namespace kubevigil {

struct RdKafkaEnd {
  void operator()(rd_kafka_t* handle) const;
  void operator()(rd_kafka_topic_partition_list_t* list) const { rd_kafka_topic_partition_list_destroy(list); }
  void operator()(rd_kafka_error_t* error) const { rd_kafka_error_destroy(error); }
  void operator()(const rd_kafka_metadata_t* metadata) const { rd_kafka_metadata_destroy(metadata); }
};
using RdKafkaHandle = std::unique_ptr<rd_kafka_t, RdKafkaEnd>;
using RdKafkaList = std::unique_ptr<rd_kafka_topic_partition_list_t, RdKafkaEnd>;

// What became of a produced message; in rd_kafka_flush and rd_kafka_poll.
using RdKafkaReport = void (*)(rd_kafka_t*, const rd_kafka_message_t*, void*);

// `ours` are set behind the user's properties. The handle keeps `options.log` alive.
Result<RdKafkaHandle> open_rdkafka(rd_kafka_type_t type, const KafkaOptions& options,
                                   const std::map<std::string, std::string>& ours, RdKafkaReport report = nullptr);

KafkaError kafka_error(rd_kafka_resp_err_t code, const std::string& doing);
KafkaError kafka_error(const rd_kafka_error_t* error, const std::string& doing);

RdKafkaList list_of(std::span<const TopicPartition> partitions);
RdKafkaList list_of(std::span<const KafkaPosition> positions);

inline int milliseconds(Duration most) { return static_cast<int>(most.micros / 1000); }

}  // namespace kubevigil
