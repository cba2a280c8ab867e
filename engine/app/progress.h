// Progress of a replay on standard error. Based on bytes of the files, the only honest measure of what is left.
//   auto   on a terminal one line that is drawn over; else a line every 10 s
//   json   an object a line, every second: {"bytes":..,"total":..,"events":..,"elapsed_s":..,"eta_s":..,"alerts":{..}}
//   none   nothing
#pragma once

#include <optional>
#include <string>

#include "engine/app/context.h"
#include "engine/run/replay.h"

namespace kubevigil {

// Bytes a second, smoothed over about 20 seconds.
class RateMeter {
 public:
  void add(uint64_t bytes, Duration elapsed);
  double rate() const { return rate_; }
  // Seconds left; nothing in the first 3 seconds or when the total is unknown.
  std::optional<double> eta(uint64_t bytes, uint64_t total) const;

 private:
  double rate_ = 0;
  uint64_t bytes_ = 0;
  Duration elapsed_{};
};

std::string progress_line(const ReplayProgress& progress, const RateMeter& rate);
std::string progress_json(const ReplayProgress& progress, const RateMeter& rate);

class ProgressDisplay {
 public:
  ProgressDisplay(const Console& console, std::string mode);
  void show(const ReplayProgress& progress);
  // Removes the line, so that other output can follow.
  void clear();

 private:
  const Console& console_;
  std::string mode_;
  bool terminal_;
  bool drawn_ = false;
  Duration said_{};
  RateMeter rate_;
};

// "1.3 GB", "640 MB/s"-like numbers: three digits and a decimal unit.
std::string human_number(double n, std::string_view unit);
std::string human_duration(double seconds);  // "00:58", "1:02:03"

}  // namespace kubevigil
