#include "engine/rule/yaml_syntax.h"

#include <algorithm>
#include <array>

#include "engine/base/text.h"

namespace kubevigil {
namespace {

struct Advice {
  std::string_view message, advice;
};
// libyaml's texts: https://github.com/yaml/libyaml/blob/0.2.5/src/scanner.c and parser.c
constexpr std::array kAdvice = {
    Advice{"did not find expected ',' or '}'",
           "close the { with a }; inside of it, quote keys and values with [ ] or { }"},
    Advice{"did not find expected ',' or ']'", "close the [ with a ]; inside of it, quote values with [ ] or { }"},
    Advice{"did not find expected node content", "close every [ and {; quote a value that begins with ] } or ,"},
    Advice{"mapping values are not allowed", "quote a value that holds \": \", and indent the keys of a mapping alike"},
    Advice{"did not find expected <document start>",
           "a key has a colon and a space behind it; a further document begins with a line ---"},
    Advice{"did not find expected key", "indent all keys of a mapping alike, and close every quote"},
    Advice{"could not find expected ':'", "every key of a mapping has a colon and a space behind it"},
    Advice{"did not find expected '-' indicator", "indent all items of a list alike"},
    Advice{"block sequence entries are not allowed", "a list begins on a line of its own"},
    Advice{"found character that cannot start any token", "quote a value that begins with @, ` or %"},
    Advice{"found unknown escape character", "in double quotes write \\\\ for a backslash, or use single quotes"},
    Advice{"found unexpected end of stream", "close the quote"},
    Advice{"found undefined tag handle", "quote a value that begins with !"},
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
