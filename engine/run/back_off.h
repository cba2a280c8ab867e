// BackOff: when a sink that fails tries again, and since when it has been failing. Waiting times double from `first`
// up to `most`, and each is drawn evenly between 0 and that (full jitter: sinks that failed together do not come back
// together); a time that the consumer asked for is kept to instead. One thread; times are on Env::monotonic().
#pragma once

#include <algorithm>
#include <cstdint>

#include "engine/base/timestamp.h"

namespace kubevigil {

struct BackOffLimits {
  Duration first = Duration::seconds(1);
  Duration most = Duration::minutes(5);
};

class BackOff {
 public:
  explicit BackOff(BackOffLimits limits) : limits_(limits) {}

  // It had been failing for so long when the program ended.
  void go_on_failing(Duration before) { before_ = before; }
  void succeeded() { failures_ = 0, before_ = {}; }
  // A try failed. Returns how long to wait; at least kShortest, so that a failing sink never spins.
  Duration failed(Duration now, Duration asked, uint64_t random) {
    if (failures_++ == 0) since_ = now;
    if (asked.micros > 0) return asked;
    const int doublings = static_cast<int>(std::min<uint64_t>(failures_ - 1, 40));
    const int64_t first = std::max<int64_t>(limits_.first.micros, 1);
    const int64_t longest = first > (limits_.most.micros >> doublings) ? limits_.most.micros : first << doublings;
    const auto range = static_cast<uint64_t>(std::max<int64_t>(longest, 0)) + 1;
    return std::max(kShortest, Duration{static_cast<int64_t>(random % range)});
  }

  uint64_t failures() const { return failures_; }  // in a row
  // How long it has been failing; 0 when it is not, as far as this life of the program has seen.
  Duration failing_for(Duration now) const {
    return failures_ == 0 ? Duration{} : Duration{before_.micros + (now - since_).micros};
  }

  static constexpr Duration kShortest{10'000};

 private:
  BackOffLimits limits_;
  uint64_t failures_ = 0;
  Duration since_, before_{};
};

}  // namespace kubevigil
