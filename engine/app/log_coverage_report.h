// What `kubevigil rules coverage --from-log` says: rule by rule whether the log let it see. Pure functions; everything
// from logs is escaped.
#pragma once

#include <string>
#include <vector>

#include "engine/run/log_coverage.h"

namespace kubevigil {

struct LogCoverageReport {
  SeenRequests log;
  size_t unread = 0;  // records that hold no audit event
  std::vector<RuleCoverage> rules;
};

std::string log_coverage_text(const LogCoverageReport& report, const RuleSet& rules);
std::string log_coverage_json(const LogCoverageReport& report, const RuleSet& rules);

}  // namespace kubevigil
