// BadLines: the bad records of a run. Keeps the first `limit` by file and offset, whatever order they come in, and
// counts the rest. One thread.
#pragma once

#include <cstdint>
#include <set>
#include <vector>

#include "engine/event/record.h"

namespace kubevigil {

class BadLines {
 public:
  explicit BadLines(size_t limit) : limit_(limit) {}

  void add(const BadRecord& bad);
  uint64_t total() const { return total_; }
  std::vector<BadRecord> take();  // sorted

 private:
  struct Before {
    bool operator()(const BadRecord& a, const BadRecord& b) const;
  };
  size_t limit_;
  uint64_t total_ = 0;
  std::multiset<BadRecord, Before> kept_;
};

}  // namespace kubevigil
