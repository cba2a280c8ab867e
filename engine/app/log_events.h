// All events of logs on the caller's thread, in the order of the files: for commands that look at a log without judging
// it in order.
#pragma once

#include <string>
#include <vector>

#include "engine/app/context.h"
#include "engine/event/record_reader.h"

namespace kubevigil {

// Hands every event of files, directories and globs to `sink`; returns how many records held none. What cannot be read
// is said, and costs the exit code kExitInput.
size_t read_events(const std::vector<std::string>& paths, EventSink& sink, Context& context);

}  // namespace kubevigil
