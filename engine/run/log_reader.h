// LogReader: the durable records of a SegmentLog from any position on, while it is written. Damage comes as gaps, in
// place. One thread (any, also not the writer's); the log outlives the reader. Trimming does not disturb a reader that
// is at or behind the trimmed position: it must not be.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "engine/run/segment_log.h"
#include "engine/run/segment_scan.h"

namespace kubevigil {

// Where a record lies, to read it again (SegmentLog segments never change once written).
struct LogPlace {
  uint64_t segment = 0;  // its first sequence
  uint64_t offset = 0;   // of the record in the file
  uint32_t size = 0;     // of the payload
};

struct LogRecord {
  uint64_t sequence = 0;
  uint32_t kind = 0;
  std::string_view payload;  // until the next call
  LogPlace place;
};

class LogReader {
 public:
  // `from`: the sequence of the first record wanted. A position that is trimmed already shows as a gap.
  LogReader(const SegmentLog& log, uint64_t from) : log_(log), next_(from) {}

  enum class Step : uint8_t {
    Record,  // record() is the next one
    Gap,     // gap() is lost; the next call goes on behind it
    End,     // nothing more is durable now; a later call may find more
  };
  // An error is the disk's; the next call tries the same again.
  DiskResult<Step> next();
  const LogRecord& record() const { return record_; }
  const LogDamage& gap() const { return gap_; }
  uint64_t position() const { return next_; }  // the sequence that comes next

 private:
  struct OpenSegment {
    uint64_t first = 0;
    std::unique_ptr<DiskFile> file;
    std::unique_ptr<SegmentScan> scan;
  };

  // False: there is no such file, or no way to find records in it.
  DiskResult<bool> open();
  Step lost(uint64_t begin, uint64_t end, uint64_t next);
  Step take(const ScannedPart& part, uint64_t good_end);

  const SegmentLog& log_;
  uint64_t next_;
  std::optional<SegmentView> view_;  // of the segment of next_, as it was when its end was reached last
  OpenSegment segment_;
  bool held_ = false;  // record_ comes after the gap that was just given
  LogRecord record_;
  LogDamage gap_;
};

// A record that a reader gave before. False: it is gone or damaged. Any thread.
DiskResult<bool> read_again(const SegmentLog& log, const LogPlace& place, std::string& payload);

}  // namespace kubevigil
