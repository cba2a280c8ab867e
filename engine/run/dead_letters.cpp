#include "engine/run/dead_letters.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include "engine/base/json_writer.h"

namespace kubevigil {
namespace {

// Where the last whole line ends.
DiskResult<uint64_t> whole_lines(const DiskFile& file) {
  std::array<char, 64u << 10> piece{};
  for (uint64_t end = file.size(); end > 0;) {
    const uint64_t begin = end - std::min<uint64_t>(end, piece.size());
    const auto got = file.read_at(begin, std::span(piece).first(end - begin));
    if (!got) return tl::unexpected(got.error());
    const size_t newline = std::string_view(piece.data(), *got).rfind('\n');
    if (newline != std::string_view::npos) return begin + newline + 1;
    end = begin;
  }
  return 0;
}

JsonWriter begin_line(Timestamp now, std::string_view sink, std::string_view reason) {
  JsonWriter json;
  json.begin_object().member("time", format_rfc3339(now)).member("sink", sink).member("reason", reason);
  return json;
}

}  // namespace

DeadLetters::DeadLetters(Disk& disk, DeadLetterOptions options)
    : disk_(disk), options_(std::move(options)), folder_(std::filesystem::path(options_.path).parent_path()) {}

std::string DeadLetters::line(Timestamp now, std::string_view reason, std::string_view alert_json) const {
  return begin_line(now, options_.sink, reason).key("alert").raw(alert_json).end_object().text() + "\n";
}

std::string DeadLetters::raw_line(Timestamp now, std::string_view reason, std::string_view body) const {
  return begin_line(now, options_.sink, reason).member("raw", body).end_object().text() + "\n";
}

DiskResult<void> DeadLetters::open() {
  if (auto made = disk_.make_folder(folder_); !made) return made;
  auto file = disk_.open(options_.path);
  if (!file && file.error().fault == DiskFault::Missing) {
    file = disk_.create(options_.path);
    if (!file) return tl::unexpected(file.error());
    if (auto synced = disk_.sync_folder(folder_); !synced) return synced;
  }
  if (!file) return tl::unexpected(file.error());
  (*file)->reread();
  const auto whole = whole_lines(**file);
  if (!whole) return tl::unexpected(whole.error());
  if (*whole < (*file)->size()) {
    if (auto cut = (*file)->truncate(*whole); !cut) return cut;
  }
  file_ = std::move(*file);
  return {};
}

DiskResult<void> DeadLetters::rotate() {
  const std::string old = options_.path + ".1";
  uint64_t lost = 0;
  if (const auto before = disk_.open(old)) lost = (*before)->size();
  file_.reset();
  if (auto moved = disk_.rename(options_.path, old); !moved) return moved;
  forgotten_ += lost;
  return open();  // syncs the folder with the new name
}

DiskResult<void> DeadLetters::write(std::string_view lines) {
  if (file_ && !file_->has_name(options_.path)) file_.reset();  // somebody took it away
  if (!file_) {
    if (auto opened = open(); !opened) return opened;
  }
  if (file_->size() > 0 && file_->size() + lines.size() > options_.most_bytes) {
    if (auto rotated = rotate(); !rotated) return rotated;
  }
  if (auto written = file_->append(lines); !written) return written;
  return file_->sync();
}

DiskResult<void> DeadLetters::append(std::string_view lines) {
  if (lines.empty()) return {};
  auto written = write(lines);
  // Whatever was written in part is cut off when the file is opened again: only whole lines stay. A whole line whose
  // sync failed may stay and be there twice.
  if (!written) file_.reset();
  return written;
}

}  // namespace kubevigil
