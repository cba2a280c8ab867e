#include "engine/run/snapshot_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "engine/base/limits.h"
#include "engine/base/text.h"
#include "engine/codec/crc32c.h"
#include "engine/run/segment_format.h"
#include "engine/run/snapshot_format.h"

namespace kubevigil {
namespace {

constexpr std::string_view kSuffix = ".snap";
constexpr std::string_view kTemporary = ".tmp";
constexpr size_t kHexDigits = 16;
constexpr size_t kKept = 2;

std::optional<uint64_t> parse_name(std::string_view name, std::string_view file) {
  if (file.size() != name.size() + 1 + kHexDigits + kSuffix.size()) return std::nullopt;
  if (!file.starts_with(name) || file[name.size()] != '-' || !file.ends_with(kSuffix)) return std::nullopt;
  uint64_t number = 0;
  const char* begin = file.data() + name.size() + 1;
  const auto [end, problem] = std::from_chars(begin, begin + kHexDigits, number, 16);
  return problem == std::errc() && end == begin + kHexDigits ? std::optional(number) : std::nullopt;
}

}  // namespace

uint32_t chunk_crc(uint64_t number, std::string_view bytes) {
  std::string place;
  put_u64(place, number);
  return crc32c(bytes, crc32c(place));
}

SnapshotWriter::~SnapshotWriter() {
  file_.reset();
  if (!renamed_) (void)disk_.remove(temporary_);  // what stays, the next start or snapshot removes
}

DiskResult<void> SnapshotWriter::write_chunk(std::string_view bytes) {
  std::string head;
  put_u32(head, static_cast<uint32_t>(bytes.size()));
  put_u32(head, chunk_crc(chunks_++, bytes));
  bytes_ += bytes.size();
  if (auto ok = file_->append(head); !ok) return ok;
  return file_->append(bytes);
}

DiskResult<void> SnapshotWriter::append(std::string_view bytes) {
  while (!bytes.empty()) {
    const size_t n = std::min(bytes.size(), kSnapshotChunkBytes - buffer_.size());
    buffer_ += bytes.substr(0, n);
    bytes.remove_prefix(n);
    if (buffer_.size() < kSnapshotChunkBytes) return {};
    if (auto ok = write_chunk(buffer_); !ok) return ok;
    buffer_.clear();
  }
  return {};
}

DiskResult<void> SnapshotWriter::finish() {
  if (!buffer_.empty()) {
    if (auto ok = write_chunk(buffer_); !ok) return ok;
  }
  std::string bytes, end;
  put_u64(bytes, bytes_);
  put_u32(end, 0);
  end += bytes;
  put_u32(end, chunk_crc(chunks_, bytes));
  if (auto ok = file_->append(end); !ok) return ok;
  return file_->sync();
}

DiskResult<std::unique_ptr<SnapshotStore>> SnapshotStore::open(Disk& disk, std::string folder, std::string name) {
  std::unique_ptr<SnapshotStore> store(new SnapshotStore(disk, std::move(folder), std::move(name)));
  if (auto ok = disk.make_folder(store->folder_); !ok) return tl::unexpected(ok.error());
  if (auto ok = store->find(); !ok) return tl::unexpected(ok.error());
  return store;
}

DiskResult<void> SnapshotStore::find() {
  const auto files = disk_.list(folder_);
  if (!files) return tl::unexpected(files.error());
  for (const std::string& name : *files) {
    const std::string path = folder_ + "/" + name;
    if (name.ends_with(kTemporary) && parse_name(name_, name.substr(0, name.size() - kTemporary.size()))) {
      if (auto ok = disk_.remove(path); !ok) return ok;
      continue;
    }
    const auto number = parse_name(name_, name);
    if (!number) continue;
    next_ = *number + 1;
    const auto file = disk_.open(path);
    if (!file) return tl::unexpected(file.error());
    std::string problem;
    auto info = read_snapshot_info(**file, path, problem);
    if (!info) return tl::unexpected(info.error());
    if (*info) {
      kept_.push_back(std::move(**info));
    } else {
      condemn(path, problem);
    }
  }
  return {};
}

void SnapshotStore::condemn(const std::string& path, const std::string& problem) {
  problems_.push_back(
      fmt::format("snapshot {}: {}; it is not used, an older one is when there is one", printable(path), problem));
  condemned_.push_back(path);
}

void SnapshotStore::reject(const SnapshotInfo& info, const std::string& problem) {
  condemn(info.path, problem);
  std::erase_if(kept_, [&](const SnapshotInfo& kept) { return kept.number == info.number; });
}

DiskResult<std::optional<LoadedSnapshot>> SnapshotStore::load() {
  while (!kept_.empty()) {
    const std::string path = kept_.back().path;
    const auto file = disk_.open(path);
    if (!file) return tl::unexpected(file.error());
    std::string problem;
    auto loaded = read_snapshot(**file, path, problem);
    if (!loaded || *loaded) return loaded;
    condemn(path, problem);
    kept_.pop_back();
  }
  return std::optional<LoadedSnapshot>();
}

DiskResult<std::optional<LoadedSnapshot>> SnapshotStore::load_older() {
  if (kept_.size() > 1) {
    // A loss of power may have brought back still older ones; what belongs to them is gone.
    const auto older = kept_.end() - 2;
    const std::string path = older->path;
    const auto file = disk_.open(path);
    if (!file) return tl::unexpected(file.error());
    std::string problem;
    auto loaded = read_snapshot(**file, path, problem);
    if (!loaded || *loaded) return loaded;
    condemn(path, problem);
    kept_.erase(older);
  }
  return load();
}

DiskResult<std::unique_ptr<SnapshotWriter>> SnapshotStore::begin(std::string note) {
  if (note.size() > limits::kSnapshotNoteBytes) {
    return disk_fail(DiskFault::Failed, fmt::format("a snapshot's note of {} bytes, {} at most are taken", note.size(),
                                                    limits::kSnapshotNoteBytes));
  }
  SnapshotInfo info{next_, std::move(note), fmt::format("{}/{}-{:016x}{}", folder_, name_, next_, kSuffix)};
  const std::string temporary = info.path + std::string(kTemporary);
  auto file = disk_.create(temporary);
  if (!file && file.error().fault == DiskFault::Exists) {
    if (auto ok = disk_.remove(temporary); !ok) return tl::unexpected(ok.error());
    file = disk_.create(temporary);
  }
  if (!file) return tl::unexpected(file.error());
  std::string head(kSnapshotMagic);
  put_u32(head, kSnapshotVersion);
  put_u64(head, info.number);
  put_u32(head, static_cast<uint32_t>(info.note.size()));
  put_u32(head, crc32c(info.note));
  put_u32(head, crc32c(head));
  std::unique_ptr<SnapshotWriter> writer(new SnapshotWriter(disk_, std::move(*file), std::move(info), temporary));
  if (auto ok = writer->file_->append(head + writer->info_.note); !ok) return tl::unexpected(ok.error());
  return writer;
}

DiskResult<SnapshotInfo> SnapshotStore::commit(std::unique_ptr<SnapshotWriter> writer) {
  if (auto ok = writer->finish(); !ok) return tl::unexpected(ok.error());
  if (auto ok = disk_.rename(writer->temporary_, writer->info_.path); !ok) return tl::unexpected(ok.error());
  writer->renamed_ = true;
  if (auto ok = disk_.sync_folder(folder_); !ok) return tl::unexpected(ok.error());
  ++next_;
  kept_.push_back(writer->info_);
  if (auto ok = remove_old(); !ok) return tl::unexpected(ok.error());
  return kept_.back();
}

DiskResult<SnapshotInfo> SnapshotStore::write(std::string note, std::string_view state) {
  auto writer = begin(std::move(note));
  if (!writer) return tl::unexpected(writer.error());
  if (auto ok = (*writer)->append(state); !ok) return tl::unexpected(ok.error());
  return commit(std::move(*writer));
}

DiskResult<void> SnapshotStore::remove_old() {
  while (kept_.size() > kKept) {
    condemned_.push_back(kept_.front().path);
    kept_.erase(kept_.begin());
  }
  while (!condemned_.empty()) {
    if (auto ok = disk_.remove(condemned_.back()); !ok && ok.error().fault != DiskFault::Missing) return ok;
    condemned_.pop_back();
  }
  return {};
}

}  // namespace kubevigil
