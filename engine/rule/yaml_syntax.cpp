#include "engine/rule/yaml_syntax.h"

#include <algorithm>
#include <array>

#include "engine/base/text.h"

namespace kubevigil {
namespace {

struct Advice {
  std::string_view message, advice;
};
// yaml-cpp's texts: https://github.com/jbeder/yaml-cpp/blob/master/include/yaml-cpp/exceptions.h
constexpr std::array kAdvice = {
    Advice{"end of map flow not found", "close the { with a }; inside of it, quote keys and values with [ ] or { }"},
    Advice{"end of sequence flow not found", "close the [ with a ]; inside of it, quote values with [ ] or { }"},
    Advice{"illegal map value", "quote a value that holds \": \", and indent the keys of a mapping alike"},
    Advice{"end of map not found", "indent all keys of a mapping alike"},
    Advice{"end of sequence not found", "indent all items of a list alike"},
    Advice{"unknown token", "quote a value that begins with @, ` or %"},
    Advice{"unknown escape character", "in double quotes write \\\\ for a backslash, or use single quotes"},
    Advice{"illegal EOF in scalar", "close the quote"},
    Advice{"the referenced anchor is not defined", "an anchor (&name) stands before its aliases, in the same document"},
};

bool is_tab_indented(std::string_view line) {
  const size_t text = line.find_first_not_of(" \t");
  return line.substr(0, text).find('\t') != std::string_view::npos;
}

bool has_utf16_mark(std::string_view text) {
  return text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF") ||
         text.starts_with(std::string_view("\0\0\xFE\xFF", 4));
}

}  // namespace

std::string yaml_advice(std::string_view message, std::string_view line) {
  if (is_tab_indented(line)) return "the line is indented with a tab; YAML wants spaces";
  for (const Advice& row : kAdvice) {
    if (message.starts_with(row.message)) return std::string(row.advice);
  }
  return {};
}

SourceSpan first_bad_byte(std::string_view text, const std::string& file) {
  if (is_utf8(text) || has_utf16_mark(text)) return {file, 0, 0, 0};
  uint32_t number = 1;
  for (const std::string_view line : split(text, '\n')) {
    if (is_utf8(line)) {
      ++number;
      continue;
    }
    size_t good = 0;  // the longest prefix that is whole
    for (size_t end = 1; end <= line.size(); ++end) {
      if (is_utf8(line.substr(good, end - good))) good = end;
      if (end - good >= 4) break;
    }
    return {file, number, static_cast<uint32_t>(good + 1), 1};
  }
  return {file, 1, 1, 0};
}

}  // namespace kubevigil
