#include "inputs/log_folder.h"

#include <dirent.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <set>

#include "engine/base/limits.h"
#include "engine/base/text.h"

namespace kubevigil {
namespace {

constexpr int kTries = 8;

std::string_view without_compression(std::string_view name) {
  for (const std::string_view suffix : {".gz", ".zst", ".zstd"}) {
    if (name.ends_with(suffix)) return name.substr(0, name.size() - suffix.size());
  }
  return name;
}

void keep_newest(LogFolder& out) {
  std::stable_sort(out.files.begin(), out.files.end(), [](const LogFile& a, const LogFile& b) {
    if (a.name != b.name) return a.name < b.name;
    return a.path < b.path;
  });
  if (out.files.size() <= limits::kTailFiles) return;
  out.ignored = out.files.size() - limits::kTailFiles;
  out.files.erase(out.files.begin(), out.files.begin() + static_cast<ptrdiff_t>(out.ignored));
}

LogFolder read_once(const std::string& folder, const std::string& live) {
  LogFolder out;
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(folder.c_str()), &::closedir);
  if (!dir) {
    out.problem = fmt::format("cannot read folder {}: {}", printable(folder), std::strerror(errno));
    return out;
  }
  std::set<std::string> names;
  while (const dirent* entry = ::readdir(dir.get())) {
    const std::string_view name = entry->d_name;
    if (name.starts_with(live.substr(0, live.rfind('.'))) && parse_rotated_name(name).live == live) names.emplace(name);
  }
  for (const std::string& name : names) {
    RotatedName parsed = parse_rotated_name(name);
    if (parsed.compressed && names.contains(std::string(without_compression(name)))) continue;
    LogFile file{.path = folder + "/" + name, .name = std::move(parsed)};
    struct stat status {};
    if (::stat(file.path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) continue;
    file.device = status.st_dev;
    file.inode = status.st_ino;
    file.size = static_cast<uint64_t>(status.st_size);
    out.files.push_back(std::move(file));
  }
  keep_newest(out);
  return out;
}

bool same_files(const LogFolder& a, const LogFolder& b) {
  return std::equal(a.files.begin(), a.files.end(), b.files.begin(), b.files.end(),
                    [](const LogFile& x, const LogFile& y) {
                      return x.path == y.path && x.inode == y.inode && x.device == y.device;
                    });
}

}  // namespace

std::optional<LogFolder> read_log_folder(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  const std::string live = slash == std::string::npos ? path : path.substr(slash + 1);
  LogFolder before = read_once(folder, live);
  for (int i = 0; i < kTries; ++i) {
    LogFolder now = read_once(folder, live);
    if (same_files(before, now)) return now;
    before = std::move(now);
  }
  return std::nullopt;
}

}  // namespace kubevigil
