// The decisions of TailInput::Follower: where to begin, what the end of a file means, which file is next.
#include <algorithm>
#include <utility>

#include "inputs/tail_follower.h"

namespace kubevigil {
namespace {

constexpr int kEndsBeforeLeaving = 2;
constexpr int kLooksBeforeGone = 2;

uint64_t bytes_behind(const LogFolder& folder, size_t index) {
  uint64_t bytes = 0;
  for (size_t i = index + 1; i < folder.files.size(); ++i) bytes += folder.files[i].size;
  return bytes;
}

// Behind the last line feed of the file.
uint64_t end_of_lines(TailedFile& file) {
  constexpr uint64_t kLongest = limits::kRecordBytes;
  const uint64_t size = file.size();
  const uint64_t from = size - std::min(size, kLongest);
  std::string bytes(static_cast<size_t>(size - from), '\0');
  if (!file.seek(from)) return 0;
  size_t got = 0;
  for (size_t n = 1; n > 0 && got < bytes.size(); got += n) n = file.read({bytes.data() + got, bytes.size() - got});
  const size_t feed = bytes.rfind('\n');
  return feed == std::string::npos ? from : from + feed + 1;
}

}  // namespace

bool TailInput::Follower::begin() {
  const auto folder = look();
  if (!folder || folder->files.empty()) return false;
  if (reported_) {
    go_on_from(*reported_, *folder);
    return file_ != nullptr;
  }
  if (options_.start == TailStart::Oldest) return begin_at(*folder, 0);
  const size_t last = folder->files.size() - 1;
  if (!folder->files[last].live()) {
    options_.start = TailStart::Live;  // what is made from now on is new
    return false;
  }
  if (!begin_at(*folder, last)) return false;
  if (options_.start == TailStart::Live) return true;
  const uint64_t end = end_of_lines(*file_);
  if (!file_->seek(end)) return true;
  cutter_.begin_file(number_, end, 1, file_->last_bytes());
  return true;
}

void TailInput::Follower::go_on_from(const TailPosition& from, const LogFolder& folder) {
  const Predecessor before{from.before, from.after_us};
  if (from.file.head.bytes > 0) {
    if (auto found = reopen(folder, from.file, from.offset, from.tail)) {
      number_ = from.number;
      adopt(std::move(found), before);
      cutter_.begin_file(number_, from.offset, from.line, file_->last_bytes());
      cutter_.leave_out(from.given);
      return;
    }
  }
  bool known = true;
  size_t index = first_behind(folder, before, &known);
  index = std::min(index, folder.files.size() - 1);
  const uint32_t number = number_;
  number_ = from.file.head.bytes > 0 ? from.number + 1 : from.number;
  if (!begin_at(folder, index)) {
    number_ = number;
    return;
  }
  if (from.file.head.bytes == 0) {  // Nothing of it was read. Its inode proves nothing: numbers are used again.
    if (!known) gap(TailGap::Kind::Behind, options_.path, from.number, 0);
    return;
  }
  const bool here = file_->identity().inode == from.file.inode && folder.files[index].live();
  if (here) ++counters_.truncations;
  gap(here ? TailGap::Kind::Truncated : TailGap::Kind::Gone, options_.path, from.number, from.offset);
}

void TailInput::Follower::gap(TailGap::Kind kind, const std::string& path, uint32_t number, uint64_t from) {
  ++counters_.gaps;
  gap_ = TailGap{kind, path, number, from};
}

bool TailInput::Follower::begin_at(const LogFolder& folder, size_t index) {
  auto file = TailedFile::open(folder.files[index].path);
  if (!file) {
    problem_ = file.error().message;
    return false;
  }
  adopt(std::move(*file), predecessor_of(folder, index));
  cutter_.begin_file(number_, 0, 1, "");
  behind_ = bytes_behind(folder, index);
  return true;
}

bool TailInput::Follower::at_end() {
  if (file_->truncated()) return cut_in_place();
  if (!file_->compressed()) {
    problem_ = file_->problem();
    if (!problem_.empty()) return false;
    if (is_live()) {
      behind_ = 0;
      return false;
    }
  }
  return leave();
}

bool TailInput::Follower::cut_in_place() {
  const auto folder = look();
  if (!folder) return false;
  ++counters_.truncations;
  const FileIdentity old = file_->identity();
  if (old.head.bytes > 0) {
    auto copy = reopen(*folder, old, file_->offset(), fingerprint(file_->last_bytes()), old.inode);
    if (copy) {
      adopt(std::move(copy), before_);
      return true;
    }
  }
  cutter_.end_file();
  gap(TailGap::Kind::Truncated, file_->path(), number_, file_->offset());
  last_ = {old, before_};
  ++number_;
  file_->restart();
  cutter_.begin_file(number_, 0, 1, "");
  return true;
}

// A file that was copied and cut before anything of it was read does not show it; but the copy is new in the folder,
// and begins with other bytes than the file does now.
bool TailInput::Follower::read_copies_first() {
  const auto folder = look();
  const auto live = folder ? index_of(*folder, file_->identity()) : std::nullopt;
  if (!live) return false;
  for (size_t i = first_behind(*folder, before_); i < *live; ++i) {
    const auto opened = TailedFile::open(folder->files[i].path);
    if (!opened || (*opened)->identity().head.bytes == 0) continue;  // nothing to read, and it would tell no place
    const Fingerprint now = file_->identity().head;
    if (now.bytes > 0 && begins_with((*opened)->head(), now)) continue;  // not cut yet
    return begin_at(*folder, i);
  }
  return false;
}

bool TailInput::Follower::leave() {
  const auto folder = look();
  if (!folder || folder->files.empty()) return false;
  const FileIdentity file = file_->identity();
  const auto index = index_of(*folder, file);
  if (!index && ++missed_ < kLooksBeforeGone) return false;
  const size_t next = index ? *index + 1 : first_behind(*folder, before_);
  if (next >= folder->files.size()) return false;
  behind_ = bytes_behind(*folder, next - 1);
  // Who writes may hold the old file a moment longer; when even the next one is closed, that is long past.
  if (!file_->compressed() && folder->files[next].live()) {
    if (!end_seen_now_) ++ends_seen_;
    end_seen_now_ = true;
    if (ends_seen_ < kEndsBeforeLeaving) return false;
  }
  auto opened = TailedFile::open(folder->files[next].path);
  if (!opened) {
    problem_ = opened.error().message;
    return false;
  }
  const bool damaged = file_->compressed() && !file_->problem().empty();
  if (damaged || !index) {
    gap(damaged ? TailGap::Kind::Damaged : TailGap::Kind::Behind, file_->path(), number_, file_->offset());
  }
  cutter_.end_file();
  last_ = {file, before_};
  ++number_;
  ++counters_.rotations;
  Predecessor before{file.head, before_.closed_us};
  if (file.head.bytes == 0) before.head = before_.head;
  if (index && folder->files[*index].name.rotated_at) before.closed_us = folder->files[*index].name.rotated_at->micros;
  adopt(std::move(*opened), before);
  cutter_.begin_file(number_, 0, 1, "");
  behind_ = bytes_behind(*folder, next);
  return true;
}

}  // namespace kubevigil
