// Paths that the user gave -> sources. A file, a directory (all files below it), a glob, or "-" for standard input.
// A rotated set of files is one source, oldest first. Reads directories and file types, opens nothing.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/base/timestamp.h"

namespace kubevigil {

struct SourceFile {
  std::string path;
  std::optional<Timestamp> closed_at;  // nothing was written after this time, as far as its name says
  Duration doubt{};                    // so far that may be wrong, either way: the time zone of the name is not known
};

// One API server's log, as far as names tell.
struct FileSource {
  std::string name;  // path of the live file, whether it is there or not; distinct within a set
  std::vector<SourceFile> files;
  bool once = false;  // standard input or a pipe: cannot be opened a second time
};

struct PathProblem {
  std::string path;
  std::string message;    // what it is, why it was left out
  bool harmless = false;  // left out on purpose: nothing is missing from the result
};

struct FileSet {
  std::vector<FileSource> sources;  // by name; "-" where the user put it is first
  std::vector<PathProblem> problems;
};

// Standard input, a named pipe, or what a shell makes of <(command).
bool is_read_once(const std::string& path);

FileSet find_sources(std::span<const std::string> paths);

}  // namespace kubevigil
