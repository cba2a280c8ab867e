// Tokens of JSON text: strings, numbers, literals. Shared by the event reader, the record repair and JsonTree.
// Pure functions; nothing is copied but decoded strings.
#pragma once

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "engine/event/value.h"

namespace kubevigil {

constexpr bool is_json_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// Eight bytes of text at a time, for loops that run over every string of every event. Each function gives a word
// whose lowest set bit stands in the first byte that fits, as long as words are little-endian.
namespace swar {
static_assert(std::endian::native == std::endian::little);
inline constexpr uint64_t kOnes = 0x0101010101010101u, kHighs = 0x8080808080808080u;

inline uint64_t load(const char* at) {
  uint64_t word;
  std::memcpy(&word, at, sizeof word);
  return word;
}
constexpr uint64_t below(uint64_t word, uint8_t limit) { return (word - kOnes * limit) & ~word & kHighs; }
constexpr uint64_t equal(uint64_t word, char c) { return below(word ^ kOnes * static_cast<uint8_t>(c), 1); }
}  // namespace swar

// Whether a string holds an escape.
inline bool has_backslash(std::string_view text) {
  if (text.size() < sizeof(uint64_t)) {
    for (const char c : text) {
      if (c == '\\') return true;
    }
    return false;
  }
  const size_t last = text.size() - sizeof(uint64_t);
  for (size_t at = 0; at < last; at += sizeof(uint64_t)) {
    if (swar::equal(swar::load(text.data() + at), '\\') != 0) return true;
  }
  return swar::equal(swar::load(text.data() + last), '\\') != 0;
}

#ifdef __SSE2__
// Of 16 bytes, as bits: quotes, backslashes and control characters (below 0x20).
inline uint32_t string_stops(__m128i bytes) {
  const __m128i quotes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"'));
  const __m128i slashes = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'));
  const __m128i controls = _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(0x1f)), bytes);
  return static_cast<uint32_t>(_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quotes, slashes), controls)));
}
#endif

// Index of the next quote, backslash or control character from `at` on, or text.size(). Most strings end within 16
// bytes, which every x86-64 looks at at once.
inline size_t find_string_stop(std::string_view text, size_t at) {
#ifdef __SSE2__
  for (; at + sizeof(__m128i) <= text.size(); at += sizeof(__m128i)) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
    if (const uint32_t stops = string_stops(bytes); stops != 0)
      return at + static_cast<size_t>(std::countr_zero(stops));
  }
#endif
  for (; at + sizeof(uint64_t) <= text.size(); at += sizeof(uint64_t)) {
    const uint64_t word = swar::load(text.data() + at);
    const uint64_t stops = swar::equal(word, '"') | swar::equal(word, '\\') | swar::below(word, 0x20);
    if (stops != 0) return at + static_cast<size_t>(std::countr_zero(stops)) / 8;
  }
  while (at < text.size() && text[at] != '"' && text[at] != '\\' && static_cast<unsigned char>(text[at]) >= 0x20) ++at;
  return at;
}

// Index of the quote that closes the string opened at `open`, or npos.
size_t closing_quote(std::string_view text, size_t open);

// The inside of a string (without quotes), decoded. Without escapes the result is `raw` itself; otherwise it is
// appended to `memory`, whose capacity must have raw.size() bytes left, so that earlier views stay valid.
// A lone surrogate becomes U+FFFD. nullopt: an escape that JSON does not know.
std::optional<std::string_view> decode_json_string(std::string_view raw, std::string& memory);

// A number or one of true, false, null; nullopt for anything else. Numbers keep their spelling.
std::optional<Value> parse_json_scalar(std::string_view token);

}  // namespace kubevigil
