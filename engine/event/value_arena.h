// ValueArena: memory of the values that FieldLookup hands out, until reset(). Reuses what it has; spans and texts stay
// valid until then although more is added.
#pragma once

#include <deque>
#include <span>
#include <string>
#include <string_view>
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
    for (size_t i = 0; i < used_; ++i) {
      if (runs_[i].capacity() > kKept) std::vector<T>().swap(runs_[i]);
    }
    used_ = 0;
  }

 private:
  static constexpr size_t kKept = 4096;
  std::deque<std::vector<T>> runs_;
  size_t used_ = 0;
};

class TextPool {
 public:
  std::string_view keep(std::string text) {
    if (used_ == texts_.size()) texts_.emplace_back();
    return texts_[used_++] = std::move(text);
  }
  void reset() { used_ = 0; }

 private:
  std::deque<std::string> texts_;
  size_t used_ = 0;
};

}  // namespace kubevigil
