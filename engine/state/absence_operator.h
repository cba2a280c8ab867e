// AbsenceOperator: fires when something that should follow did not come. Fires at the watermark, in order (deadline,
// key). What comes later than that, within the lateness, may take it back: a firing with `retracts`. Answers follow the
// order of arrival.
//
// After a Member match at time t, an Expect match of the same key must come at a time in [t - look-back, t + timespan).
//   * It may have come already. One deadline a key is outstanding: a further Member match does not move it.
//   * The rule fires with the Member match as anchor when the watermark reaches t + timespan.
// Heartbeat form (`every`): each match of a key, Member or Expect, is a beat; the rule fires when the watermark reaches
// the newest beat + every, and then waits for the next beat. The first beat arms it.
// Deadlines still outstanding at the end are undetermined: they do not fire and are stats().pending.
// A key remembers its newest 64 Expect times, and none older than watermark - lateness - look-back.
#pragma once

#include <memory>

#include "engine/state/operator.h"

namespace kubevigil {

std::unique_ptr<Operator> make_absence_operator(const Rule& rule, const OperatorLimits& limits);

}  // namespace kubevigil
