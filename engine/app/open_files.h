// Paths of the command line to Inputs, numbered through the run.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/run/input.h"

namespace kubevigil {

struct OpenedFiles {
  std::vector<std::unique_ptr<Input>> inputs;
  std::vector<std::string> problems;  // one line each; something that was asked for is missing
  std::vector<std::string> notes;     // left out on purpose
};

// The batch size is lowered when there are many sources, so that memory stays bounded.
OpenedFiles open_files(const std::vector<std::string>& paths, InputOptions options);

}  // namespace kubevigil
