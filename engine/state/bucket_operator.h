// BucketOperator: value_sum, value_avg, value_percentile, and event_count with a threshold above
// limits::kExactThreshold, over 64 sub-windows for each key. All its firings say approximate. A tumbling window is one
// sub-window of the whole timespan: exact, but for a percentile.
//
// The definition, exactly, so that a model can reproduce it:
//   * A sub-window is w = ceil(timespan / 64) long; number i holds the times [i*w, (i+1)*w).
//   * The window that ends with sub-window j is the sub-windows j-63 to j: the edge of the timespan is off by at most
//   w.
//   * event_count counts events (one event once); sum, avg and percentile take each match whose number is finite.
//   * event_count and value_sum with only lower bounds: a match in sub-window i is satisfied, on arrival, when the
//     window that ends with some non-empty sub-window i <= j <= i+63 satisfies the condition. Numbers below 0 make a
//     sum fall again: then the order of arrival may decide whether it was reached.
//   * Everything else: each non-empty sub-window i is judged once, by the window that ends with it, when watermark -
//     lateness has reached (i+1)*w; the firing has the time and anchor of the newest match in it.
//   * A percentile is the value of nearest rank ceil(p/100 * n) among bins: a number m*2^e, 0.5 <= m < 1, falls into
//     one of 64 equal bins of m, and counts as the middle of its bin: relative error below 0.8 %. A sub-window has at
//     most 1,024 bins; further numbers count for the nearest bin.
// At most limits::kRecentSlack sub-windows of a key are kept; the oldest go.
#pragma once

#include <cstdint>
#include <memory>

#include "engine/state/operator.h"

namespace kubevigil {

std::unique_ptr<Operator> make_bucket_operator(const Rule& rule, const OperatorLimits& limits);

}  // namespace kubevigil
