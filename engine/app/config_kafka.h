// Kafka in the configuration: properties of librdkafka by its own names, secret ones apart, and what fits together.
#pragma once

#include "engine/app/config_load.h"
#include "engine/app/config_value.h"

namespace kubevigil {

// Properties (texts) and Secrets ({file} or {env}). A secret that is written as a text is refused, and not shown.
void read_kafka_properties(ConfigKind kind, const YamlNode& node, const std::string& path, ValueReader& reader,
                           HeaderSources& to);
std::string kafka_properties_text(const HeaderSources& properties);

bool is_kafka_topic(std::string_view name);
// They name one broker in common, so they are of one cluster; a cluster under two names is not seen.
bool same_kafka_cluster(std::string_view brokers, std::string_view others);

// `at`: "inputs.kafka[1]".
void check_kafka_input(LoadedConfig& loaded, const KafkaInputConfig& input, const std::string& at);
// REQUIRES: output.kafka. `at`: "outputs[2]".
void check_kafka_output(LoadedConfig& loaded, const OutputConfig& output, const std::string& at);

}  // namespace kubevigil
