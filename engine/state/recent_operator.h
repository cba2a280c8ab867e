// RecentOperator: event_count, value_count, temporal and temporal_ordered over a RecentList for each key.
//
//   type              a match is satisfied when some window (t' - timespan, t'] that holds it, t' the time of a match,
//   event_count       holds `threshold` events (one event counts once, whatever number of member rules it matched)
//   value_count       holds `threshold` distinct values, one of require_any among them if given; nulls do not count
//   temporal          holds a match of each member rule, or of `threshold` of them
//   temporal_ordered  holds a chain: one match of each member rule, strictly increasing in (time, sequence)
//
// Tumbling windows (WindowSpec): the window is the one that holds the match. Sessions: of (t' - timespan, t'] only what
// reaches t' without a pause longer than the gap. So a session is never cut in two: it satisfies when some stretch of
// it, not longer than the timespan, does, whatever the order in which its matches came.
//
// The count of a firing is exact up to what the condition and its raises need, or limits::kCountedValues; beyond, at
// least: more is not kept, so that a flood of values costs no more than a few.
//
// With an upper bound, eq or neq (event_count, value_count, temporal) each event is judged once, by the window that
// ends at its time, when watermark - lateness has passed it: nothing can change the answer then. A tumbling window is
// judged once, as a whole; the firing has the time and anchor of its newest match. value_count with a
// threshold N above limits::kExactThreshold looks only at values whose hash is divisible by the smallest power of two s
// with N/s <= kExactThreshold, and compares s times their number: standard error about 1/sqrt(N/s), 3 to 5 %; such
// firings say approximate.
#pragma once

#include <memory>

#include "engine/state/operator.h"

namespace kubevigil {

std::unique_ptr<Operator> make_recent_operator(const Rule& rule, const OperatorLimits& limits);

}  // namespace kubevigil
