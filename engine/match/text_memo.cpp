#include "engine/match/text_memo.h"

#include "engine/base/limits.h"

namespace kubevigil {

TextMemo::TextMemo(size_t sets, HashKey key, size_t max_bytes)
    : words_((sets + 63) / 64), texts_(2 * words_, key, max_bytes) {}

bool TextMemo::any(uint32_t number, const PatternSet& set, const Value& value, uint64_t& set_fallbacks) {
  if (value.type != ValueType::String || value.text.size() > limits::kInternedValueBytes) {
    return set.any(value, set_fallbacks);
  }
  std::span<uint64_t> bits = texts_.find(value.text);
  if (bits.empty()) bits = texts_.add(value.text);
  const uint64_t bit = uint64_t{1} << (number % 64);
  uint64_t& asked = bits[number / 64];
  uint64_t& yes = bits[words_ + number / 64];
  if ((asked & bit) == 0) {
    asked |= bit;
    if (set.any(value, set_fallbacks)) yes |= bit;
  }
  return (yes & bit) != 0;
}

}  // namespace kubevigil
