// RobustClock: the time at which a source stands in the merge, such that single wrong clocks do not count
// (design/rules.md 4). It follows the event times of the source, never goes back, and does not follow an event that is
// more than kLead ahead of the third-largest time seen so far (that event included): one record dated 2099 stays an
// outlier, three in a row are believed.
#pragma once

#include <array>
#include <cstdint>

#include "engine/base/timestamp.h"

namespace kubevigil {

class RobustClock {
 public:
  static constexpr Duration kLead = Duration::hours(1);

  // `start`: where the source begins (merge.h); events before it do not move the clock.
  explicit RobustClock(Timestamp start = Timestamp::min());

  // The next event of the source, in input order. Returns where the clock stands with it.
  Timestamp advance(Timestamp event_time);
  Timestamp now() const { return now_; }
  // Events that the clock has not followed and that later ones did not confirm.
  uint64_t outliers() const { return outliers_ + pending_; }

 private:
  Timestamp now_;
  std::array<Timestamp, 3> largest_;  // descending
  uint64_t pending_ = 0;              // refused, perhaps confirmed by what comes next
  uint64_t outliers_ = 0;
};

}  // namespace kubevigil
