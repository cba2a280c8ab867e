// LiveInput: the connector interface of sources that never end (the spool of the webhook, a tailed log, topics of
// Kafka), as input.h is that of archives. It cuts bytes into records and hands them out in batches with the positions
// that the journal keeps; it neither parses events nor knows rules. Composed by engine/run/live_pipeline.h.
//
// Lanes. An input has one or more lanes, each with an order and a position of its own: the spool and a log are one,
// partitions of Kafka are one each. A batch is of one lane, whose name is JournalInput::source.
//
// Exactly once. A LiveInput whose lane went to the `from` of a batch (seek) gives exactly the records of that batch
// again, in the same order with the same RecordPosition, from poll(batch, pieces(), lane); across restarts, and
// whatever has arrived since, there and in other lanes. Only `taken` is asked anew: a re-run takes it from the journal.
//
// Thread: poll, wait, seek, problem and counts by one thread at a time; interrupt by all. Errors: nothing
// throws. What a source can go on behind (damage, a file that is gone) comes as an InputGap; Broken does not: stop, and
// recover at a restart.
#pragma once

#include <cstdint>
#include <memory>
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
  std::string source;     // the lane: JournalInput::source
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
  Batch,    // the batch holds records, bad ones or gaps, or nothing but a place to go on at
  Waiting,  // all that there is was read, as far as is known now; what is read again is asked for several times
  Later,    // there may be more, which is on its way or cannot be had now: wait(), and ask again
  Broken,   // it cannot go on; problem() says why
};

struct LiveLag {
  std::string source;  // a lane
  uint64_t messages = 0;
};

// What only the source knows; zeros where it does not apply.
struct LiveInputCounts {
  uint64_t lag_bytes = 0;                                 // there and not read yet
  uint64_t lag_messages = 0;                              // the same of Kafka, which does not tell bytes; of all lanes,
  std::shared_ptr<const std::vector<LiveLag>> lags = {};  // and of each; null: none
  bool stands_by = false;                   // another instance reads, and this one waits as it was told to
  uint64_t tombstones = 0;                  // messages with nothing in them, passed over
  uint64_t rotations = 0, truncations = 0;  // of a file
  uint64_t records_given_up = 0;            // that never ended
  uint64_t files_ignored = 0;               // now
};

class LiveInput {
 public:
  virtual ~LiveInput() = default;

  // "spool", "tail/PATH", "kafka/NAME". Distinct within a pipeline, and the same in every life of the program.
  virtual const std::string& name() const = 0;
  // Is it a lane of this input, now or at another time? An input of one lane gives it its own name.
  virtual bool owns(std::string_view source) const { return source == name(); }

  // Is it one that is read now? What is owned and not read any more is a lane that was taken out of the configuration.
  virtual bool reads(std::string_view source) const { return owns(source); }

  // Does what can be done without waiting. `batch` arrives empty, its strings with old capacity. Sets all its members
  // but Batch::source and Batch::sequence. At most `most_pieces` records and bad ones, from one stream; of the lane
  // `only`, or of any when that is empty.
  virtual LiveStep poll(LiveBatch& batch, size_t most_pieces = SIZE_MAX, std::string_view only = {}) = 0;

  // Until there may be something to poll, `most` is over, or interrupt() is called; may return early.
  virtual void wait(Duration most) = 0;
  // From now on wait() returns at once.
  virtual void interrupt() = 0;

  // The lane goes on at a `from` or `to` of an earlier life; "" is where it begins by the input's own options. The same
  // place may have several texts. False: the text is not one of this lane's, and nothing has changed. REQUIRES:
  // owns(source).
  virtual bool seek(std::string_view source, std::string_view position) = 0;

  // Nobody will seek to a place in front of this `to` any more: what is kept for that may go. Any thread, one at a
  // time. REQUIRES: owns(source).
  virtual void forget(std::string_view source, std::string_view position) { (void)source, (void)position; }

  // What keeps it from going on, in one sentence, escaped; "" when nothing does.
  virtual std::string problem() const { return {}; }
  virtual LiveInputCounts counts() const { return {}; }
};

}  // namespace kubevigil
