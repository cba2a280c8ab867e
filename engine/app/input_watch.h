// InputWatch: says in the log what keeps an input from going on, once it has lasted for kSaidAfter; again when that is
// something else, and when it is over. Metrics and /api/v1/sources show it from the first moment.
// One thread. `log` and `env` outlive it.
#pragma once

#include <map>
#include <span>
#include <string>

#include "engine/base/env.h"
#include "engine/base/log.h"
#include "engine/run/live_intake.h"

namespace kubevigil {

class InputWatch {
 public:
  static constexpr Duration kSaidAfter = Duration::seconds(5);

  InputWatch(const Env& env, Log& log) : env_(env), log_(log) {}
  void review(std::span<const IntakeStatus> inputs);

 private:
  struct Seen {
    std::string problem, said;
    Duration since{};  // monotonic: of `problem`
  };
  const Env& env_;
  Log& log_;
  std::map<std::string, Seen> seen_;  // by input
};

}  // namespace kubevigil
