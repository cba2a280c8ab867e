// LostProgress: keys that were given up for want of memory, by how far they had come, in tenths of what fires.
// Counters, so that whoever looks now and then sees what was lost in between.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace kubevigil {

using LostProgress = std::array<uint64_t, 10>;

// The place of a progress of 0 to 1; beyond, and no number: the nearest.
inline size_t tenth_of(double progress) {
  return progress > 0 ? static_cast<size_t>(std::min(progress, 0.95) * 10) : 0;
}

}  // namespace kubevigil
