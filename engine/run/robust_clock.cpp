#include "engine/run/robust_clock.h"

#include <algorithm>

namespace kubevigil {

RobustClock::RobustClock(Timestamp start) : now_(start), largest_{start, start, start} {}

Timestamp RobustClock::advance(Timestamp event_time) {
  if (event_time <= now_) {
    // An event at the old time: what was refused before stays an outlier.
    outliers_ += pending_;
    pending_ = 0;
    return now_;
  }
  if (event_time > largest_[2]) {
    largest_[2] = event_time;
    std::sort(largest_.rbegin(), largest_.rend());
  }
  if (event_time > largest_[2] + kLead) {
    ++pending_;
  } else {
    const bool confirms = pending_ > 0 && event_time > now_ + kLead;
    if (!confirms) outliers_ += pending_;
    pending_ = 0;
    now_ = event_time;
  }
  return now_;
}

}  // namespace kubevigil
