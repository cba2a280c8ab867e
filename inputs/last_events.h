// A look at the end of a log file, to make sure of what its modification time says: that may be that of a copy, of an
// archive without times (1970), or wrong.
#pragma once

#include <string>

#include "engine/base/timestamp.h"

namespace kubevigil {

// Do the last 256 KiB of the file hold events, all of them before `t`? False also when that cannot be told: compressed,
// one large document, unreadable. Opens the file for a moment.
bool ends_before(const std::string& path, Timestamp t);

}  // namespace kubevigil
