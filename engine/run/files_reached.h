// What a run that ended early may say of its files. The inputs are read ahead, how far is chance; so what they noted
// about bytes behind the end of the run is taken back.
#pragma once

#include <optional>
#include <span>

#include "engine/run/input.h"

namespace kubevigil {

// How far the run had got in one source.
struct SourceReach {
  bool ended = false;                  // all of it was given
  std::optional<RecordPosition> next;  // else the first record that was not; none: nothing was
  bool file_ended = false;             // next.file was read to its end all the same: the end is what is wrong with it
};

// `files`: as the input left them. `before`: the same files when nothing was read.
void take_back_unreached(std::span<InputFile> files, std::span<const InputFile> before, uint32_t first_file,
                         const SourceReach& reach);

}  // namespace kubevigil
