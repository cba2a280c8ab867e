// The Input of files: opens one after the other, decompresses, cuts, and keeps account of each (bytes, lines, hash).
#pragma once

#include <memory>

#include "engine/run/input.h"
#include "inputs/file_set.h"

namespace kubevigil {

// Files that lie outside options.from..to are marked skipped: by their name, or where it has no time by their
// modification time, if their last events bear it out (last_events.h). An hour of slack covers clocks and late events.
std::unique_ptr<Input> make_file_input(FileSource source, uint32_t first_file, InputOptions options);

}  // namespace kubevigil
