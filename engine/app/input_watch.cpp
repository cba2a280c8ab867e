#include "engine/app/input_watch.h"

#include <fmt/format.h>

#include <utility>

#include "engine/base/text.h"

namespace kubevigil {

void InputWatch::review(std::span<const IntakeStatus> inputs) {
  const Duration now = env_.monotonic();
  for (const IntakeStatus& input : inputs) {
    Seen& seen = seen_[input.name];
    log(input, seen, now);
    alert(input, seen, now);
  }
}

void InputWatch::log(const IntakeStatus& input, Seen& seen, Duration now) {
  if (input.problem != seen.problem) seen.problem = input.problem, seen.since = now;
  if (seen.problem == seen.said || now - seen.since < kSaidAfter) return;
  seen.said = seen.problem;
  if (seen.said.empty()) {
    log_.info("input", "goes on", {{"input", input.name}});
  } else {
    log_.warn("input", "cannot go on; what it has waits there", {{"input", input.name}, {"why", seen.said}});
  }
}

// A moment in which it goes on is none.
void InputWatch::alert(const IntakeStatus& input, Seen& seen, Duration now) {
  const auto event = [&](std::string detail) {
    return SelfAlertEvent{SelfAlertKind::InputStuck, "", printable(input.name), std::move(detail), env_.now()};
  };
  if (input.is_stuck()) {
    if (!std::exchange(seen.stuck, true)) seen.stuck_since = now;
    seen.stuck_until = now;
    if (now - seen.stuck_since < kAlertAfter || std::exchange(seen.alerted, true)) return;
    self_alerts_.raise(event(fmt::format("{}: {}", printable(input.name), input.problem)));
  } else if (seen.stuck && now - seen.stuck_until >= kSaidAfter) {
    seen.stuck = false;
    if (std::exchange(seen.alerted, false)) self_alerts_.clear(event("it goes on"));
  }
}

}  // namespace kubevigil
