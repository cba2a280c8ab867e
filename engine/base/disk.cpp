#include "engine/base/disk.h"

namespace kubevigil {

DiskResult<void> DiskFile::alive() const {
  if (dead_) return disk_fail(DiskFault::Failed, "an earlier sync of this file failed; recover by a restart");
  return {};
}

DiskResult<void> DiskFile::append(std::string_view bytes) {
  constexpr int kInterruptions = 1000;  // in a row: no disk does that
  if (auto ok = alive(); !ok) return ok;
  int nothing = 0;
  while (!bytes.empty()) {
    const auto written = write_some(bytes);
    if (!written) return tl::unexpected(written.error());
    bytes.remove_prefix(*written);
    nothing = *written == 0 ? nothing + 1 : 0;
    if (nothing == kInterruptions) return disk_fail(DiskFault::Failed, "writing makes no progress");
  }
  return {};
}

DiskResult<void> DiskFile::sync(std::source_location place) {
  if (auto ok = alive(); !ok) return ok;
  auto result = sync_once(place);
  dead_ = !result;
  return result;
}

DiskResult<void> DiskFile::truncate(uint64_t size) {
  if (auto ok = alive(); !ok) return ok;
  return truncate_once(size);
}

DiskResult<void> DiskFile::allocate(uint64_t bytes) {
  if (auto ok = alive(); !ok) return ok;
  return allocate_once(bytes);
}

DiskResult<size_t> DiskFile::read_at(uint64_t offset, std::span<char> out) const {
  size_t have = 0;
  while (have < out.size()) {
    const auto got = read_some(offset + have, out.subspan(have));
    if (!got) return got;
    if (*got == 0) break;
    have += *got;
  }
  return have;
}

}  // namespace kubevigil
