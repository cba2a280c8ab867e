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
  void bad(BadRecord bad) override { batch_->bad.push_back(std::move(bad)); }
  // Adds the slack behind the last record. Call when the batch is handed on.
  void finish();

 private:
  Batch* batch_ = nullptr;
};

}  // namespace kubevigil
