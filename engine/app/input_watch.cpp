#include "engine/app/input_watch.h"

namespace kubevigil {

void InputWatch::review(std::span<const IntakeStatus> inputs) {
  const Duration now = env_.monotonic();
  for (const IntakeStatus& input : inputs) {
    Seen& seen = seen_[input.name];
    if (input.problem != seen.problem) seen.problem = input.problem, seen.since = now;
    if (seen.problem == seen.said || now - seen.since < kSaidAfter) continue;
    seen.said = seen.problem;
    if (seen.said.empty()) {
      log_.info("input", "goes on", {{"input", input.name}});
    } else {
      log_.warn("input", "cannot go on; what it has waits there", {{"input", input.name}, {"why", seen.said}});
    }
  }
}

}  // namespace kubevigil
