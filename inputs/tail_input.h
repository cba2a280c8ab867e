// TailInput: follows the audit log of one API server while it is written, rotated, compressed and cut.
//
// How a composer drives it, on one thread:
//
//   TailOptions options{.path = "/var/log/kubernetes/audit/audit.log", .stop = &stop};
//   options.from = parse_tail_position(text from the journal);     // none: options.start says where
//   TailInput tail(options);
//   TailBatch batch;
//   while (stop == 0) {
//     if (tail.poll(batch) == TailStep::Waiting) { tail.wait(Duration::seconds(1)); continue; }
//     for (const TailGap& gap : batch.gaps) ...      // input_gap: lost in front of the batch's records
//     judge batch.batch;  journal {name(), to_text(batch.from), to_text(batch.to), batch.pieces()};
//   }
//
// poll() does what can be done without waiting and never sleeps: tests drive it step by step. To stop reading under
// back-pressure, do not call it: the descriptor of the file in hand is held.
//
// Exactly once: a TailInput made with `from` = the `to` of some batch gives exactly the records behind that batch, in
// the same order with the same RecordPosition, across rotation, compression and restarts. So a journal's runs are read
// again with poll(batch, pieces): at most so many. Batch.source and Batch.sequence are the composer's.
//
// RecordPosition::file counts the files of this source, from 0 at the very first start; offsets are plain bytes.
//
// Rules:
//   * A line is waited for until its line feed; only when its file ends without it, it is given as it is, cut off.
//   * Rename: the old file is read until two polls found nothing behind the moment in which its successor was seen.
//     Then the next in the order of the set (inputs/rotated_name.h).
//   * A .gz is the file whose first bytes it begins with. It is not looked at while its plain one stands.
//   * Cut in place (smaller than what was read, or other bytes where some were read): when a copy of it stands in the
//     set, the copy is read to its end first; else TailGap::Truncated. Then the file from 0; NULs at its head are
//     skipped. What was written between the copy and the cut nobody can know.
//   * Deleted: the file in hand is read to its end. Then the next that is newer than its predecessor; that others in
//     between are gone too cannot be excluded, so TailGap::Behind.
//   * The file of `from` is nowhere: TailGap::Gone, and on with the first file newer than its predecessor.
//   * A compressed file is damaged: TailGap::Damaged from where it stopped.
//   * No file at all (a folder that is not mounted yet): waits.
// Not noticed: what stood in a file that was cut before its first line was read; a rotated file, not begun yet,
// removed out of the middle of the set while older ones stand. Two ways of rotation at once (an API server's own,
// with times in the names, and logrotate's numbers) have no order: files of one may be left out, or be read again.
// Give the real path: rotated files are looked for in its folder, symbolic links of the file itself are not resolved.
//
// Bounds: limits::kTailFiles, kTailHeldBytes; records as in engine/event/splitter.h. Memory: one read
// buffer, one batch, one open record. At most three descriptors.
// Errors: nothing throws, nothing ends it; problem() says what keeps it from going on, and poll() tries again.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "engine/base/limits.h"
#include "engine/base/timestamp.h"
#include "engine/event/record.h"
#include "inputs/tail_position.h"

namespace kubevigil {

enum class TailStart : uint8_t {
  Oldest,  // the oldest file of the set: backfill
  Live,    // the live file, from its beginning
  End,     // behind the last complete line of the live file
};

struct TailOptions {
  std::string path;                       // of the live file, whether it is there yet or not
  std::optional<TailPosition> from = {};  // where to go on
  TailStart start = TailStart::Oldest;    // when `from` is empty
  size_t batch_bytes = 1u << 20;          // aim for this many bytes of records a batch
  size_t read_bytes = 256u << 10;         // at a time
  uint64_t held_bytes = limits::kTailHeldBytes;
  const std::atomic<int>* stop = nullptr;  // not zero: wait() and poll() return soon; outlives the input
};

// Records that can no longer be read.
struct TailGap {
  enum class Kind : uint8_t { Truncated, Gone, Behind, Damaged };
  Kind kind = Kind::Truncated;
  std::string path;     // where the file was last seen; log text, not escaped
  uint32_t number = 0;  // of the file, as in RecordPosition::file
  uint64_t from = 0;    // first byte that was not read; a partial line in front of it is lost, too. The end: not known
};
std::string_view to_text(TailGap::Kind kind);

struct TailBatch {
  Batch batch;
  std::optional<TailGap> gap;  // behind the records
  TailPosition from;           // the `to` of the poll before, which may have moved without a record
  TailPosition to;

  uint64_t pieces() const { return batch.records.size() + batch.bad.size(); }
};

enum class TailStep : uint8_t {
  Batch,    // the batch holds records, bad ones or a gap
  Waiting,  // all that there is was read
};

struct TailCounters {
  uint64_t bytes = 0;             // plain bytes cut
  uint64_t records = 0;           // and bad ones, handed out
  uint64_t rotations = 0;         // changes to another file of the set
  uint64_t truncations = 0;       // cuts in place, copied or not
  uint64_t gaps = 0;              // reported
  uint64_t records_given_up = 0;  // kTailHeldBytes
  uint64_t files_ignored = 0;     // kTailFiles; at present
  uint64_t lag_bytes = 0;         // on disk and not read, as of the last poll
};

class TailInput {
 public:
  explicit TailInput(TailOptions options);
  ~TailInput();

  const std::string& name() const;  // the path
  TailStep poll(TailBatch& batch, size_t most_pieces = SIZE_MAX);
  // Until the folder changes or the time is over, whichever is first (inotify; the time makes it polling).
  void wait(Duration most);
  // Behind the last batch; nullopt before the first file was found.
  std::optional<TailPosition> position() const;
  TailCounters counters() const;
  std::string problem() const;          // "" or one sentence, escaped
  std::string path_of_current() const;  // under which the file in hand was opened; empty: none

 private:
  class Follower;
  std::unique_ptr<Follower> follower_;
};

}  // namespace kubevigil
