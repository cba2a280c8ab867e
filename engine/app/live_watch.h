// LiveWatch: looks at the pipeline's status now and then for what nobody inside it can say: state that was given up
// for want of memory (state_pressure, by rule; each tells of all since the one before, five minutes ago or more) and
// sources whose clock runs ahead of this machine's (clock_skew).
// One thread; no clock of its own.
#pragma once

#include <map>
#include <string>

#include "engine/run/live_pipeline.h"
#include "engine/run/self_alerts.h"

namespace kubevigil {

// A stream's watermark stands its slack behind its newest event; this far ahead of now the source's clock is wrong, or
// ours.
inline constexpr Duration kClockAhead = Duration::seconds(5);

class LiveWatch {
 public:
  explicit LiveWatch(SelfAlerts& self_alerts) : self_alerts_(self_alerts) {}
  void review(const ConsumerStatus& status, Timestamp now);

 private:
  void review_state(const ConsumerStatus& status, Timestamp now);
  void review_clocks(const ConsumerStatus& status, Timestamp now);

  SelfAlerts& self_alerts_;
  struct Told {
    uint64_t evictions = 0;
    LostProgress lost{};
    Timestamp time = Timestamp::min();  // min: never
  };
  bool begun_ = false;                // what was there at the start is not told again
  std::map<std::string, Told> told_;  // by rule id
};

}  // namespace kubevigil
