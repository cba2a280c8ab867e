// ValueArena: memory of the values that FieldLookup hands out, until reset(). Reuses a little of what it has: clients
// choose how many values an event has, and by many such events must not make a worker keep them all. Spans and texts
// stay valid until reset() although more is added.
#pragma once

#include <algorithm>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/event/value.h"

namespace kubevigil {

template <typename T>
class RunPool {
 public:
  // An empty run to fill; the next call starts another.
  std::vector<T>& next() {
    if (used_ == runs_.size()) runs_.emplace_back();
    std::vector<T>& run = runs_[used_++];
    run.clear();
    return run;
  }
  void reset() {
    if (runs_.size() > kKeptRuns) runs_.resize(kKeptRuns);
    for (size_t i = 0; i < std::min(used_, kKeptRuns); ++i) {
      if (runs_[i].capacity() > kKeptValues) std::vector<T>().swap(runs_[i]);
    }
    used_ = 0;
  }

 private:
  static constexpr size_t kKeptRuns = 256;
  static constexpr size_t kKeptValues = 128;  // of each
  std::deque<std::vector<T>> runs_;
  size_t used_ = 0;
};

class TextPool {
 public:
  std::string_view keep(std::string text) { return texts_.emplace_back(std::move(text)); }
  void reset() { texts_.clear(); }

 private:
  std::deque<std::string> texts_;
};

}  // namespace kubevigil
