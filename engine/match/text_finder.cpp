#include "engine/match/text_finder.h"

#include <bit>
#include <cstdint>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "engine/base/text.h"

namespace kubevigil {
namespace {

bool stands_at(std::string_view word, std::string_view text, size_t at, bool fold_case) {
  const std::string_view there = text.substr(at, word.size());
  return fold_case ? equals_folded(word, there) : word == there;
}

#ifdef __SSE2__
// A byte of the word. Of letters only bit 5 differs between the cases.
struct Wanted {
  Wanted(char c, bool fold_case)
      : bit(_mm_set1_epi8(fold_case && c >= 'a' && c <= 'z' ? 0x20 : 0)), byte(_mm_set1_epi8(c)) {}
  // Bit i: it is byte i there.
  uint32_t in(const char* at) const {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    return static_cast<uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_or_si128(bytes, bit), byte)));
  }
  __m128i bit, byte;
};
#endif

}  // namespace

// Where both the first and the last byte of the word stand, the rest is compared: in paths the first alone ('/') is
// nearly everywhere.
bool contains_text(std::string_view word, std::string_view text, bool fold_case) {
  if (word.empty()) return true;
  if (text.size() < word.size()) return false;
  const size_t starts = text.size() - word.size() + 1;
  size_t at = 0;
#ifdef __SSE2__
  const Wanted first(word.front(), fold_case), last(word.back(), fold_case);
  for (; at + sizeof(__m128i) <= starts; at += sizeof(__m128i)) {
    uint32_t found = first.in(text.data() + at) & last.in(text.data() + at + word.size() - 1);
    for (; found != 0; found &= found - 1) {
      if (stands_at(word, text, at + static_cast<size_t>(std::countr_zero(found)), fold_case)) return true;
    }
  }
#endif
  for (; at < starts; ++at) {
    if (stands_at(word, text, at, fold_case)) return true;
  }
  return false;
}

}  // namespace kubevigil
