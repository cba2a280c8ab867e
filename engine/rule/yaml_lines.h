// YamlLines: the lines of a YAML text, and where in them a node stands, so that a caret line covers it.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace kubevigil {

// Lines and columns are counted from 0.
class YamlLines {
 public:
  // `text` must outlive it.
  explicit YamlLines(std::string_view text);

  // Without its end; empty beyond the last one.
  std::string_view line(size_t number) const;
  // The byte at which a character stands. Asked in the order of the text, it reads each byte once.
  size_t byte_column(size_t line, size_t character);
  // Bytes of the scalar that is written there, on its first line; 0: there is no text.
  uint32_t scalar_length(size_t line, size_t column, size_t value_size) const;

 private:
  std::string_view text_;
  std::vector<size_t> starts_;
  size_t column_line_ = 0, character_ = 0, byte_ = 0;  // of the last question for a column
};

}  // namespace kubevigil
