// LiveInput: the connector interface of sources that never end (the spool of the webhook, a tailed log), as input.h is
// that of archives. It cuts bytes into records and hands them out in batches with the positions that the journal keeps;
// it neither parses events nor knows rules. Composed by engine/run/live_pipeline.h.
//
// Exactly once. A LiveInput that went to the `from` of a batch (seek) gives exactly the records of that batch again, in
// the same order with the same RecordPosition, from poll(batch, pieces()); across restarts, and whatever has arrived
// since. Only `taken` is asked anew: a re-run takes it from the journal.
//
// Thread: poll, wait, seek, position, problem and counts by one thread at a time; interrupt by all. Errors: nothing
// throws. What a source can go on behind (damage, a file that is gone) comes as an InputGap; Broken does not: stop, and
// recover at a restart.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/timestamp.h"
#include "engine/event/formats.h"
#include "engine/event/record.h"

namespace kubevigil {

// Records that were accepted once and can no longer be read.
struct InputGap {
  std::string what;    // one word: "truncated", "gone", "behind", "damaged", "gap"
  std::string detail;  // where and how much; log text, not escaped
};

// Records of one stream, one behind the other.
struct LiveBatch {
  Batch batch;
  std::string stream;     // partition of the watermark: "webhook/CLUSTER/CREDENTIAL/PEER", "tail/PATH"
  std::string cluster;    // of every event, whatever an envelope says; empty: as the envelope says
  std::string from;       // the input's own words: in front of the first record
  std::string to;         // behind the last
  Timestamp taken;        // wall clock at arrival
  Duration slack{};       // the stream's watermark stands so far behind its newest event
  Duration idle_after{};  // monotonic time without a record after which the stream holds no watermark back
  FormatsPtr formats = native_formats();  // records in others are bad ones, whatever is in them
  std::vector<InputGap> gaps;             // lost in front of `to`

  // What JournalInput counts.
  size_t pieces() const { return batch.records.size() + batch.bad.size(); }
};

enum class LiveStep : uint8_t {
  Batch,    // the batch holds records, bad ones or gaps
  Waiting,  // all that there is was read, as far as is known now; what is read again is asked for several times
  Broken,   // it cannot go on; problem() says why
};

// What only the source knows; zeros where it does not apply.
struct LiveInputCounts {
  uint64_t lag_bytes = 0;                   // there and not read yet
  uint64_t rotations = 0, truncations = 0;  // of a file
  uint64_t records_given_up = 0;            // that never ended
  uint64_t files_ignored = 0;               // now
};

class LiveInput {
 public:
  virtual ~LiveInput() = default;

  // "spool", "tail/PATH": JournalInput::source. Distinct within a pipeline, and the same in every life of the program.
  virtual const std::string& name() const = 0;

  // Does what can be done without waiting. `batch` arrives empty, its strings with old capacity. Sets all its members
  // but Batch::source and Batch::sequence. At most `most_pieces` records and bad ones, from one stream.
  virtual LiveStep poll(LiveBatch& batch, size_t most_pieces = SIZE_MAX) = 0;

  // Until there may be something to poll, `most` is over, or interrupt() is called; may return early.
  virtual void wait(Duration most) = 0;
  // From now on wait() returns at once.
  virtual void interrupt() = 0;

  // Goes on at a `from` or `to` of an earlier life; "" is where this input begins by its own options. False: the text
  // is not one of this input's, and nothing has changed.
  virtual bool seek(std::string_view position) = 0;
  // The `from` of the next batch. The same place may have several texts: they are not to be compared.
  virtual std::string position() const = 0;

  // Nobody will seek to a place in front of this `to` any more: what is kept for that may go. Any thread, one at a
  // time.
  virtual void forget(std::string_view position) { (void)position; }

  // What keeps it from going on, in one sentence, escaped; "" when nothing does.
  virtual std::string problem() const { return {}; }
  virtual LiveInputCounts counts() const { return {}; }
};

}  // namespace kubevigil
