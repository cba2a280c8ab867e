// The metrics of `serve`: counters of its parts, copied over at a scrape. Which part has which metric stands here and
// nowhere else; names and meanings are in engine/base/metric_table.cpp.
#pragma once

#include "engine/app/serve_parts.h"
#include "engine/base/metrics.h"

namespace kubevigil {

// Everything that the parts which are there know. Any thread.
void set_serve_metrics(MetricWriter& out, const ServeParts& parts, const ServeFacts& facts, Timestamp now);

}  // namespace kubevigil
