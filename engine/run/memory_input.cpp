#include "engine/run/memory_input.h"

#include <algorithm>

#include "engine/event/event_reader.h"

namespace kubevigil {
namespace {

constexpr size_t kPeeked = 16;  // whatever the batch size: the merge begins with what they say

}  // namespace

MemoryInput::MemoryInput(std::string name, uint32_t first_file, std::vector<std::string> records, size_t batch_bytes)
    : name_(std::move(name)), first_file_(first_file), records_(std::move(records)), batch_bytes_(batch_bytes) {
  uint64_t offset = 0;
  for (const std::string& record : records_) {
    offsets_.push_back(offset);
    offset += record.size() + 1;
  }
  file_.path = name_;
  file_.size = file_.plain_bytes = offset;
  file_.lines = records_.size();
  file_.read = true;
}

// Appends up to `records` records, at least one and at most about `bytes`; returns how many.
size_t MemoryInput::fill(Batch& batch, size_t from, size_t records, size_t bytes) const {
  size_t taken = 0;
  while (taken < records && from + taken < records_.size() && (taken == 0 || batch.memory.size() < bytes)) {
    const size_t i = from + taken++;
    Record record;
    record.begin = batch.memory.size();
    record.size = records_[i].size();
    record.position = {first_file_, offsets_[i], i + 1};
    batch.records.push_back(record);
    batch.memory += records_[i];
  }
  batch.wrappers.resize(1);
  batch.input_bytes = batch.memory.size();
  batch.memory.append(kRecordPadding, '\0');
  return taken;
}

bool MemoryInput::peek(Batch& batch) { return fill(batch, 0, kPeeked, SIZE_MAX) > 0; }

bool MemoryInput::next(Batch& batch) {
  if (at_ == records_.size()) return false;
  at_ += fill(batch, at_, records_.size(), batch_bytes_);
  return true;
}

}  // namespace kubevigil
