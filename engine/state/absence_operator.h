// AbsenceOperator: fires when something that should follow did not come. Fires at the watermark, in order (deadline,
// key). What comes later than that, within the lateness, may take it back: a firing with `retracts`. Within the
// lateness what has fired and was not taken back is the same for any order of arrival, but for which of overlapping
// absences.
//
// After a Member match at time t, an Expect match of the same key must come at a time in [t - look-back, t + timespan).
//   * It may have come already. A Member match between an unanswered one and its deadline asks nothing new.
//   * The rule fires with the Member match as anchor when the watermark reaches t + timespan.
// Heartbeat form (`every`): each match of a key, Member or Expect, is a beat; the rule fires when the watermark reaches
// the newest beat + every, and then waits for the next beat. The first beat arms it. What fired stands while the beats
// behind its anchor, the late ones, too, leave a gap of `every`: for this gap, wherever it is, and for no other that
// has fired itself. Deadlines still outstanding at the end are undetermined: they do not fire and are stats().pending.
// A key remembers Expect times back to watermark - lateness - look-back, but none that its neighbours answer for, and
// unanswered Member matches as question_list.h says.
#pragma once

#include <memory>

#include "engine/state/operator.h"

namespace kubevigil {

std::unique_ptr<Operator> make_absence_operator(const Rule& rule, const OperatorLimits& limits);

}  // namespace kubevigil
