// find_rule_files: paths, directories and globs into sources.
#include <glob.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include "engine/base/limits.h"
#include "engine/rule/data_file.h"
#include "engine/rule/rule_loader.h"

namespace kubevigil {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMostFiles = 100'000;

bool is_rule_file(const fs::path& path) {
  const std::string name = path.filename().string();
  const std::string extension = path.extension().string();
  if (extension != ".yml" && extension != ".yaml") return false;
  if (name.ends_with(".test.yaml") || name.ends_with(".test.yml")) return false;
  return std::none_of(path.begin(), path.end(), [](const fs::path& part) { return part == "lists"; });
}

void report(Diagnostics& diagnostics, const std::string& path, const std::string& why, std::string hint = {}) {
  diagnostics.error("rule-file", why, {path, 0, 0, 0}, std::move(hint));
}

// Files below a directory, in the order of their names. Links to directories are followed, each directory is entered
// once. Names that begin with a dot are left out: .git, and what Kubernetes keeps beside the links of a mounted
// ConfigMap (..data, ..2026_01_31_...), where each file would be found a second time.
class Walk {
 public:
  Walk(Diagnostics& diagnostics, std::vector<fs::path>& files) : diagnostics_(diagnostics), files_(files) {}

  void enter(const fs::path& directory) {
    std::error_code error;
    if (!entered_.insert(fs::canonical(directory, error).string()).second) return;
    std::vector<fs::path> entries;
    if (!error) entries = entries_of(directory, error);
    if (error) return report(diagnostics_, directory.string(), "cannot be listed: " + error.message());
    for (const fs::path& entry : entries) {
      std::error_code ignored;
      if (fs::is_directory(entry, ignored)) {
        enter(entry);
      } else if (fs::is_regular_file(entry, ignored) && files_.size() < kMostFiles) {
        files_.push_back(entry);
      }
    }
  }

 private:
  static std::vector<fs::path> entries_of(const fs::path& directory, std::error_code& error) {
    std::vector<fs::path> entries;
    fs::directory_iterator it(directory, fs::directory_options::skip_permission_denied, error);
    for (const fs::directory_iterator end; !error && it != end && entries.size() < kMostFiles; it.increment(error)) {
      if (!it->path().filename().string().starts_with('.')) entries.push_back(it->path());
    }
    std::sort(entries.begin(), entries.end());
    return entries;
  }

  Diagnostics& diagnostics_;
  std::vector<fs::path>& files_;
  std::set<std::string> entered_;
};

void collect_directory(const fs::path& directory, std::set<std::string>& files, Diagnostics& diagnostics) {
  std::vector<fs::path> found;
  Walk(diagnostics, found).enter(directory);
  for (const fs::path& file : found) {
    if (is_rule_file(file.lexically_relative(directory))) files.insert(file.string());
  }
}

bool read_source(const std::string& path, RuleSource& source, Diagnostics& diagnostics) {
  std::error_code error;
  const uintmax_t size = fs::file_size(path, error);
  if (!error && size > limits::kRuleFileBytes) {
    report(diagnostics, path,
           "has " + std::to_string(size) + " bytes; at most " + std::to_string(limits::kRuleFileBytes) + " are read",
           "split it");
    return false;
  }
  std::ifstream in(path, std::ios::binary);
  if (error || !in) {
    report(diagnostics, path, "cannot be read" + (error ? ": " + error.message() : std::string()));
    return false;
  }
  source.name = path;
  source.text.assign(std::istreambuf_iterator<char>(in), {});
  return true;
}

}  // namespace

std::vector<std::string> matches_of(const std::string& path) {
  if (path.find_first_of("*?[") == std::string::npos) return {path};
  std::vector<std::string> out;
  glob_t found{};
  if (glob(path.c_str(), GLOB_BRACE, nullptr, &found) == 0) {
    for (size_t i = 0; i < found.gl_pathc; ++i) out.emplace_back(found.gl_pathv[i]);
  }
  globfree(&found);
  return out;
}

std::vector<RuleSource> find_rule_files(const std::vector<std::string>& paths, Diagnostics& diagnostics) {
  std::vector<RuleSource> sources;
  std::set<std::string> seen;
  for (const std::string& path : paths) {
    std::set<std::string> files;
    const std::vector<std::string> matches = matches_of(path);
    if (matches.empty()) report(diagnostics, path, "matches no file");
    for (const std::string& match : matches) {
      std::error_code error;
      if (fs::is_directory(match, error)) {
        const bool lists = matches.size() > 1 && fs::path(match).filename() == "lists";
        if (!lists) collect_directory(match, files, diagnostics);
      } else if (matches.size() == 1 || is_rule_file(match)) {
        files.insert(match);
      }
    }
    for (const std::string& file : files) {
      RuleSource source;
      std::error_code ignored;
      const std::string same = fs::weakly_canonical(file, ignored).string();  // rules/a.yaml, rules//a.yaml, a link
      if (!seen.insert(same.empty() ? file : same).second || !read_source(file, source, diagnostics)) continue;
      if (!is_data_file(source.text)) sources.push_back(std::move(source));
    }
  }
  return sources;
}

std::map<std::string, std::string> find_rule_lists(const std::vector<std::string>& paths, Diagnostics& diagnostics) {
  std::map<std::string, std::string> lists;
  for (const std::string& path : paths) {
    for (const std::string& match : matches_of(path)) {
      std::error_code error;
      const fs::path root = fs::is_directory(match, error) ? fs::path(match) : fs::path(match).parent_path() / "lists";
      std::vector<fs::path> files;
      if (fs::is_directory(root, error)) Walk(diagnostics, files).enter(root);
      for (const fs::path& file : files) {
        const std::string extension = file.extension().string();
        if (file.parent_path().filename() != "lists" || (extension != ".yaml" && extension != ".yml")) continue;
        RuleSource source;
        if (read_source(file.string(), source, diagnostics)) {
          lists["lists/" + file.stem().string()] = std::move(source.text);
        }
      }
    }
  }
  return lists;
}

}  // namespace kubevigil
