// Words of a bundle's settings (serve_rules.h): with a blank between them, numbers in decimal.
#pragma once

#include <charconv>
#include <cstdint>
#include <string_view>

#include "engine/base/timestamp.h"
#include "engine/event/formats.h"

namespace kubevigil {

inline std::string_view next_word(std::string_view& text) {
  const size_t blank = text.find(' ');
  const std::string_view word = text.substr(0, blank);
  text.remove_prefix(blank == std::string_view::npos ? text.size() : blank + 1);
  return word;
}

inline int64_t number_of(std::string_view word) {
  int64_t value = 0;
  std::from_chars(word.data(), word.data() + word.size(), value);
  return value;
}

// slack, idle-after, formats
template <typename Options>
void read_waiting(std::string_view& text, Options& options) {
  options.slack = Duration{number_of(next_word(text))};
  options.idle_after = Duration{number_of(next_word(text))};
  options.formats = decode_formats(next_word(text));
}

}  // namespace kubevigil
