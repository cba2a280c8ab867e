#include <fmt/format.h>

#include "engine/base/metric_table.h"

namespace kubevigil {
namespace {

std::string_view to_text(MetricType type) {
  constexpr std::array<std::string_view, 3> kNames = {"counter", "gauge", "histogram"};
  return kNames[static_cast<size_t>(type)];
}

}  // namespace

std::string metrics_page() {
  std::string out =
      "# Metrics\n\n"
      "What `kubevigil serve` shows at `/metrics` of its admin listener. Made by `kubevigil schema metrics`; a test "
      "holds\n"
      "this page against the program. A label has at most 1000 values, further ones are summed as `other`.\n\n"
      "Counters begin at 0 with each start, as Prometheus expects, and count what this process did: what recovery "
      "judges\n"
      "again, the life before has counted. Only `kubevigil_journal_entries_total` goes on where it was.\n\n"
      "| name | type | labels | meaning |\n|---|---|---|---|\n";
  for (const MetricRow& row : metric_rows()) {
    std::string labels;
    for (std::string_view label : row.labels) {
      if (!label.empty()) labels += fmt::format("{}`{}`", labels.empty() ? "" : ", ", label);
    }
    out += fmt::format("| `{}` | {} | {} | {} |\n", row.name, to_text(row.type), labels, row.help);
  }
  for (const MetricRow& row : metric_rows()) {
    if (row.type != MetricType::Histogram) continue;
    out += fmt::format("\nBuckets of `{}`, in seconds: {}.\n", row.name, fmt::join(metric_buckets(row.metric), ", "));
  }
  return out;
}

}  // namespace kubevigil
