// `window` of the `kubevigil:` mapping: what a correlation counts in, where that is not the sliding window of its
// timespan.
//
//   window: sliding                    the default
//   window: tumbling                   event_count, value_count, value_sum, value_avg, value_percentile
//   window: {session: {gap: 5m}}       event_count and value_count up to limits::kExactThreshold; the timespan is the
//                                      most that a session spans
#pragma once

#include "engine/rule/rule_draft.h"
#include "engine/rule/yaml.h"

namespace kubevigil {

// Fills draft.correlation.shape.window. Call after the correlation section was read. Codes: bad-value, unknown-key,
// bad-extension, bad-window.
void read_window(const YamlNode& node, RuleContext& context);

}  // namespace kubevigil
