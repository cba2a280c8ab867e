// The seed of a test that kills at random moments: KUBEVIGIL_SEED, or a new one; printed before anything happens.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>

namespace kubevigil::test {

inline uint64_t seed_of_run() {
  const char* given = std::getenv("KUBEVIGIL_SEED");
  const uint64_t seed = given != nullptr ? std::stoull(given) : std::random_device()();
  fmt::print("KUBEVIGIL_SEED={}\n", seed);
  return seed;
}

}  // namespace kubevigil::test
