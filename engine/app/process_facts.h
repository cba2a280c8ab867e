// What the kernel says about this process: the process_* metrics, under the names that all exporters of Prometheus use.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "engine/base/metrics.h"
#include "engine/base/timestamp.h"

namespace kubevigil {

struct ProcessFacts {
  double cpu_seconds = 0;
  double start_seconds = 0;  // since 1970
  uint64_t resident_bytes = 0, virtual_bytes = 0;
  uint64_t open_fds = 0, max_fds = 0;
};

// nullopt where /proc is not mounted. Any thread.
std::optional<ProcessFacts> process_facts();

// The parsing half: the texts of /proc/self/stat (proc(5): pid, (name), state, ...; utime and stime are fields 14 and
// 15, starttime 22, vsize 23, rss 24) and of the line btime in /proc/stat. The name may hold anything, also ") R 1".
std::optional<ProcessFacts> parse_process_stat(std::string_view stat, std::string_view machine_stat, int64_t ticks,
                                               int64_t page_bytes);

void set_process_metrics(MetricWriter& out);

}  // namespace kubevigil
