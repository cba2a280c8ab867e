// The files of one rotated log, as they stand in its folder now: the live file and those renamed or compressed away
// from it (rotated_name.h), oldest first. A compressed file is left out while the plain one of its name still stands:
// it may be growing. Reads the folder and file types, opens nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "inputs/rotated_name.h"

namespace kubevigil {

struct LogFile {
  std::string path;
  RotatedName name;
  uint64_t device = 0;
  uint64_t inode = 0;
  uint64_t size = 0;  // on disk

  bool live() const { return !name.number && !name.rotated_at && !name.compressed; }
};

struct LogFolder {
  std::vector<LogFile> files;
  size_t ignored = 0;   // the oldest beyond limits::kTailFiles
  std::string problem;  // why the folder could not be read
};

// `path` of the live file. Folders are not read atomically: a file that is renamed meanwhile may be missing. So it is
// read until two answers agree; nullopt when they do not soon: ask again later.
std::optional<LogFolder> read_log_folder(const std::string& path);

}  // namespace kubevigil
