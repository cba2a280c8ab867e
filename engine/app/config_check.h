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
// Reads the files that the configuration names, as `serve` will; creates nothing.
void check_config_files(LoadedConfig& loaded, const Env& env);

// config_filters.cpp: of the two above, the names in filters of outputs.
void check_filter_clusters(LoadedConfig& loaded);
void check_filter_rules(LoadedConfig& loaded, const Env& env);

}  // namespace kubevigil
