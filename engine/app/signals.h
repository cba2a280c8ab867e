// What ends a run early: SIGINT and SIGTERM ask it to stop cleanly, a second one ends the program at once.
// And SIGHUP, which asks a daemon to read its files again.
#pragma once

#include <atomic>

namespace kubevigil {

// Installs the handlers. The number of the first signal, or 0; lives as long as the program.
const std::atomic<int>& watch_signals();

// How often SIGHUP came since the first call of this, which installs its handler: reload what is made of files.
const std::atomic<unsigned>& watch_hangups();

// Stops the run as a signal would; `reason` is not 0 and no signal. The first reason stays.
void stop_run(int reason);
inline constexpr int kStopOutput = -1;  // standard output cannot be written
inline constexpr int kStopStrict = -2;  // the first bad line of a strict run: reading need not go on

// A closed pipe becomes an error of the write; standard descriptors that are closed stay unusable, so that no log or
// result file takes their number.
void guard_standard_streams();

}  // namespace kubevigil
