#include "engine/event/batch_builder.h"

#include "engine/event/event_reader.h"

namespace kubevigil {

void BatchBuilder::fill(Batch& batch) {
  batch_ = &batch;
  held_ = 0;
  if (batch_->wrappers.empty()) batch_->wrappers.emplace_back();  // number 0: none
}

void BatchBuilder::record(const Piece& piece) {
  uint32_t wrapper = 0;
  if (piece.wrapper != nullptr) {
    if (batch_->wrappers.back() != piece.wrapper) {
      batch_->wrappers.push_back(piece.wrapper);
      held_ += piece.wrapper->json.size() + sizeof(Wrapper);
    }
    wrapper = static_cast<uint32_t>(batch_->wrappers.size() - 1);
  }
  batch_->records.push_back(
      {batch_->memory.size(), piece.text.size(), piece.position, wrapper, piece.defect, piece.salvaged});
  batch_->memory.append(piece.text);
  held_ += piece.text.size() + sizeof(Record);
}

void BatchBuilder::bad(BadRecord bad) {
  held_ += bad.kept.size() + bad.message.size() + sizeof(BadRecord);
  bad.before = static_cast<uint32_t>(batch_->records.size());
  batch_->bad.push_back(std::move(bad));
}

void BatchBuilder::finish() { batch_->memory.append(kRecordPadding, '\0'); }

}  // namespace kubevigil
