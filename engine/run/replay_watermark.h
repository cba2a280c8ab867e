// The watermark over archives that are merged by time: the largest merge time so far minus kSlack. Duplicates do not
// count. One owner, one thread.
#pragma once

#include <algorithm>

#include "engine/base/timestamp.h"

namespace kubevigil {

class ReplayWatermark {
 public:
  static constexpr Duration kSlack = Duration::seconds(2);  // disorder within one API server's log

  // Where it stands with an event at `merge_time`; min: no event had a time yet.
  Timestamp with(Timestamp merge_time) const {
    const Timestamp newest = std::max(newest_, merge_time);
    return newest == Timestamp::min() ? newest : newest - kSlack;
  }
  // That event counted.
  void take(Timestamp merge_time) { newest_ = std::max(newest_, merge_time); }
  // No further events will come.
  Timestamp final() const { return newest_; }

 private:
  Timestamp newest_ = Timestamp::min();
};

}  // namespace kubevigil
