#include "inputs/file_set.h"

#include <glob.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <system_error>

#include "engine/base/text.h"
#include "inputs/rotated_name.h"

namespace kubevigil {
namespace {

namespace fs = std::filesystem;

struct Candidate {
  RotatedName name;
  std::string path;
};

class Finder {
 public:
  void add(const std::string& path) {
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (path == "-") {
      standard_input_ = true;
    } else if (status.type() == fs::file_type::not_found) {
      fs::is_symlink(path, error) ? problem(path, "a symbolic link that leads nowhere") : glob_or_missing(path);
    } else if (error) {
      problem(path, "cannot look at it: " + error.message());
    } else if (fs::is_directory(status)) {
      directory(path);
    } else {
      is_read_once(path) ? pipe(path) : file(path, status);
    }
  }

  FileSet done() {
    FileSet set;
    if (standard_input_) set.sources.push_back({"-", {{"-", std::nullopt, {}}}, true});
    for (const std::string& path : pipes_) set.sources.push_back({path, {{path, std::nullopt, {}}}, true});
    for (auto& [name, candidates] : groups_) set.sources.push_back(source(name, candidates));
    set.problems = std::move(problems_);
    return set;
  }

 private:
  void problem(const std::string& path, std::string message, bool harmless = false) {
    problems_.push_back({path, std::move(message), harmless});
  }

  void glob_or_missing(const std::string& path) {
    glob_t found{};
    if (path.find_first_of("*?[") != std::string::npos && ::glob(path.c_str(), 0, nullptr, &found) == 0) {
      for (size_t i = 0; i < found.gl_pathc; ++i) add(found.gl_pathv[i]);
    } else {
      problem(path, "no such file or directory, and no file matches it as a pattern");
    }
    ::globfree(&found);
  }

  // Only where it was named: in a directory a pipe would make the run wait for nobody.
  void pipe(const std::string& path) {
    if (std::find(pipes_.begin(), pipes_.end(), path) == pipes_.end()) pipes_.push_back(path);
  }

  // Symbolic links to directories are not followed below the one given: they may lead round in a circle.
  void directory(const std::string& path) {
    std::error_code error;
    std::vector<fs::directory_entry> entries;
    for (fs::directory_iterator it(path, error), end; !error && it != end; it.increment(error)) entries.push_back(*it);
    if (error) problem(path, "cannot list the directory: " + error.message());
    std::sort(entries.begin(), entries.end());
    for (const fs::directory_entry& entry : entries) {
      std::error_code ignored;
      if (entry.is_directory(ignored)) {
        if (!entry.is_symlink(ignored)) directory(entry.path().string());
      } else {
        const fs::file_status status = entry.status(error);
        if (status.type() == fs::file_type::not_found) {
          problem(entry.path().string(), "a symbolic link that leads nowhere");
        } else if (error) {
          problem(entry.path().string(), "cannot look at it: " + error.message());
        } else {
          file(entry.path().string(), status);
        }
      }
    }
  }

  void file(const std::string& path, const fs::file_status& status) {
    if (!fs::is_regular_file(status)) {
      return problem(path, "not a regular file; give a log file, a directory, or - for standard input");
    }
    std::error_code error;
    const fs::path same = fs::canonical(path, error);
    if (!error && !seen_.insert(same.string()).second) return;
    const fs::path p(path);
    RotatedName name = parse_rotated_name(p.filename().string());
    const std::string group = (p.parent_path() / name.live).string();
    groups_[group].push_back({std::move(name), path});
  }

  // Oldest first, without a compressed file whose plain twin is still there.
  FileSource source(const std::string& name, std::vector<Candidate>& candidates) {
    std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
      if (a.name != b.name) return a.name < b.name;
      if (a.name.compressed != b.name.compressed) return b.name.compressed;
      return a.path < b.path;
    });
    FileSource source{name, {}, false};
    const Candidate* before = nullptr;
    for (const Candidate& candidate : candidates) {
      const bool twin = before != nullptr && before->name == candidate.name && candidate.name.compressed;
      if (twin) {
        problem(candidate.path, "left out: the same file is there as " + printable(before->path), true);
        continue;
      }
      source.files.push_back({candidate.path, candidate.name.rotated_at, candidate.name.doubt()});
      before = &candidate;
    }
    return source;
  }

  bool standard_input_ = false;
  std::vector<std::string> pipes_;
  std::map<std::string, std::vector<Candidate>> groups_;
  std::set<std::string> seen_;
  std::vector<PathProblem> problems_;
};

}  // namespace

bool is_read_once(const std::string& path) {
  std::error_code ignored;
  const fs::file_status status = fs::status(path, ignored);
  return path == "-" || fs::is_fifo(status) || fs::is_character_file(status);
}

FileSet find_sources(std::span<const std::string> paths) {
  Finder finder;
  for (const std::string& path : paths) finder.add(path);
  return finder.done();
}

}  // namespace kubevigil
