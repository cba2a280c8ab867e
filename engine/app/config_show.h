// The configuration as it is in effect, and where each value comes from. Secrets are not shown. Pure.
#pragma once

#include <string>

#include "engine/app/config_load.h"

namespace kubevigil {

// YAML that could be a configuration file but for what is "redacted"; behind each value "# FILE:LINE", the environment
// variable, or "# default".
std::string config_as_yaml(LoadedConfig& loaded);
// [{"path":"state.memory","value":"256MiB","from":"default"}, ...]; from: default, file ("file", "line"), environment
// ("variable").
std::string config_as_json(LoadedConfig& loaded);

}  // namespace kubevigil
