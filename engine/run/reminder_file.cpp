#include "engine/run/reminder_file.h"

#include <fmt/format.h>

#include <charconv>
#include <filesystem>

#include "engine/alert/alert_reader.h"
#include "engine/base/text.h"

namespace kubevigil {
namespace {

constexpr std::string_view kHeading = "kubevigil-reminders 1 ";
constexpr uint64_t kMostBytes = 256u << 20;

DiskResult<std::string> content(const DiskFile& file) {
  std::string bytes(std::min(file.size(), kMostBytes), '\0');
  const auto got = file.read_at(0, bytes);
  if (!got) return tl::unexpected(got.error());
  bytes.resize(*got);
  return bytes;
}

// False: no such line.
bool read_heading(std::string_view line, uint64_t& sequence) {
  if (!line.starts_with(kHeading)) return false;
  line.remove_prefix(kHeading.size());
  const auto read = std::from_chars(line.data(), line.data() + line.size(), sequence);
  return read.ec == std::errc() && read.ptr == line.data() + line.size();
}

}  // namespace

DiskResult<KeptReminders> ReminderFile::load() const {
  const auto file = disk_.open(path_);
  if (!file && file.error().fault == DiskFault::Missing) return KeptReminders{};
  if (!file) return tl::unexpected(file.error());
  const auto bytes = content(**file);
  if (!bytes) return tl::unexpected(bytes.error());
  KeptReminders kept;
  bool first = true;
  for (const std::string_view line : split(*bytes, '\n')) {
    if (line.empty()) continue;
    if (std::exchange(first, false)) {
      kept.damaged += read_heading(line, kept.sequence) ? 0 : 1;
      continue;
    }
    auto alert = alert_from_json(line);
    if (!alert) {
      ++kept.damaged;
      continue;
    }
    kept.alerts.push_back(std::move(*alert));
  }
  return kept;
}

DiskResult<void> ReminderFile::save(uint64_t sequence, const std::vector<Alert>& alerts) const {
  std::string bytes = fmt::format("{}{}\n", kHeading, sequence);
  for (const Alert& alert : alerts) bytes += to_json(alert) + "\n";
  const std::string folder = std::filesystem::path(path_).parent_path();
  const std::string temporary = path_ + ".new";
  if (auto made = disk_.make_folder(folder); !made) return made;
  if (auto removed = disk_.remove(temporary); !removed && removed.error().fault != DiskFault::Missing) return removed;
  auto file = disk_.create(temporary);
  if (!file) return tl::unexpected(file.error());
  if (auto written = (*file)->append(bytes); !written) return written;
  if (auto synced = (*file)->sync(); !synced) return synced;
  if (auto moved = disk_.rename(temporary, path_); !moved) return moved;
  return disk_.sync_folder(folder);
}

}  // namespace kubevigil
