// What a soak measures of the running program now and then; and whether it stayed flat.
//
// Flat: the medians of two windows, not single points: a window covers at least one turn of what comes and goes by
// itself (snapshots, the generations of the duplicate window).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "engine/base/timestamp.h"

namespace kubevigil::test {

struct Sample {
  Duration at{};  // since the soak began
  std::string phase = {};
  uint64_t memory = 0, descriptors = 0;                             // of the program
  uint64_t data = 0, journal = 0, spool = 0;                        // bytes on the disk
  double events = 0, alerts = 0;                                    // since the start of this life
  double far_pending = 0, nowhere_pending = 0, nowhere_oldest = 0;  // entries, entries, seconds
  double tail_lag = 0, state_bytes = 0;
};

std::string heading();
std::string row(const Sample& sample);

struct Window {
  Duration from, to;
};
using Measure = std::function<double(const Sample&)>;

// REQUIRES: a sample in the window.
double median(const std::vector<Sample>& samples, Window window, const Measure& measure);
size_t samples_in(const std::vector<Sample>& samples, Window window);

struct Flatness {
  double early = 0, late = 0;  // medians
  double allowed = 0;          // most that `late` may be
  bool flat = false;
};
// Fewer than three samples in a window: not flat.
Flatness flatness(const std::vector<Sample>& samples, Window early, Window late, const Measure& measure, double factor,
                  double extra);

}  // namespace kubevigil::test
