// The Input of files: opens one after the other, decompresses, cuts, and keeps account of each (bytes, lines, hash).
#pragma once

#include <memory>

#include "engine/run/input.h"
#include "inputs/file_set.h"

namespace kubevigil {

// Files whose name or modification time says that all of it lies outside options.from..to are marked skipped and
// never opened; an hour of slack covers clocks and late events.
std::unique_ptr<Input> make_file_input(FileSource source, uint32_t first_file, InputOptions options);

}  // namespace kubevigil
