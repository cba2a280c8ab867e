// DiskReserve: a file of nothing, kept so that the journal and a `disk_full` alert still fit when the disk is full.
// A log that is given one (SegmentLogOptions::reserve) removes it when it meets a full disk, and goes on writing.
//
// What the composer does: held() false -> raise `disk_full` once, answer 429 to webhooks, pause other inputs; call
// refill() now and then (each snapshot, or every 10 s) until it is true. All threads.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "engine/base/disk.h"
#include "engine/base/limits.h"

namespace kubevigil {

class DiskReserve {
 public:
  // Takes the file that is there, or makes it; without room for it the reserve is not held. The folder must exist.
  static DiskResult<std::unique_ptr<DiskReserve>> open(Disk& disk, std::string folder,
                                                       uint64_t bytes = limits::kDiskReserveBytes);

  bool held() const;
  // Gives the room back to the file system. False: there was none to give.
  bool release();
  // Takes the room again when the disk has twice as much free; then true, also when it was held already.
  bool refill();

 private:
  DiskReserve(Disk& disk, std::string folder, uint64_t bytes);
  bool make();

  Disk& disk_;
  const std::string folder_;
  const std::string path_;
  const uint64_t bytes_;
  mutable std::mutex mutex_;
  bool held_ = false;
};

}  // namespace kubevigil
