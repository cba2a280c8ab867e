#include "outputs/severity.h"

#include <algorithm>
#include <array>

namespace kubevigil {
namespace {

constexpr std::array<SeverityWords, 6> kSeverities = {{
    {"informational", "Informational", 1, "Informational", "info", 6, 3, 1, "#7a8793"},
    {"low", "Notice", 2, "Low", "info", 5, 4, 21, "#3f7fbf"},
    {"medium", "Warning", 3, "Medium", "warning", 4, 6, 47, "#e0a800"},
    {"high", "Error", 4, "High", "warning", 3, 7, 73, "#e8590c"},
    {"critical", "Critical", 5, "Critical", "critical", 2, 8, 99, "#d4351c"},
    {"critical", "Alert", 5, "Critical", "critical", 1, 9, 99, "#8c1d18"},  // all five stages
}};

bool all_stages_seen(const Alert& alert) {
  return std::all_of(kStageNames.begin() + 1, kStageNames.end(), [&](std::string_view stage) {
    return std::find(alert.values.begin(), alert.values.end(), stage) != alert.values.end();
  });
}

}  // namespace

const SeverityWords& severity_of(const Alert& alert) {
  if (alert.level == Level::Critical && all_stages_seen(alert)) return kSeverities.back();
  return kSeverities[static_cast<size_t>(alert.level)];
}

}  // namespace kubevigil
