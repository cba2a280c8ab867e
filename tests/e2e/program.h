// Runs the real binary and collects what it says.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace kubevigil::e2e {

struct Result {
  int code = -1;  // exit code; 128 + n for signal n
  std::string out, err;
};

// Variables that are for tests are not handed on. `arguments` as a shell would split them, e.g. {"replay", "-", "-o",
// "jsonl"}. `environment`: "NAME=value" added to ours.
Result run(const std::vector<std::string>& arguments, const std::string& input = "",
           const std::vector<std::string>& environment = {});

// The audit events of `kubevigil demo`, one a line.
const std::string& demo_events();

// A folder of its own for a test, removed at the end.
class Folder {
 public:
  Folder();
  ~Folder();
  std::string path(const std::string& name = "") const;
  std::string write(const std::string& name, const std::string& text) const;  // returns the path

 private:
  std::filesystem::path folder_;
};

std::string read_file(const std::string& path);

}  // namespace kubevigil::e2e
