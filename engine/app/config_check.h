// What must hold between keys of a configuration, and between it and the machine. Reports to the configuration's own
// diagnostics, at the place of the key.
//
// Codes: no-input, insecure-listener, duplicate-name, same-address, tls-half, credential, transport, encoding, overlap,
// order, unused, exposed, unknown-name, file (the machine: missing, not readable, not writable, TLS files that do not
// fit).
#pragma once

#include "engine/app/config_load.h"
#include "engine/base/env.h"

namespace kubevigil {

// Pure: keys against each other.
void check_config(LoadedConfig& loaded);
// Reads the files that the configuration names, as `serve` will; creates nothing. For `serve` itself what is wrong with
// an output is a warning: it is opened when it can be, and keeps nobody from taking events meanwhile.
enum class FileProblems : uint8_t { Errors, OutputsOnlyWarn };
void check_config_files(LoadedConfig& loaded, const Env& env, FileProblems problems = FileProblems::Errors);
// Why nothing can be written to this path as to a file that is ours; "" when it can, also when it is not there yet.
std::string why_no_output_file(const std::string& path);

// config_filters.cpp: of the two above, the names in filters of outputs.
void check_filter_clusters(LoadedConfig& loaded);
void check_filter_rules(LoadedConfig& loaded, const Env& env);

}  // namespace kubevigil
