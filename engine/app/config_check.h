// What must hold between keys of a configuration, and between it and the machine. Reports to the configuration's own
// diagnostics, at the place of the key.
//
// Codes: no-input, insecure-listener, duplicate-name, same-address, tls-half, credential, transport, encoding, overlap,
// order, unused, exposed, file (the machine: missing, not readable, not writable, TLS files that do not fit).
#pragma once

#include "engine/app/config_load.h"
#include "engine/base/env.h"

namespace kubevigil {

// Pure: keys against each other.
void check_config(LoadedConfig& loaded);
// Reads the files that the configuration names, as `serve` will; creates nothing.
void check_config_files(LoadedConfig& loaded, const Env& env);

}  // namespace kubevigil
