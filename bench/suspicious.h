// Suspicious requests, such as an intruder makes: so that rules have something to find in generated logs.
#pragma once

#include "bench/traffic.h"

namespace kubevigil::bench {

Request draw_suspicious(const Cluster& cluster, Random& random, int64_t now);

}  // namespace kubevigil::bench
