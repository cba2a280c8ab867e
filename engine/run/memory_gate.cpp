#include "engine/run/memory_gate.h"

#include <algorithm>

namespace kubevigil {

MemoryGate::Pass::Pass(MemoryGate& gate, size_t record) : gate_(gate), bytes_(std::min(record, gate.most_)) {
  std::unique_lock lock(gate_.mutex_);
  gate_.freed_.wait(lock, [&] { return gate_.free_ >= bytes_; });
  gate_.free_ -= bytes_;
}

MemoryGate::Pass::~Pass() {
  {
    const std::lock_guard lock(gate_.mutex_);
    gate_.free_ += bytes_;
  }
  gate_.freed_.notify_all();
}

}  // namespace kubevigil
