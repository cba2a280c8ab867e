// SegmentLog: records appended to files of bounded size. Spool, journal and outbox are such logs. The bytes are in
// segment_format.h.
//
// A record has a sequence: 1, 2, 3, ... through all segments and restarts; numbers of records that were durable are
// never given twice. Readers (log_reader.h) see only what is durable, so nothing that was read once can be undone by
// a loss of power.
//
// Promise: a record whose sync() returned without error is read again, byte for byte, after a crash of the program or
// of the machine at any moment, in its place. What was appended and not synced may be there or not, but never with a
// hole before it. Damaged bytes (a bad disk) cost the records that they hit and no others; the gap is reported with
// its sequences and its bytes.
//
// Recovery (open) reads the newest segment: a torn tail is cut off and reported, a gap before it is reported, older
// segments were synced before the newer one was made. What is left is synced before anybody reads it, and never
// appended to: the next record begins a new segment.
//
// Errors. Full: the record is not in the log, nothing else happened, try again when there is space (a reserve is used
// up first). Anything else: the log is dead, each further call says so; restart and recover.
//
// Threads: append, sync and dead are one thread's, the writer's; trim is one thread's, any; the rest is everybody's.
// Disk and reserve outlive the log, and the log its readers.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/disk.h"
#include "engine/run/disk_reserve.h"
#include "engine/run/segment_format.h"

namespace kubevigil {

struct SegmentLogOptions {
  std::string folder;                  // made when missing
  std::string name;                    // files are called <name>-<first sequence>.log; several logs may share a folder
  uint64_t segment_bytes = 64u << 20;  // a new one is begun beyond; trim gives back whole ones
  uint64_t secret = 0;                 // random, a new one at each start (Env::random); marks are made of it
  DiskReserve* reserve = nullptr;      // released when the disk is full, then the append is tried once more
};

// Something that is not as it was written. Sequences [first, end) are lost; none when they are equal.
struct LogDamage {
  enum class Kind : uint8_t {
    TornTail,  // was being written at a crash; nobody was told that it is safe
    Gap,       // was safe once
    Header,    // a segment's header is bad; its copy or its first record do, else the reader reports a gap
  };
  Kind kind = Kind::Gap;
  std::string file;
  uint64_t begin_byte = 0, end_byte = 0;
  uint64_t first = 0, end = 0;
};
// One line: what, where, which range.
std::string to_text(const LogDamage& damage);

// What a reader needs to know of a segment. Records [first, end) in bytes [kSegmentDataBegin, bytes) of the file.
struct SegmentView {
  std::string path;
  uint64_t first = 0;
  uint64_t end = 0;
  uint64_t bytes = 0;
};

class SegmentLog {
 public:
  static DiskResult<std::unique_ptr<SegmentLog>> open(Disk& disk, SegmentLogOptions options);

  // The record's sequence. It is durable after the next sync().
  DiskResult<uint64_t> append(uint32_t kind, std::string_view payload);
  DiskResult<void> sync(std::source_location place = std::source_location::current());
  bool dead() const { return dead_.has_value(); }
  // Removes the segments whose records all have smaller sequences; the newest one stays.
  DiskResult<void> trim(uint64_t before);

  uint64_t first_sequence() const;  // the oldest that is kept
  uint64_t durable_end() const;     // the first that is not durable yet
  uint64_t bytes() const;           // on the disk, all segments
  // The segment that holds this record, or else the next one there is; nullopt: nothing durable from there on.
  std::optional<SegmentView> segment_for(uint64_t sequence) const;
  // What recovery found in the newest segment and in the headers of all. Readers report gaps again, in place.
  const std::vector<LogDamage>& damage() const { return damage_; }
  Disk& disk() const { return disk_; }

 private:
  struct Segment {
    std::string path;
    uint64_t first = 0;
    uint64_t bytes = 0;
  };

  SegmentLog(Disk& disk, SegmentLogOptions options) : disk_(disk), options_(std::move(options)) {}
  DiskResult<void> find_segments();
  DiskResult<void> check_older();
  DiskResult<void> recover_newest();
  DiskResult<void> roll();
  DiskResult<std::unique_ptr<DiskFile>> create_segment(const std::string& path, uint64_t mark);
  DiskResult<void> make_room(size_t bytes);
  DiskResult<void> write(uint32_t kind, std::string_view payload);
  DiskResult<void> die(const DiskError& error);
  std::string path_of(uint64_t first) const;
  uint64_t end_of(size_t segment) const;

  Disk& disk_;
  const SegmentLogOptions options_;
  std::vector<LogDamage> damage_;
  // The writer's
  std::unique_ptr<DiskFile> active_;
  uint64_t active_mark_ = 0;
  uint64_t next_ = 1;
  std::string scratch_;
  std::optional<DiskError> dead_;

  mutable std::mutex mutex_;  // of what follows
  std::vector<Segment> segments_;
  uint64_t durable_end_ = 1;
  uint64_t durable_bytes_ = 0;  // of the newest segment
};

}  // namespace kubevigil
