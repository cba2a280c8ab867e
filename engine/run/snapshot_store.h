// SnapshotStore: whole states under one name, numbered; the two newest are kept. A snapshot is written to a temporary
// file, synced, renamed, and its folder synced: it is there whole or not at all. A damaged one is found by its
// checksums, reported, and the older one is taken.
//
// Spool and journal may be trimmed only behind the OLDER of two (kept().front()), and not at all while kept() has
// fewer: put the positions into the note.
//
// Errors: Full and others leave the snapshots that are there as they are; try again at the next one. After a sync that
// failed, too: its file was temporary.
//
// One thread. Disk outlives the store. Bytes (numbers little-endian), file <name>-<number, 16 hex digits>.snap:
//    0  8  magic "KVSNAPSH"
//    8  4  format version, 1
//   12  8  number
//   20  4  bytes of the note (limits::kSnapshotNoteBytes at most)
//   24  4  CRC-32C of the note
//   28  4  CRC-32C of the 28 bytes before
//   32     note
//   then chunks: u32 bytes (1 to 1 MiB), u32 CRC-32C of the number of this chunk (u64 from 0) and its bytes, bytes
//   then the end: u32 0, u64 bytes of all chunks, u32 CRC-32C of the number of chunks (u64) and the u64 before; nothing
//   behind it
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/disk.h"

namespace kubevigil {

struct SnapshotInfo {
  uint64_t number = 0;
  std::string note;
  std::string path;
};

struct LoadedSnapshot {
  SnapshotInfo info;
  std::string state;
};

// One snapshot being written. Destroyed before commit, or when that failed, it removes its temporary file: on a full
// disk that room is needed. One that a crash leaves is removed by the next start or snapshot.
class SnapshotWriter {
 public:
  ~SnapshotWriter();
  SnapshotWriter(const SnapshotWriter&) = delete;
  SnapshotWriter& operator=(const SnapshotWriter&) = delete;
  DiskResult<void> append(std::string_view bytes);

 private:
  friend class SnapshotStore;
  SnapshotWriter(Disk& disk, std::unique_ptr<DiskFile> file, SnapshotInfo info, std::string temporary)
      : disk_(disk), file_(std::move(file)), info_(std::move(info)), temporary_(std::move(temporary)) {}
  DiskResult<void> write_chunk(std::string_view bytes);
  DiskResult<void> finish();

  Disk& disk_;
  std::unique_ptr<DiskFile> file_;
  bool renamed_ = false;
  SnapshotInfo info_;
  std::string temporary_;
  std::string buffer_;
  uint64_t chunks_ = 0;
  uint64_t bytes_ = 0;
};

class SnapshotStore {
 public:
  static DiskResult<std::unique_ptr<SnapshotStore>> open(Disk& disk, std::string folder, std::string name);

  // The newest whole one; nullopt: there is none. Damaged ones that were passed over are in problems().
  DiskResult<std::optional<LoadedSnapshot>> load();
  // The second newest, if it is whole, else as load(): what goes back furthest and has its journal still.
  DiskResult<std::optional<LoadedSnapshot>> load_older();
  // What is in this one, whole as it is, is of no use: as if it were damaged.
  void reject(const SnapshotInfo& info, const std::string& problem);
  // One line each, with file and bytes: log them, and raise a self-alert.
  const std::vector<std::string>& problems() const { return problems_; }

  // One at a time.
  DiskResult<std::unique_ptr<SnapshotWriter>> begin(std::string note);
  // Durable when it returns without error; the third is then gone.
  DiskResult<SnapshotInfo> commit(std::unique_ptr<SnapshotWriter> writer);
  DiskResult<SnapshotInfo> write(std::string note, std::string_view state);  // all at once

  // Older first; none whose note is damaged, that load() found damaged, or that was rejected. Two, after a commit.
  const std::vector<SnapshotInfo>& kept() const { return kept_; }

 private:
  SnapshotStore(Disk& disk, std::string folder, std::string name)
      : disk_(disk), folder_(std::move(folder)), name_(std::move(name)) {}
  DiskResult<void> find();
  void condemn(const std::string& path, const std::string& problem);
  DiskResult<void> remove_old();

  Disk& disk_;
  const std::string folder_, name_;
  uint64_t next_ = 1;
  std::vector<SnapshotInfo> kept_;
  std::vector<std::string> condemned_;  // paths of damaged and old ones, removed after the next commit
  std::vector<std::string> problems_;
};

// A snapshot file, or its header and note alone; nullopt: damaged, and `problem` says where. A good header with another
// format version is an error.
DiskResult<std::optional<SnapshotInfo>> read_snapshot_info(const DiskFile& file, const std::string& path,
                                                           std::string& problem);
DiskResult<std::optional<LoadedSnapshot>> read_snapshot(const DiskFile& file, const std::string& path,
                                                        std::string& problem);

}  // namespace kubevigil
