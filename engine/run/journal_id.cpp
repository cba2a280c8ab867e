#include "engine/run/journal_id.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace kubevigil {
namespace {

constexpr size_t kDigits = 32;

bool is_id(std::string_view text) {
  const auto digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  return text.size() == kDigits && std::ranges::all_of(text, digit);
}

// nullopt: there is none, or it is damaged.
DiskResult<std::optional<std::string>> read_id(Disk& disk, const std::string& path) {
  const auto file = disk.open(path);
  if (!file && file.error().fault == DiskFault::Missing) return std::nullopt;
  if (!file) return tl::unexpected(file.error());
  std::string text(kDigits + 2, '\0');
  const auto read = (*file)->read_at(0, text);
  if (!read) return tl::unexpected(read.error());
  text.resize(*read);
  if (text.empty() || text.back() != '\n' || !is_id(text.substr(0, text.size() - 1))) return std::nullopt;
  text.pop_back();
  return text;
}

}  // namespace

std::string new_journal_id(const Env& env) { return fmt::format("{:016x}{:016x}", env.random(), env.random()); }

DiskResult<std::string> journal_id(Disk& disk, const std::string& folder, const Env& env) {
  const std::string path = folder + "/id", temporary = path + ".tmp";
  const auto known = read_id(disk, path);
  if (!known) return tl::unexpected(known.error());
  if (*known) return **known;
  const std::string id = new_journal_id(env);
  if (const auto removed = disk.remove(temporary); !removed && removed.error().fault != DiskFault::Missing) {
    return tl::unexpected(removed.error());
  }
  auto file = disk.create(temporary);
  if (!file) return tl::unexpected(file.error());
  if (const auto written = (*file)->append(id + "\n"); !written) return tl::unexpected(written.error());
  if (const auto synced = (*file)->sync(); !synced) return tl::unexpected(synced.error());
  if (const auto renamed = disk.rename(temporary, path); !renamed) return tl::unexpected(renamed.error());
  if (const auto synced = disk.sync_folder(folder); !synced) return tl::unexpected(synced.error());
  return id;
}

}  // namespace kubevigil
