// What a segment file holds after a crash: where its records end, and what is damaged. Reads only.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/base/disk.h"
#include "engine/run/segment_log.h"

namespace kubevigil {

struct RecoveredSegment {
  uint64_t bytes = 0;  // of the file that count: the rest is a torn tail
  uint64_t end = 0;    // the first sequence that is not in it
  std::vector<LogDamage> damage;
};

// For the newest segment of a log. A bad place is a gap when a record behind it says that what stood there was durable
// when it was written, and the beginning of a torn tail otherwise. A good header with another format version is an
// error: the file belongs to another version of the program.
DiskResult<RecoveredSegment> recover_segment(const DiskFile& file, const std::string& path, uint64_t first);

// The mark of a segment: from its header, from the header's copy, or from its first record. nullopt: none is left.
struct SegmentMark {
  uint64_t mark = 0;
  bool damaged = false;  // not from a header whose copies are both good
};
DiskResult<std::optional<SegmentMark>> segment_mark(const DiskFile& file, const std::string& path, uint64_t first);

}  // namespace kubevigil
