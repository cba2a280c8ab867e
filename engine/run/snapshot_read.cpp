#include <fmt/format.h>

#include <algorithm>

#include "engine/base/limits.h"
#include "engine/base/text.h"
#include "engine/codec/crc32c.h"
#include "engine/run/segment_format.h"
#include "engine/run/snapshot_format.h"
#include "engine/run/snapshot_store.h"

namespace kubevigil {
namespace {

// A snapshot file from its beginning. `problem` is the first thing that was wrong.
class SnapshotRead {
 public:
  SnapshotRead(const DiskFile& file, const std::string& path, std::string& problem)
      : file_(file), path_(path), size_(file.size()), problem_(problem) {}

  DiskResult<bool> header(SnapshotInfo& out) {
    std::string head;
    if (auto ok = take(kSnapshotHeaderBytes, head); !ok || !*ok) return ok;
    if (!head.starts_with(kSnapshotMagic)) return bad("no snapshot of kubevigil", 0);
    if (get_u32(head, 28) != crc32c(std::string_view(head).substr(0, 28))) return bad("damaged header", 0);
    if (get_u32(head, 8) != kSnapshotVersion) {
      return disk_fail(DiskFault::Failed,
                       fmt::format("{} has format version {}, this program reads version {}; run the version that "
                                   "wrote it, or move the file away",
                                   printable(path_), get_u32(head, 8), kSnapshotVersion));
    }
    out.number = get_u64(head, 12);
    const uint32_t note = get_u32(head, 20);
    if (note > limits::kSnapshotNoteBytes) return bad("damaged header", 0);
    if (auto ok = take(note, out.note); !ok || !*ok) return ok;
    return crc32c(out.note) == get_u32(head, 24) ? DiskResult<bool>(true) : bad("damaged note", at_ - note);
  }

  DiskResult<bool> chunks(std::string& state) {
    std::string head, bytes;
    for (uint64_t chunk = 0;; ++chunk) {
      const uint64_t begin = at_;
      if (auto ok = take(4, head); !ok || !*ok) return ok;
      const uint32_t size = get_u32(head, 0);
      if (size == 0) return end(chunk, state.size());
      if (size > kSnapshotChunkBytes) return bad("damaged length of a chunk", begin);
      if (auto ok = take(4, head); !ok || !*ok) return ok;
      if (auto ok = take(size, bytes); !ok || !*ok) return ok;
      if (chunk_crc(chunk, bytes) != get_u32(head, 0)) return bad("damaged chunk", begin);
      state += bytes;
    }
  }

 private:
  DiskResult<bool> end(uint64_t chunks, uint64_t bytes) {
    const uint64_t begin = at_;
    std::string tail;
    if (auto ok = take(12, tail); !ok || !*ok) return ok;
    const bool right = get_u64(tail, 0) == bytes && chunk_crc(chunks, tail.substr(0, 8)) == get_u32(tail, 8);
    if (!right) return bad("damaged end", begin);
    if (at_ != size_) return bad("bytes behind its end", at_);
    return true;
  }
  // Exactly that many bytes; false: the file ends before.
  DiskResult<bool> take(size_t n, std::string& out) {
    const uint64_t left = size_ - std::min(at_, size_);
    if (left < n) return bad(fmt::format("cut off, {} bytes are missing at least", n - left), size_);
    out.resize(n);
    const auto got = file_.read_at(at_, out);
    if (!got) return tl::unexpected(got.error());
    if (*got < n) return bad("cut off", at_ + *got);
    at_ += n;
    return true;
  }
  DiskResult<bool> bad(const std::string& what, uint64_t begin) {
    problem_ = fmt::format("{}, bytes {} to {}", what, begin, std::max(at_, begin));
    return false;
  }

  const DiskFile& file_;
  const std::string& path_;
  const uint64_t size_;
  std::string& problem_;
  uint64_t at_ = 0;
};

}  // namespace

DiskResult<std::optional<SnapshotInfo>> read_snapshot_info(const DiskFile& file, const std::string& path,
                                                           std::string& problem) {
  SnapshotInfo info;
  info.path = path;
  const auto good = SnapshotRead(file, path, problem).header(info);
  if (!good) return tl::unexpected(good.error());
  return *good ? std::optional(std::move(info)) : std::nullopt;
}

DiskResult<std::optional<LoadedSnapshot>> read_snapshot(const DiskFile& file, const std::string& path,
                                                        std::string& problem) {
  LoadedSnapshot loaded;
  loaded.info.path = path;
  SnapshotRead in(file, path, problem);
  auto good = in.header(loaded.info);
  if (good && *good) good = in.chunks(loaded.state);
  if (!good) return tl::unexpected(good.error());
  return *good ? std::optional(std::move(loaded)) : std::nullopt;
}

}  // namespace kubevigil
