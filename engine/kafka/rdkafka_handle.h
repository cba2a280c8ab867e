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

// Called by librdkafka while it is polled.
struct RdKafkaHooks {
  // What became of a produced message.
  void (*report)(rd_kafka_t*, const rd_kafka_message_t*, void*) = nullptr;
  void (*rebalance)(rd_kafka_t*, rd_kafka_resp_err_t, rd_kafka_topic_partition_list_t*, void*) = nullptr;
  void* own = nullptr;  // the caller's, by own_of(); outlives the handle
};
void* own_of(const rd_kafka_t* handle);

// `ours` are set behind the user's properties. The handle keeps `options.log` alive.
Result<RdKafkaHandle> open_rdkafka(rd_kafka_type_t type, const KafkaOptions& options,
                                   const std::map<std::string, std::string>& ours, const RdKafkaHooks& hooks = {});

KafkaError kafka_error(rd_kafka_resp_err_t code, const std::string& doing);
KafkaError kafka_error(const rd_kafka_error_t* error, const std::string& doing);
// With why the last connection failed, if that was lately: librdkafka's calls only time out, also with a password that
// is wrong.
KafkaError explained(const rd_kafka_t* handle, KafkaError error);

RdKafkaList list_of(std::span<const TopicPartition> partitions);
RdKafkaList list_of(std::span<const KafkaPosition> positions);

inline int milliseconds(Duration most) { return static_cast<int>(most.micros / 1000); }

}  // namespace kubevigil
