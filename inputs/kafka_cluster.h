// Which cluster the events of a Kafka message are of: as configured, whatever the events say themselves. Whoever may
// write to the topic may say another key or header: `allowed` is what keeps him from speaking for other clusters.
//
// A pure function of the message.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/kafka/kafka_message.h"

namespace kubevigil {

enum class KafkaClusterFrom : uint8_t { Name, Topic, Key, Header };

struct KafkaClusterRule {
  KafkaClusterFrom from = KafkaClusterFrom::Name;
  std::string text = {};  // the name, or that of the header
  // What a topic's name says; nullopt: nothing.
  std::function<std::optional<std::string>(const std::string& topic)> of_topic = {};
  std::vector<std::string> allowed = {};  // empty: all
};

// The error says why it cannot be known, or may not be it; printable.
Result<std::string> cluster_of(const KafkaClusterRule& rule, const KafkaMessage& message);

}  // namespace kubevigil
