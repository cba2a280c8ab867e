// The bounds of engine/base/limits.h that a run met: one list for the summary and for --stats-json.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/run/replay.h"

namespace kubevigil {

struct Bound {
  std::string_view name;  // as in limits.h
  uint64_t count = 0;     // how often it bit; 0: never
  std::string meaning;    // for people: "<count> ..."
};

// Always all of them, in a fixed order.
std::vector<Bound> bounds_of(const ReplayReport& report);

}  // namespace kubevigil
