// NewValueOperator: fires when a value comes for the first time for its group key ("first seen").
//
//   Member     its value is tested, then remembered. New: not known, or not seen for `timespan` (0: known for ever).
//   TaughtBy   its value is remembered, never fires.       ForgetOn   its value is forgotten.
//   seed       value tuples that are always known. Null values say nothing and are left out.
//   new-key: learn   the first value of a group key is learned silently; a key is known for `timespan` after its last.
// Values that come while the cluster is learning are learned silently: the first `learn` of event time after the
// cluster's first event (of the run's first event with across-clusters); with OperatorLimits::learn_until everything
// before that time, and nothing after it. A cluster that a baseline brought (baseline.h) does not learn again.
// A match that comes late, from before the first one of its value, fires, too: they are one alert. What is learned,
// taught and forgotten follows the order of arrival. A value that the budget evicted is new again; the firing says
// degraded.
#pragma once

#include <memory>

#include "engine/state/operator.h"

namespace kubevigil {

std::unique_ptr<Operator> make_new_value_operator(const Rule& rule, const OperatorLimits& limits);

}  // namespace kubevigil
