#include "engine/app/open_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "inputs/file_input.h"
#include "inputs/file_set.h"

namespace kubevigil {
namespace {

constexpr size_t kBatchesOfAllSources = 16u << 20;  // bytes, when all sources stand open at once
constexpr size_t kSmallestBatch = 64u << 10;

}  // namespace

OpenedFiles open_files(const std::vector<std::string>& paths, InputOptions options) {
  FileSet set = find_sources(paths);
  OpenedFiles out;
  for (const PathProblem& problem : set.problems) {
    (problem.harmless ? out.notes : out.problems).push_back(problem.path + ": " + problem.message);
  }
  const size_t share = kBatchesOfAllSources / std::max<size_t>(1, set.sources.size());
  options.batch_bytes = std::min(options.batch_bytes, std::max(kSmallestBatch, share));
  uint32_t first_file = 0;
  for (FileSource& source : set.sources) {
    const auto files = static_cast<uint32_t>(source.files.size());
    out.inputs.push_back(make_file_input(std::move(source), first_file, options));
    first_file += files;
  }
  return out;
}

Result<void> check_not_read(const std::string& path, std::span<const std::unique_ptr<Input>> inputs) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) return {};
  for (const auto& input : inputs) {
    for (const InputFile& file : input->files()) {
      if (std::filesystem::equivalent(path, file.path, ignored)) {
        return fail(fmt::format("{} is one of the files to read ({}), and writing would destroy it; name another file",
                                path, file.path));
      }
    }
  }
  return {};
}

}  // namespace kubevigil
