// From the configuration of an output to what opens it and what its sink is told. Reads the secrets that environment
// and files hold; an error names the output and the place, never the value.
#pragma once

#include <map>

#include "engine/app/config.h"
#include "outputs/transport_registry.h"

namespace kubevigil {

// Without its secrets, so that there is no error: for shape_output().
OutputOptions output_words(const OutputConfig& config, const std::string& instance);
// `instance`: Config::instance, the host that alerts name.
Result<OutputOptions> output_options(const OutputConfig& config, const std::string& instance);

// The properties of a Kafka client, with the secrets among them.
Result<std::map<std::string, std::string>> kafka_properties(
    const std::vector<std::pair<std::string, SecretSource>>& properties,
    const std::vector<std::pair<std::string, SecretSource>>& secrets);

// `opened` gives framing and limits; `data`: Config::data, below which reminders and dead letters are kept.
SinkOptions sink_options(const OutputConfig& config, const OpenOutput& opened, const std::string& data);

// Of a sink of this data folder: where its reminders are kept.
std::string reminder_path(const std::string& data, const std::string& name);

}  // namespace kubevigil
