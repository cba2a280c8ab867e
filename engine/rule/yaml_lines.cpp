#include "engine/rule/yaml_lines.h"

#include <algorithm>

namespace kubevigil {
namespace {

// Of the quoted scalar that `rest` begins with.
size_t quoted_length(std::string_view rest) {
  for (size_t i = 1; i < rest.size(); ++i) {
    if (rest[0] == '"' && rest[i] == '\\') {
      ++i;
    } else if (rest[i] == rest[0]) {
      if (rest[0] != '\'' || i + 1 >= rest.size() || rest[i + 1] != '\'') return i + 1;
      ++i;
    }
  }
  return rest.size();
}

bool continues_character(char c) { return (static_cast<uint8_t>(c) & 0xc0) == 0x80; }

}  // namespace

YamlLines::YamlLines(std::string_view text) : text_(text) {
  starts_.push_back(0);
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') starts_.push_back(i + 1);
  }
}

std::string_view YamlLines::line(size_t number) const {
  if (number >= starts_.size()) return {};
  const size_t end = number + 1 < starts_.size() ? starts_[number + 1] - 1 : text_.size();
  std::string_view text = text_.substr(starts_[number], end - starts_[number]);
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

size_t YamlLines::byte_column(size_t number, size_t character) {
  if (number != column_line_ || character < character_) {
    column_line_ = number;
    character_ = byte_ = 0;
  }
  const std::string_view text = line(number);
  for (; character_ < character && byte_ < text.size(); ++character_) {
    ++byte_;
    while (byte_ < text.size() && continues_character(text[byte_])) ++byte_;
  }
  return byte_;
}

uint32_t YamlLines::scalar_length(size_t number, size_t column, size_t value_size) const {
  const std::string_view text = line(number);
  if (column >= text.size()) return 0;
  const std::string_view rest = text.substr(column);
  if (rest[0] == '"' || rest[0] == '\'') return static_cast<uint32_t>(quoted_length(rest));
  if (rest[0] == '|' || rest[0] == '>') return 1;
  return static_cast<uint32_t>(std::clamp<size_t>(value_size, 1, rest.size()));
}

}  // namespace kubevigil
