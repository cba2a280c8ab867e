// Which file of a rotated set continues, and which comes next. Opens files to compare their first bytes.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include "inputs/log_folder.h"
#include "inputs/tail_position.h"
#include "inputs/tailed_file.h"

namespace kubevigil {

// What is remembered of a file's predecessor.
struct Predecessor {
  Fingerprint head;
  int64_t closed_us = 0;  // by its name; 0: it does not say
};

// The file, or the one it was copied or compressed to, standing at `offset`; null when none is that file any more.
// `tail`: of the bytes in front of the offset. `not_inode`: no candidate.
std::unique_ptr<TailedFile> reopen(const LogFolder& folder, const FileIdentity& file, uint64_t offset,
                                   const Fingerprint& tail, std::optional<uint64_t> not_inode = std::nullopt);

// Where a file that is held open stands in the set, by inode or as its compressed form.
std::optional<size_t> index_of(const LogFolder& folder, const FileIdentity& file);

// The first file behind a predecessor. Where that is gone, too, and names have no time: the oldest, because rotation
// removes the oldest first, and what is left is then newer.
// `known`: false when the predecessor should be there and is not, so that others may be gone with it.
size_t first_behind(const LogFolder& folder, const Predecessor& before, bool* known = nullptr);

// What the file at `index` has in front of it.
Predecessor predecessor_of(const LogFolder& folder, size_t index);

}  // namespace kubevigil
