// SIGINT and SIGTERM ask a run to stop cleanly; a second one ends the program at once.
#pragma once

#include <atomic>

namespace kubevigil {

// Installs the handlers. The number of the first signal, or 0; lives as long as the program.
const std::atomic<int>& watch_signals();

}  // namespace kubevigil
