#include "engine/app/open_files.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "inputs/file_input.h"
#include "inputs/file_set.h"

namespace kubevigil {
namespace {

constexpr size_t kBatchesOfAllSources = 16u << 20;  // bytes, when all sources stand open at once
constexpr size_t kSmallestBatch = 16u << 10;

// Does standard output or standard error go there? What the run says is no log.
bool is_written(const std::string& path) {
  struct stat file {};
  struct stat stream {};
  if (::stat(path.c_str(), &file) != 0 || !S_ISREG(file.st_mode)) return false;
  for (const int descriptor : {1, 2}) {
    const bool same = ::fstat(descriptor, &stream) == 0 && stream.st_ino == file.st_ino && stream.st_dev == file.st_dev;
    if (same) return true;
  }
  return false;
}

void leave_out_written(FileSet& set) {
  for (FileSource& source : set.sources) {
    std::erase_if(source.files, [&](const SourceFile& file) {
      if (source.once || !is_written(file.path)) return false;
      set.problems.push_back({file.path, "left out: what this run prints goes there", true});
      return true;
    });
  }
  std::erase_if(set.sources, [](const FileSource& source) { return source.files.empty(); });
}

// Sources whose times overlap stand open together, one descriptor each.
void allow_descriptors(size_t sources) {
  constexpr rlim_t kOthers = 64;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= sources + kOthers) return;
  limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, sources + kOthers);
  ::setrlimit(RLIMIT_NOFILE, &limit);  // where that is too few, the files that are left out say so
}

}  // namespace

OpenedFiles open_files(const std::vector<std::string>& paths, InputOptions options) {
  FileSet set = find_sources(paths);
  leave_out_written(set);
  OpenedFiles out;
  for (const PathProblem& problem : set.problems) {
    (problem.harmless ? out.notes : out.problems).push_back(problem.path + ": " + problem.message);
  }
  allow_descriptors(set.sources.size());
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
