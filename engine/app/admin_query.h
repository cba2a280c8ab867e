// The query of GET /api/v1/alerts, and of a URL in general: "level=high&cluster=prod&since=1h&limit=20".
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/app/recent_alerts.h"
#include "engine/base/result.h"
#include "engine/base/timestamp.h"

namespace kubevigil {

// Names and values, %XX and + decoded. Errors: a % that is not followed by two hexadecimal digits; more than 20
// members.
Result<std::vector<std::pair<std::string, std::string>>> parse_query(std::string_view query);

// level (at least that), rule (id or name), cluster, status, since (a time, or a duration before `now`), limit (1 to
// limits::kRecentAlerts). Errors name the parameter and what it may be; an unknown one is an error, as is one twice.
Result<AlertQuery> parse_alert_query(std::string_view query, Timestamp now);

}  // namespace kubevigil
