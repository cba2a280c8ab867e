// InputWatch: says what keeps an input from going on: in the log once it has lasted for kSaidAfter, again when that is
// something else, and when it is over; and as the self-alert input_stuck once something, whatever it is, has kept it
// for kAlertAfter. An input that waits because another instance reads is not stuck. Metrics and /api/v1/sources show it
// from the first moment.
// One thread. What it is given outlives it.
#pragma once

#include <map>
#include <span>
#include <string>

#include "engine/base/env.h"
#include "engine/base/log.h"
#include "engine/run/live_intake.h"
#include "engine/run/self_alerts.h"

namespace kubevigil {

class InputWatch {
 public:
  static constexpr Duration kSaidAfter = Duration::seconds(5);
  static constexpr Duration kAlertAfter = Duration::minutes(3);
  static_assert(kAlertAfter < kSelfAlertEvery, "or an alert that was open before a restart would be closed and opened");

  InputWatch(const Env& env, Log& log, SelfAlerts& self_alerts) : env_(env), log_(log), self_alerts_(self_alerts) {}
  void review(std::span<const IntakeStatus> inputs);

 private:
  struct Seen {
    std::string problem, said;
    Duration since{};  // monotonic: of `problem`
    bool stuck = false, alerted = false;
    Duration stuck_since{}, stuck_until{};
  };
  void log(const IntakeStatus& input, Seen& seen, Duration now);
  void alert(const IntakeStatus& input, Seen& seen, Duration now);

  const Env& env_;
  Log& log_;
  SelfAlerts& self_alerts_;
  std::map<std::string, Seen> seen_;  // by input
};

}  // namespace kubevigil
