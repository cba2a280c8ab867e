// SimulatedDisk: a file system in memory that keeps what was written and what was synced apart, and loses the
// difference as badly as engine/base/disk.h allows. At a loss of power each 4 KiB page that was written and not synced
// is old, new, or torn at a sector; pages between are zeros or rubbish; the size is the old one, the new one or
// between; each change of a name that was not synced happened or did not, whatever the others did. Everything follows
// the seed.
//
// Operations that change something are counted; a fault can be put on any of them. After Fault::PowerOff nothing works
// until lose_power(). A failed sync forgets which pages were dirty, as Linux does: they read well and never reach the
// disk. All threads.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "engine/base/disk.h"

namespace kubevigil::test {

enum class Fault : uint8_t {
  PowerOff,   // in the middle of the operation
  Broken,     // EIO; a write stores a part, a sync fails for good
  Full,       // ENOSPC; a write stores a part
  Short,      // a write stores a part and says so
  Interrupt,  // a write stores nothing and wants to be tried again
};

class SimulatedDisk final : public Disk {
 public:
  // The n-th operation from now on, counted from 1.
  void fault_at(uint64_t operation, Fault fault);
  uint64_t operations() const;
  // Bytes of all files together; more is Full.
  void set_capacity(uint64_t bytes);
  uint64_t used_bytes() const;

  // What is left after a loss of power; open files are dead, locks are free.
  void lose_power(uint64_t seed);
  // The process dies, the machine does not: everything written is there, but still not synced.
  void kill_process();

  // Calls of sync() and sync_folder() from here ("file:line") return success and do nothing.
  void ignore_sync(const std::string& place);
  // All places that synced so far.
  std::set<std::string> sync_places() const;

  // For bit flips, of memory and disk alike.
  std::string content(const std::string& path) const;
  void set_content(const std::string& path, std::string bytes);
  std::vector<std::string> paths() const;

  DiskResult<std::unique_ptr<DiskFile>> create(const std::string& path) override;
  DiskResult<std::unique_ptr<DiskFile>> open(const std::string& path) override;
  DiskResult<void> rename(const std::string& from, const std::string& to) override;
  DiskResult<void> remove(const std::string& path) override;
  DiskResult<std::vector<std::string>> list(const std::string& folder) override;
  DiskResult<void> make_folder(const std::string& folder) override;
  DiskResult<void> sync_folder(const std::string& folder,
                               std::source_location place = std::source_location::current()) override;
  DiskResult<uint64_t> free_bytes(const std::string& folder) override;
  DiskResult<std::unique_ptr<DiskLock>> lock(const std::string& path) override;

 private:
  friend class SimulatedFile;
  friend class SimulatedLock;

  struct Node {
    std::string memory;
    std::string disk;
    std::set<size_t> dirty;  // pages
  };
  using Names = std::map<std::string, std::shared_ptr<Node>>;
  struct NameChange {
    std::string gone;  // a name that is no more; may be empty
    std::string name;  // a name for `node`; may be empty
    std::shared_ptr<Node> node;
  };

  // Counts an operation; the fault that stands on it, if any.
  DiskResult<std::optional<Fault>> begin();
  DiskResult<void> plain(const std::string& what);  // begin, for operations that happen or do not
  DiskResult<size_t> write(Node& node, std::string_view bytes);
  DiskResult<void> sync(Node& node, std::source_location place);
  bool ignored(std::source_location place);
  uint64_t used() const;
  static void apply(Names& names, const NameChange& change);
  static void lose(Node& node, double kept, std::mt19937_64& random);

  mutable std::mutex mutex_;
  Names names_;                                             // as the process sees them
  Names disk_names_;                                        // as they are after a loss of power
  std::map<std::string, std::vector<NameChange>> pending_;  // by folder
  std::map<uint64_t, Fault> faults_;
  std::set<std::string> ignored_, places_, locks_;
  uint64_t operations_ = 0;
  uint64_t life_ = 0;  // of the process; files of earlier ones are dead
  uint64_t capacity_ = UINT64_MAX;
  bool off_ = false;
};

}  // namespace kubevigil::test
