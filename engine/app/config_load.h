// The loader of the configuration: YAML text, then environment variables over it, then defaults.
//
// An environment variable sets one key of the table in config_keys.h: KUBEVIGIL_, then the path in upper case, "__"
// where it goes one level down, "_" for "-", the place in a list (from 0) as a level of its own:
//
//   KUBEVIGIL_STATE__MEMORY=1GiB                       state.memory
//   KUBEVIGIL_INPUTS__WEBHOOK__SPOOL_BUDGET=50GB       inputs.webhook.spool-budget
//   KUBEVIGIL_OUTPUTS__0__HTTP__URL=https://...        outputs[0].http.url, of an output that the file has
//   KUBEVIGIL_RULES__PATHS=/etc/rules,/srv/rules       lists of words: separated by commas
//
// Secrets have no such variable ({env: NAME} names one). Variables that Kubernetes sets for a Service named
// kubevigil... are none of these and passed over (KUBEVIGIL_PORT, KUBEVIGIL_SERVICE_HOST ...).
//
// Pure but for load_config, which reads the one file. What is wrong is reported all at once; a Config with errors is
// only good for more checks.
//
// Codes reported: those of engine/rule/yaml.h, and bad-value, unknown-key, missing-key, unknown-variable; of
// config_check.h more.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "engine/app/config.h"
#include "engine/base/diagnostics.h"

namespace kubevigil {

using Variables = std::map<std::string, std::string, std::less<>>;  // name -> value
Variables environment();                                            // the program's own

// Where the value of a key comes from.
struct ConfigOrigin {
  enum class From : uint8_t { Default, File, Environment };
  From from = From::Default;
  SourceSpan span;  // of the value, in the file or in the variable
};

struct LoadedConfig {
  bool is_yaml = false;  // false: nothing was read, not even defaults
  Config config;
  std::map<std::string, ConfigOrigin, std::less<>> origins;  // by path: "outputs[0].http.url"; mappings too
  Diagnostics diagnostics;
  SourceTexts sources;  // for render(); without what may be secret

  // Of the key, or of the nearest one above it that stands in the file.
  SourceSpan span_of(std::string_view path) const;
};

struct ConfigSurroundings {
  std::string folder;              // of the file, absolute
  std::string host = "kubevigil";  // default of `instance`
  Variables variables;
};

LoadedConfig load_config_text(std::string_view text, const std::string& name, const ConfigSurroundings& around);
// The error says why the file cannot be read.
Result<LoadedConfig> load_config(const std::string& path, const Variables& variables);

// "state.memory" -> "KUBEVIGIL_STATE__MEMORY"
std::string variable_of(std::string_view path);

}  // namespace kubevigil
