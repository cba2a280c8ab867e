// MemoryGate: lets the workers of a run share what large records need while they are judged (a parser and trees many
// times the record's size), so that the peak does not grow with the number of threads. Records up to kLight bytes pass
// freely; what they need stays with their worker. Thread-safe. Who waits, and how long, shows in no output.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>

namespace kubevigil {

class MemoryGate {
 public:
  static constexpr size_t kLight = 32u << 10;

  // `bytes`: of the records that are judged at one time. A record that is larger goes alone.
  explicit MemoryGate(size_t bytes) : free_(bytes), most_(bytes) {}

  static bool is_light(size_t record) { return record <= kLight; }

  // Holds a part of the gate for as long as it lives. One at a time for each thread, or they may wait for each other.
  class Pass {
   public:
    Pass(MemoryGate& gate, size_t record);
    ~Pass();
    Pass(const Pass&) = delete;
    Pass& operator=(const Pass&) = delete;

   private:
    MemoryGate& gate_;
    const size_t bytes_;
  };

 private:
  std::mutex mutex_;
  std::condition_variable freed_;
  size_t free_;
  const size_t most_;
};

}  // namespace kubevigil
