// Paths of the command line to Inputs, numbered through the run.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/run/input.h"

namespace kubevigil {

struct OpenedFiles {
  std::vector<std::unique_ptr<Input>> inputs;
  std::vector<std::string> problems;  // one line each; something that was asked for is missing
  std::vector<std::string> notes;     // left out on purpose
};

// The batch size is lowered when there are many sources, so that memory stays bounded.
OpenedFiles open_files(const std::vector<std::string>& paths, InputOptions options);

// An error when writing `path` would overwrite one of the files that are read, by whatever name.
Result<void> check_not_read(const std::string& path, std::span<const std::unique_ptr<Input>> inputs);

}  // namespace kubevigil
