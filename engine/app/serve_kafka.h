// Kafka inputs of `serve`: how they are read as settings of a bundle, and back; and the clients that read them, which
// are those of today's configuration, whatever bundle is run.
//
// Settings of one input (kept with the bundle, as those of serve_rules.h):
//   kafka/NAME           slack, idle-after, native or any, start (0 oldest, 1 newest), where the cluster's name comes
//                        from (0 name, 1 topic, 2 key, 3 header), and up to the end that name, pattern or header
//   kafka-topics/NAME    topics, with commas
//   kafka-pattern/NAME   pattern of topics
//   kafka-clusters/NAME  clusters that may come, with commas
#pragma once

#include <map>
#include <memory>
#include <string>

#include "engine/app/config.h"
#include "engine/base/env.h"
#include "engine/base/log.h"
#include "engine/rule/regex.h"
#include "inputs/kafka_live.h"

namespace kubevigil {

inline constexpr std::string_view kKafkaSetting = "kafka/";

void add_kafka_settings(const KafkaInputConfig& input, std::map<std::string, std::string>& settings);

// The group that the instance which reads this input holds. With a lease both instances read, and one sends: then each
// has its own.
std::string kafka_group(const Config& config, const KafkaInputConfig& input);

// A pattern of topics is to fit the whole name.
Result<Regex> kafka_pattern(const std::string& pattern);
// Kafka's own topics fit none.
bool fits_kafka_pattern(const Regex& pattern, const std::string& topic);

// By input name ("kafka/NAME").
using KafkaClients = std::map<std::string, KafkaReader>;
// To read what was read before: whoever reads the topics now is not disturbed. `log` outlives them. Secrets are read
// when a client is opened.
KafkaClients kafka_clients(const Config& config, Log& log);
// The same for the instance that reads on: each begins to claim its group at once.
KafkaClients owning_kafka_clients(const Config& config, Log& log);

// `setting`: "kafka/NAME". Null: no client reads it any more.
std::unique_ptr<LiveInput> open_kafka_input(const std::string& setting, const std::map<std::string, std::string>& all,
                                            const KafkaClients& clients, const Env& env);

}  // namespace kubevigil
