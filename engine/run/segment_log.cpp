#include "engine/run/segment_log.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/hash.h"
#include "engine/base/limits.h"
#include "engine/base/text.h"
#include "engine/codec/crc32c.h"
#include "engine/run/segment_recovery.h"

namespace kubevigil {

std::string to_text(const LogDamage& damage) {
  const std::string where =
      fmt::format("{}, bytes {} to {}", printable(damage.file), damage.begin_byte, damage.end_byte);
  switch (damage.kind) {
    case LogDamage::Kind::TornTail:
      return where + ": was being written when the program or the machine stopped; cut off, nobody was told it is safe";
    case LogDamage::Kind::Header:
      return where + ": damaged header; what can be read without it is read; check the disk";
    case LogDamage::Kind::Gap:
      return fmt::format("{}: damaged, records {} to {} are lost; check the disk", where, damage.first, damage.end - 1);
  }
  return where;
}

std::string SegmentLog::path_of(uint64_t first) const {
  return options_.folder + "/" + segment_file_name(options_.name, first);
}

uint64_t SegmentLog::end_of(size_t segment) const {
  return segment + 1 < segments_.size() ? std::min(segments_[segment + 1].first, durable_end_) : durable_end_;
}

DiskResult<std::unique_ptr<SegmentLog>> SegmentLog::open(Disk& disk, SegmentLogOptions options) {
  std::unique_ptr<SegmentLog> log(new SegmentLog(disk, std::move(options)));
  if (auto ok = disk.make_folder(log->options_.folder); !ok) return tl::unexpected(ok.error());
  if (auto ok = log->find_segments(); !ok) return tl::unexpected(ok.error());
  if (auto ok = log->check_older(); !ok) return tl::unexpected(ok.error());
  if (auto ok = log->recover_newest(); !ok) return tl::unexpected(ok.error());
  return log;
}

DiskResult<void> SegmentLog::find_segments() {
  const auto names = disk_.list(options_.folder);
  if (!names) return tl::unexpected(names.error());
  for (const std::string& name : *names) {
    const std::string path = options_.folder + "/" + name;
    if (name.ends_with(".new") && parse_segment_name(options_.name, name.substr(0, name.size() - 4))) {
      if (auto ok = disk_.remove(path); !ok) return ok;
      continue;
    }
    const auto first = parse_segment_name(options_.name, name);
    if (!first) continue;
    const auto file = disk_.open(path);
    if (!file) return tl::unexpected(file.error());
    segments_.push_back({path, *first, (*file)->size()});
  }
  return {};  // list() is sorted, and so are hexadecimal digits
}

// The records of older segments are looked at when they are read; their headers now.
DiskResult<void> SegmentLog::check_older() {
  for (size_t i = 0; i + 1 < segments_.size(); ++i) {
    const Segment& segment = segments_[i];
    const auto file = disk_.open(segment.path);
    if (!file) return tl::unexpected(file.error());
    const auto mark = segment_mark(**file, segment.path, segment.first);
    if (!mark) return tl::unexpected(mark.error());
    if (*mark && !(*mark)->damaged) continue;
    damage_.push_back({LogDamage::Kind::Header, segment.path, 0, kSegmentDataBegin, segment.first, segment.first});
  }
  return {};
}

DiskResult<void> SegmentLog::recover_newest() {
  if (segments_.empty()) return {};
  Segment& newest = segments_.back();
  auto file = disk_.open(newest.path);
  if (!file) return tl::unexpected(file.error());
  // The program may have died between writing and syncing: what readers will see must not vanish later. The file's name
  // is safe: records are written behind the sync of the folder only.
  if (auto ok = (*file)->sync(); !ok) return ok;
  (*file)->reread();
  auto found = recover_segment(**file, newest.path, newest.first);
  if (!found) return tl::unexpected(found.error());
  if (found->bytes < newest.bytes) {
    if (auto ok = (*file)->truncate(found->bytes); !ok) return ok;
  }
  newest.bytes = found->bytes;
  next_ = durable_end_ = found->end;
  durable_bytes_ = found->bytes;
  damage_.insert(damage_.end(), found->damage.begin(), found->damage.end());
  return {};
}

DiskResult<void> SegmentLog::die(const DiskError& error) {
  active_.reset();
  if (!dead_) {
    dead_ = DiskError{DiskFault::Failed,
                      fmt::format("{} is closed until a restart, after: {}", options_.name, error.message)};
  }
  return tl::unexpected(error);
}

// Under another name first: an empty segment of the same number may be there, and must not be gone in between, or the
// sequences would begin anew.
DiskResult<std::unique_ptr<DiskFile>> SegmentLog::create_segment(const std::string& path, uint64_t mark) {
  const std::string fresh = path + ".new";
  auto file = disk_.create(fresh);
  if (!file && file.error().fault == DiskFault::Exists) {
    if (auto ok = disk_.remove(fresh); !ok) return tl::unexpected(ok.error());
    file = disk_.create(fresh);
  }
  if (!file) return file;
  if (auto ok = (*file)->append(encode_segment_header({kSegmentVersion, next_, mark})); !ok) {
    disk_.remove(fresh);
    return tl::unexpected(ok.error());
  }
  if (auto ok = disk_.rename(fresh, path); !ok) return tl::unexpected(ok.error());
  return file;
}

DiskResult<void> SegmentLog::roll() {
  if (active_) {
    if (auto ok = sync(); !ok) return ok;
    active_.reset();  // whatever happens: a file for the next record may be there soon, so none may go into the old one
  }
  const std::string path = path_of(next_);
  const uint64_t mark = siphash(path, {options_.secret, next_}).low;
  auto file = create_segment(path, mark);
  if (!file) return tl::unexpected(file.error());
  if (auto ok = disk_.sync_folder(options_.folder); !ok) return ok;
  active_ = std::move(*file);
  active_mark_ = mark;
  const std::lock_guard hold(mutex_);
  if (!segments_.empty() && segments_.back().first == next_) segments_.pop_back();
  segments_.push_back({path, next_, kSegmentDataBegin});
  durable_bytes_ = kSegmentDataBegin;
  return {};
}

DiskResult<void> SegmentLog::make_room(size_t bytes) {
  const bool full = active_ && active_->size() > kSegmentDataBegin && active_->size() + bytes > options_.segment_bytes;
  return active_ && !full ? DiskResult<void>() : roll();
}

// All of the record or nothing.
DiskResult<void> SegmentLog::write(uint32_t kind, std::string_view payload) {
  if (auto ok = make_room(kRecordHeaderBytes + payload.size()); !ok) return ok;
  scratch_ = encode_record_header(
      {active_mark_, next_, durable_end_, kind, static_cast<uint32_t>(payload.size()), crc32c(payload)});
  scratch_ += payload;
  const uint64_t before = active_->size();
  auto written = active_->append(scratch_);
  if (written || written.error().fault != DiskFault::Full) return written;
  if (auto undone = active_->truncate(before); !undone) return undone;
  return written;
}

DiskResult<uint64_t> SegmentLog::append(uint32_t kind, std::string_view payload) {
  if (dead_) return tl::unexpected(*dead_);
  if (payload.size() > limits::kLogRecordBytes) {
    return disk_fail(DiskFault::Failed, fmt::format("a record of {} bytes; {} at most fit into {}", payload.size(),
                                                    limits::kLogRecordBytes, options_.name));
  }
  auto written = write(kind, payload);
  const auto full = [&] { return !written && written.error().fault == DiskFault::Full; };
  if (full() && options_.reserve != nullptr && options_.reserve->release()) written = write(kind, payload);
  if (full()) return tl::unexpected(written.error());
  if (!written) return tl::unexpected(die(written.error()).error());
  const std::lock_guard hold(mutex_);
  segments_.back().bytes = active_->size();
  return next_++;
}

DiskResult<void> SegmentLog::sync(std::source_location place) {
  if (dead_) return tl::unexpected(*dead_);
  if (!active_ || next_ == durable_end_) return {};
  if (auto ok = active_->sync(place); !ok) return die(ok.error());
  const std::lock_guard hold(mutex_);
  durable_end_ = next_;
  durable_bytes_ = active_->size();
  return {};
}

DiskResult<void> SegmentLog::trim(uint64_t before) {
  for (;;) {
    std::string path;
    {
      const std::lock_guard hold(mutex_);
      if (segments_.size() < 2 || end_of(0) > before) return {};
      path = segments_.front().path;
      segments_.erase(segments_.begin());
    }
    if (auto ok = disk_.remove(path); !ok) return ok;
  }
}

uint64_t SegmentLog::first_sequence() const {
  const std::lock_guard hold(mutex_);
  return segments_.empty() ? durable_end_ : segments_.front().first;
}

uint64_t SegmentLog::durable_end() const {
  const std::lock_guard hold(mutex_);
  return durable_end_;
}

uint64_t SegmentLog::bytes() const {
  const std::lock_guard hold(mutex_);
  uint64_t sum = 0;
  for (const Segment& segment : segments_) sum += segment.bytes;
  return sum;
}

std::optional<SegmentView> SegmentLog::segment_for(uint64_t sequence) const {
  const std::lock_guard hold(mutex_);
  for (size_t i = 0; i < segments_.size(); ++i) {
    const uint64_t end = end_of(i);
    if (end <= sequence || end <= segments_[i].first) continue;
    const bool newest = i + 1 == segments_.size();
    return SegmentView{segments_[i].path, segments_[i].first, end, newest ? durable_bytes_ : segments_[i].bytes};
  }
  return std::nullopt;
}

}  // namespace kubevigil
