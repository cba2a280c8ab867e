// The machine-readable forms of check_report.h, and what they count.
#pragma once

#include <string>

#include "engine/rule/rule_loader.h"

namespace kubevigil {

struct CheckCounts {
  size_t rules = 0, dead = 0, portable = 0, errors = 0, warnings = 0, notes = 0;
};
CheckCounts count(const LoadedRules& loaded);
// A rule as seen through a filter on a correlation: no rule of the user's.
bool is_view(const Rule& rule);

std::string check_json(const LoadedRules& loaded);
std::string check_sarif(const LoadedRules& loaded, const std::string& version);
std::string check_junit(const LoadedRules& loaded);

}  // namespace kubevigil
