// Tokens of JSON text: strings, numbers, literals. Shared by the event reader, the record repair and JsonTree.
// Pure functions; nothing is copied but decoded strings.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "engine/event/value.h"

namespace kubevigil {

constexpr bool is_json_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// Whether a string holds an escape. Eight bytes at a time: this runs over every string of every event.
inline bool has_backslash(std::string_view text) {
  constexpr uint64_t kOnes = 0x0101010101010101u, kHighs = 0x8080808080808080u;
  const auto in_word = [](uint64_t word) {
    word ^= kOnes * '\\';
    return ((word - kOnes) & ~word & kHighs) != 0;
  };
  const auto load = [&](size_t at) {
    uint64_t word;
    std::memcpy(&word, text.data() + at, sizeof word);
    return word;
  };
  if (text.size() < sizeof(uint64_t)) {
    for (const char c : text) {
      if (c == '\\') return true;
    }
    return false;
  }
  const size_t last = text.size() - sizeof(uint64_t);
  for (size_t at = 0; at < last; at += sizeof(uint64_t)) {
    if (in_word(load(at))) return true;
  }
  return in_word(load(last));
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
