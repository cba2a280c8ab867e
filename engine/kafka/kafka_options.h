// How a Kafka cluster is reached. Everything that librdkafka knows may be said as a property of its own name
// (https://github.com/confluentinc/librdkafka/blob/v2.0.2/CONFIGURATION.md); those that our promises rest on are ours.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "engine/base/result.h"

namespace kubevigil {

// librdkafka's own words: level as in syslog(3), a printable line. On its threads.
using KafkaLog = std::function<void(int level, const std::string& line)>;

struct KafkaOptions {
  std::string brokers;    // bootstrap.servers
  std::string client_id;  // in the brokers' logs and quotas
  // As the user wrote them, secrets filled in. Texts of errors never hold a value.
  std::map<std::string, std::string> properties;
  KafkaLog log = {};
};

// The properties that may not be set, with the reason; nullptr: it may.
const char* reserved_kafka_property(std::string_view name);

// "" or what librdkafka says is wrong with a property.
std::string wrong_kafka_property(const std::string& name, const std::string& value);

}  // namespace kubevigil
