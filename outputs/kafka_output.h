// An output to a Kafka topic, put together: publisher, lookup and transport of the real client (engine/kafka).
#pragma once

#include <memory>
#include <string>

#include "engine/base/env.h"
#include "engine/kafka/kafka_options.h"
#include "engine/run/journal_lives.h"
#include "engine/run/output.h"

namespace kubevigil {

struct KafkaOutput {
  KafkaOptions cluster = {};
  std::string topic;
  bool exactly_once = true;
  std::string cursor_group;      // exactly once
  std::string transactional_id;  // exactly once
  Duration timeout = Duration::seconds(30);
  JournalLives lives;  // exactly once
};

// Connects nowhere. Error: a property that is wrong or ours; its value is not named.
Result<std::unique_ptr<Transport>> open_kafka_output(const KafkaOutput& options, const std::string& name,
                                                     const Env& env);

struct KafkaTopicLook {
  size_t partitions = 0;
  std::string why, advice;  // without partitions
};
// Asks the cluster for the topic; nothing is written.
KafkaTopicLook look_at_kafka_topic(const KafkaOutput& options, Duration most);

// Why a property cannot be used, or "".
std::string why_no_kafka_property(const std::string& name, const std::string& value);

}  // namespace kubevigil
