// Disk and DiskFile: all that the durable parts (engine/run: spool, journal, snapshot, outbox) ask of a file system,
// so that tests can put one in its place that loses power (tests/support/simulated_disk.h).
//
// What a caller may rely on, and nothing more (POSIX and Linux; Pillai et al., OSDI 2014):
//   * bytes survive a loss of power only after sync() of their file has returned without error;
//   * a name (created, renamed, removed) survives only after sync_folder() of its folder has, too;
//   * what was not synced may be there in part, out of order, in whole, or as zeros.
//
// A failed sync is final: Linux may have marked the pages clean although they never reached the disk, and a second
// fsync then reports success (Rebello et al., ATC 2020). So the descriptor is dead from then on, here and not only by
// the caller's discipline; whoever opens the file again must call reread() before it believes what it reads.
//
// Threads: a Disk may be used by all; a DiskFile by one at a time, except read_at, which any thread may call. Files are
// made 0600, folders 0700: they hold audit events. Paths are plain; errors carry the escaped path and what to do.
#pragma once

#include <cstdint>
#include <memory>
#include <source_location>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"

namespace kubevigil {

enum class DiskFault : uint8_t {
  Full,     // no space, quota used up: nothing is broken, it works again when there is space
  Missing,  // no such file
  Exists,   // the name is taken
  Locked,   // another process holds the lock
  Failed,   // the disk, the rights or the descriptor: stop, and recover at a restart
};

struct DiskError {
  DiskFault fault = DiskFault::Failed;
  std::string message;
};

template <typename T>
using DiskResult = tl::expected<T, DiskError>;

inline tl::unexpected<DiskError> disk_fail(DiskFault fault, std::string message) {
  return tl::unexpected<DiskError>(DiskError{fault, std::move(message)});
}

// An open file, written at its end only. Closed by its destructor, which syncs nothing.
class DiskFile {
 public:
  virtual ~DiskFile() = default;

  // All of the bytes, behind the end; short writes and interruptions are gone on with. On an error some of them may
  // be in the file: truncate() back to the size before, or give the file up.
  DiskResult<void> append(std::string_view bytes);
  // Everything written so far is on the disk when this returns without error (fdatasync). The place of the call is
  // for tests, which leave out one call after the other.
  DiskResult<void> sync(std::source_location place = std::source_location::current());
  DiskResult<void> truncate(uint64_t size);
  // Makes room for `bytes` on the disk at once, as zeros at the end of the file.
  DiskResult<void> allocate(uint64_t bytes);
  // Up to `out.size()` bytes from `offset`; fewer only at the end of the file.
  DiskResult<size_t> read_at(uint64_t offset, std::span<char> out) const;
  // From now on reads give what is on the disk, not what memory holds of it (POSIX_FADV_DONTNEED). Call after
  // opening a file that another life of the program wrote, and after a sync() that returned without error.
  virtual void reread() = 0;
  virtual uint64_t size() const = 0;
  // Whether the path still names this file: nobody removed, renamed or replaced it. For files that others can reach.
  virtual bool has_name(const std::string& path) const = 0;

 protected:
  // One attempt each. write_some: 0 bytes when interrupted.
  virtual DiskResult<size_t> write_some(std::string_view bytes) = 0;
  virtual DiskResult<size_t> read_some(uint64_t offset, std::span<char> out) const = 0;
  virtual DiskResult<void> sync_once(std::source_location place) = 0;
  virtual DiskResult<void> truncate_once(uint64_t size) = 0;
  virtual DiskResult<void> allocate_once(uint64_t bytes) = 0;

 private:
  DiskResult<void> alive() const;

  bool dead_ = false;
};

// Held as long as it lives; given back by the operating system when the process ends, however it ends.
class DiskLock {
 public:
  virtual ~DiskLock() = default;
};

class Disk {
 public:
  virtual ~Disk() = default;

  // A new file; Exists when the name is taken.
  virtual DiskResult<std::unique_ptr<DiskFile>> create(const std::string& path) = 0;
  // A file that is there, for reading and for appending; Missing when it is not. A symbolic link at the end of the path
  // is not followed: whoever may write to the folder could lead us anywhere.
  virtual DiskResult<std::unique_ptr<DiskFile>> open(const std::string& path) = 0;
  // Takes the place of what is called `to`, at once; durable after sync_folder.
  virtual DiskResult<void> rename(const std::string& from, const std::string& to) = 0;
  virtual DiskResult<void> remove(const std::string& path) = 0;
  // Names (without the folder) of the regular files in it, sorted.
  virtual DiskResult<std::vector<std::string>> list(const std::string& folder) = 0;
  // Makes it, and all above it, when it is not there; it and its name are then durable.
  virtual DiskResult<void> make_folder(const std::string& folder) = 0;
  virtual DiskResult<void> sync_folder(const std::string& folder,
                                       std::source_location place = std::source_location::current()) = 0;
  // What an unprivileged process may still write to the file system of this folder.
  virtual DiskResult<uint64_t> free_bytes(const std::string& folder) = 0;
  // Locked when another process has it. The file stays.
  virtual DiskResult<std::unique_ptr<DiskLock>> lock(const std::string& path) = 0;
};

// The machine's own; lives as long as the program.
Disk& posix_disk();
// The same to look at a folder that belongs to somebody else: files are opened for reading only, locks are shared
// (Locked when a writer has it, held without a file when there is none), and what would change something fails.
Disk& reading_disk();

}  // namespace kubevigil
