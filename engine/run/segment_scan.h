// SegmentScan: the records of one segment file in order, and what lies between them. It trusts nothing in the file:
// whatever the bytes are, it ends, it stays within `end`, and every record it gives has both checksums right, a mark
// that is the segment's and a sequence above the last one. One thread.
#pragma once

#include <string>

#include "engine/base/disk.h"
#include "engine/run/segment_format.h"

namespace kubevigil {

// Bytes [begin, end) of the file: one record, or bytes that are none.
struct ScannedPart {
  bool good = false;
  RecordHeader header;       // when good
  std::string_view payload;  // when good; until the next call
  uint64_t begin = 0;
  uint64_t end = 0;
};

class SegmentScan {
 public:
  // Records begin at `begin`; `end` may lie behind the end of the file. `file` outlives the scan.
  SegmentScan(const DiskFile& file, uint64_t mark, uint64_t begin, uint64_t end);

  // False: nothing is left before `end`. An error is the disk's.
  DiskResult<bool> next(ScannedPart& part);
  // More of the file may be read now. Never smaller than before.
  void set_end(uint64_t end) { end_ = end; }
  uint64_t at() const { return at_; }

 private:
  // Up to `size` bytes from `offset`, from the window when they are in it; fewer only at the end.
  DiskResult<std::string_view> bytes(uint64_t offset, size_t size);
  // Is there a good record at `offset`?
  DiskResult<bool> record_at(uint64_t offset, ScannedPart& part);
  // The first good record behind `offset`; false: none.
  DiskResult<bool> search(uint64_t offset, ScannedPart& part);

  const DiskFile& file_;
  std::string mark_;
  uint64_t at_;
  uint64_t end_;
  uint64_t last_sequence_ = 0;
  std::string window_;
  uint64_t window_begin_ = 0;
};

}  // namespace kubevigil
