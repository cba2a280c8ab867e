// Parts of pods that bodies of several kinds share.
#pragma once

#include <cstdint>
#include <string>

#include "bench/cluster.h"
#include "bench/go_json.h"

namespace kubevigil::bench {

// fieldsV1 of the manager that wrote a pod with that many environment variables.
std::string pod_fields(size_t variables);
void write_pod_status(GoJson& json, const Cluster& cluster, size_t pod, int64_t now);

}  // namespace kubevigil::bench
