// OverlayDisk: what is on another disk, with all changes kept in memory and forgotten at the end. So what opens a
// folder for its own use (recovery cuts torn tails off, removes temporary files, begins new segments) can look at one
// that must stay as it is: a folder copied for an investigation, or one on a read-only file system.
//
// Syncs succeed and mean nothing. Locks are the other disk's. Memory: what is written. All threads, as of any Disk; the
// other disk outlives it.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "engine/base/disk.h"

namespace kubevigil {

class OverlayDisk final : public Disk {
 public:
  explicit OverlayDisk(Disk& below) : below_(below) {}

  DiskResult<std::unique_ptr<DiskFile>> create(const std::string& path) override;
  DiskResult<std::unique_ptr<DiskFile>> open(const std::string& path) override;
  DiskResult<void> rename(const std::string& from, const std::string& to) override;
  DiskResult<void> remove(const std::string& path) override;
  DiskResult<std::vector<std::string>> list(const std::string& folder) override;
  DiskResult<void> make_folder(const std::string& folder) override;
  DiskResult<void> sync_folder(const std::string& folder, std::source_location place) override;
  DiskResult<uint64_t> free_bytes(const std::string& folder) override;
  DiskResult<std::unique_ptr<DiskLock>> lock(const std::string& path) override;

  struct Node;  // a file: a part of one below, and what was written behind it

 private:
  DiskResult<std::shared_ptr<Node>> find(const std::string& path);

  Disk& below_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Node>> names_;  // null: removed
};

}  // namespace kubevigil
