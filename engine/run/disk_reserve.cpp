#include "engine/run/disk_reserve.h"

namespace kubevigil {

DiskReserve::DiskReserve(Disk& disk, std::string folder, uint64_t bytes)
    : disk_(disk), folder_(std::move(folder)), path_(folder_ + "/reserve"), bytes_(bytes) {}

DiskResult<std::unique_ptr<DiskReserve>> DiskReserve::open(Disk& disk, std::string folder, uint64_t bytes) {
  std::unique_ptr<DiskReserve> reserve(new DiskReserve(disk, std::move(folder), bytes));
  const auto file = disk.open(reserve->path_);
  if (!file && file.error().fault != DiskFault::Missing) return tl::unexpected(file.error());
  reserve->held_ = file && (*file)->size() >= bytes;
  if (!reserve->held_) reserve->refill();
  return reserve;
}

bool DiskReserve::held() const {
  const std::lock_guard hold(mutex_);
  return held_;
}

bool DiskReserve::release() {
  const std::lock_guard hold(mutex_);
  const bool given = held_ && disk_.remove(path_).has_value();
  held_ = false;
  return given;
}

bool DiskReserve::make() {
  disk_.remove(path_);  // what an attempt left
  auto file = disk_.create(path_);
  if (!file) return false;
  if ((*file)->allocate(bytes_)) return true;
  disk_.remove(path_);
  return false;
}

bool DiskReserve::refill() {
  const std::lock_guard hold(mutex_);
  if (held_) return true;
  const auto free = disk_.free_bytes(folder_);
  held_ = free && *free >= 2 * bytes_ && make();
  return held_;
}

}  // namespace kubevigil
