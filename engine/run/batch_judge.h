// BatchJudge: one worker's part: reads the records of a batch and matches their events against the program. Also reads
// single events again, for alerts. One thread; keeps scratch memory between calls, but no meaning: the result depends
// on the batch alone.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "engine/base/limits.h"
#include "engine/event/field_lookup.h"
#include "engine/match/program.h"
#include "engine/run/judged_batch.h"
#include "engine/run/memory_gate.h"

namespace kubevigil {

struct JudgeOptions {
  TimeRange range;      // events outside only get a time: they move the merge, but match nothing
  std::string cluster;  // for events that do not tell
  HashKey key;
  bool strict = false;  // what stands behind the first bad record of a batch is left out
  std::shared_ptr<MemoryGate> gate = std::make_shared<MemoryGate>(limits::kJudgedBytes);  // shared by all workers
  size_t workers = 1;               // that share limits::kInternedBytes
  MatchProfile* profile = nullptr;  // as Matcher's
};

class BatchJudge {
 public:
  BatchJudge(std::shared_ptr<const Program> program, JudgeOptions options);
  ~BatchJudge();

  // Fills result, audit_ids and tally from batch; bad records are appended to batch.bad and sorted by position.
  void judge(JudgedBatch& judged);

  // The tally of a batch that judge() has judged, without what stands from that event on.
  Tally tally_before(const JudgedBatch& judged, const EventMark& event);

  // Where a source begins: the smallest time of its first three events that have one; Timestamp::min() without any.
  Timestamp start_of(const Batch& batch);

  // Reads the event behind a mark again. False when it cannot be read (never for a mark of judge()).
  using UseEvent = std::function<void(const Event&, FieldLookup&)>;
  bool reread(const Batch& batch, const EventMark& mark, const UseEvent& use);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The 16 bytes of a UUID in its canonical text form; zeros for any other text.
std::array<uint8_t, 16> uuid_bytes(std::string_view text);

}  // namespace kubevigil
