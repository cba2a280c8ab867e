// TextMemo: what sets of many words or regular expressions said of the texts of bodies, remembered from event to
// event, for one worker: images, commands and variables of pods come again thousands of times. Bounded as InternTable
// is; texts over limits::kInternedValueBytes are asked each time. Forgetting costs time, never an answer.
#pragma once

#include <cstdint>

#include "engine/match/intern_table.h"
#include "engine/match/pattern_set.h"

namespace kubevigil {

class TextMemo {
 public:
  // `sets`: how many share it.
  TextMemo(size_t sets, HashKey key, size_t max_bytes);

  // What set.any(value) says. REQUIRES: `number` < sets always comes with the same set.
  bool any(uint32_t number, const PatternSet& set, const Value& value, uint64_t& set_fallbacks);

  uint64_t clears() const { return texts_.clears(); }

 private:
  size_t words_;       // of one bit a set
  InternTable texts_;  // by text: which sets were asked, then which of them said yes
};

}  // namespace kubevigil
