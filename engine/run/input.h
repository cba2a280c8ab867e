// Input: the connector interface of sources. One Input is one source: a rotated set of files of one API server, a
// single file, or standard input. It cuts its bytes into records (engine/event/splitter.h) and hands them out in
// batches; it neither parses events nor knows rules. Implemented under inputs/, used by engine/run/pipeline.h.
//
// Thread: peek() and next() are called by one thread at a time, not always the same one. files() may only be read
// while no other call runs. Errors: nothing throws, nothing ends the run; a file that cannot be read, or not to its
// end, says so in InputFile::problem, and the source goes on with its next file.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/base/timestamp.h"
#include "engine/event/record.h"

namespace kubevigil {

// What is known about one file of a source; filled while the file is read.
struct InputFile {
  std::string path;          // as shown; "-" is standard input
  uint64_t size = 0;         // bytes on disk; 0: unknown
  uint64_t plain_bytes = 0;  // after decompression
  uint64_t lines = 0;        // line feeds, and a last line without one
  std::string sha256;        // of the bytes on disk; empty unless asked for and read to the end
  std::string compression;   // "", "gzip", "zstd"
  std::string problem;       // why it was not read, or not to its end: "cut off inside a gzip member at byte 4711"
  std::string note;          // what was left out without harm: zero padding behind compressed data
  bool skipped = false;      // lies outside the time range by its name; never opened
  bool read = false;         // opened, and read to its end or to `problem`
};

// How inputs read; the same for all of a run.
struct InputOptions {
  size_t batch_bytes = 1u << 20;      // aim for this many bytes of records a batch
  Timestamp from = Timestamp::min();  // files that end before are skipped where names or times tell
  Timestamp to = Timestamp::max();
  bool sha256 = false;
  const std::atomic<int>* stop = nullptr;  // not zero: end soon, even while waiting for a pipe
};

class Input {
 public:
  virtual ~Input() = default;

  // Distinct within a run; breaks ties between events of equal time.
  virtual const std::string& name() const = 0;
  // Files are numbered through the whole run: RecordPosition::file of this source's first file.
  virtual uint32_t first_file() const = 0;
  virtual std::span<const InputFile> files() const = 0;

  // The first few records (at least 3 when there are as many, at most about 64 KiB unless one is larger), without
  // moving next(), and leaving nothing open where the source can be opened again. False: there are none.
  virtual bool peek(Batch& batch) = 0;
  // Fills `batch` (which arrives empty, its strings with old capacity) with the next records; false at the end.
  // A batch may hold no records but bad ones. Sets every member but `source` and `sequence`.
  virtual bool next(Batch& batch) = 0;
};

}  // namespace kubevigil
