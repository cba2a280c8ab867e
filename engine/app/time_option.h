// Times on the command line: RFC 3339, a date (midnight UTC), seconds since 1970, or "-2h" (so long before now).
#pragma once

#include <string>

#include "engine/base/result.h"
#include "engine/base/timestamp.h"

namespace kubevigil {

Result<Timestamp> parse_time_option(std::string_view text, Timestamp now);

}  // namespace kubevigil
