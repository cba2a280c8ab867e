// BatchBuilder: the RecordSink that fills a Batch. One thread.
#pragma once

#include "engine/event/record_sink.h"

namespace kubevigil {

class BatchBuilder final : public RecordSink {
 public:
  explicit BatchBuilder(Batch& batch) { fill(batch); }
  // From now on records are appended to this batch, which is borrowed.
  void fill(Batch& batch);
  void record(const Piece& piece) override;
  void bad(BadRecord bad) override;
  // Bytes that the batch holds by now, with wrappers, bad records and what is noted about each record: an input of
  // nothing but tiny records or large wrappers must not swell it.
  size_t held_bytes() const { return held_; }
  // Adds the slack behind the last record. Call when the batch is handed on.
  void finish();

 private:
  Batch* batch_ = nullptr;
  size_t held_ = 0;
};

}  // namespace kubevigil
