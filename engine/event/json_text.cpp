#include "engine/event/json_text.h"

#include <charconv>
#include <cstdint>
#include <limits>

namespace kubevigil {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

std::optional<uint32_t> hex4(std::string_view raw, size_t at) {
  if (at + 4 > raw.size()) return std::nullopt;
  uint32_t code = 0;
  const auto [end, problem] = std::from_chars(raw.data() + at, raw.data() + at + 4, code, 16);
  if (problem != std::errc{} || end != raw.data() + at + 4) return std::nullopt;
  return code;
}

void append_utf8(std::string& out, uint32_t code) {
  const auto put = [&](uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | code >> 6);
    put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3F));
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  }
}

// `at` stands on the 'u' of \uXXXX; returns the index behind the escape (or pair of them), or npos.
size_t decode_unicode(std::string_view raw, size_t at, std::string& out) {
  const auto unit = hex4(raw, at + 1);
  if (!unit) return std::string_view::npos;
  at += 5;
  if (*unit < 0xD800 || *unit > 0xDFFF) {
    append_utf8(out, *unit);
    return at;
  }
  if (*unit < 0xDC00 && raw.substr(at, 2) == "\\u") {
    const auto low = hex4(raw, at + 2);
    if (low && *low >= 0xDC00 && *low <= 0xDFFF) {
      append_utf8(out, 0x10000 + ((*unit - 0xD800) << 10) + (*low - 0xDC00));
      return at + 6;
    }
  }
  out.append(kReplacement);
  return at;
}

char simple_escape(char c) {
  switch (c) {
    case '"':
    case '\\':
    case '/':
      return c;
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return 0;
  }
}

// number = [ "-" ] ( "0" | digit1-9 *digit ) [ "." 1*digit ] [ ("e"|"E") ["+"|"-"] 1*digit ]     (RFC 8259, 6)
// Returns Null when `s` is no number.
ValueType number_type(std::string_view s) {
  size_t at = 0;
  const auto digits = [&] {
    const size_t begin = at;
    while (at < s.size() && s[at] >= '0' && s[at] <= '9') ++at;
    return at - begin;
  };
  if (at < s.size() && s[at] == '-') ++at;
  const bool leading_zero = at < s.size() && s[at] == '0';
  const size_t whole = digits();
  if (whole == 0 || (leading_zero && whole > 1)) return ValueType::Null;
  ValueType type = ValueType::Int;
  if (at < s.size() && s[at] == '.') {
    ++at;
    type = ValueType::Double;
    if (digits() == 0) return ValueType::Null;
  }
  if (at < s.size() && (s[at] == 'e' || s[at] == 'E')) {
    ++at;
    type = ValueType::Double;
    if (at < s.size() && (s[at] == '+' || s[at] == '-')) ++at;
    if (digits() == 0) return ValueType::Null;
  }
  return at == s.size() ? type : ValueType::Null;
}

// Whether a number that is out of range is too small rather than too large: "1e-400".
bool underflows(std::string_view s) {
  const size_t e = s.find_first_of("eE");
  return e == std::string_view::npos ? s.find_first_of("123456789") > s.find('.') : s.substr(e + 1, 1) == "-";
}

double number_of(std::string_view s, ValueType type) {
  double number = 0;
  if (type == ValueType::Int && s.size() <= 15 && s.front() != '-') {  // exact in a double
    for (const char c : s) number = number * 10 + (c - '0');
    return number;
  }
  const auto [end, problem] = std::from_chars(s.data(), s.data() + s.size(), number);
  if (problem != std::errc::result_out_of_range) return number;
  if (underflows(s)) return 0;
  return s.front() == '-' ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity();
}

}  // namespace

size_t closing_quote(std::string_view text, size_t open) {
  for (size_t at = find_string_stop(text, open + 1); at < text.size(); at = find_string_stop(text, at + 1)) {
    if (text[at] == '"') return at;
    if (text[at] == '\\') ++at;
  }
  return std::string_view::npos;
}

std::optional<std::string_view> decode_json_string(std::string_view raw, std::string& memory) {
  size_t slash = raw.find('\\');
  if (slash == std::string_view::npos) return raw;
  const size_t begin = memory.size();
  size_t done = 0;
  while (slash != std::string_view::npos) {
    memory.append(raw.substr(done, slash - done));
    const char kind = slash + 1 < raw.size() ? raw[slash + 1] : 0;
    if (kind == 'u') {
      done = decode_unicode(raw, slash + 1, memory);
      if (done == std::string_view::npos) return std::nullopt;
    } else {
      const char c = simple_escape(kind);
      if (c == 0) return std::nullopt;
      memory.push_back(c);
      done = slash + 2;
    }
    slash = raw.find('\\', done);
  }
  memory.append(raw.substr(done));
  return std::string_view(memory).substr(begin);
}

std::optional<Value> parse_json_scalar(std::string_view token) {
  if (token == "true") return Value::boolean(true);
  if (token == "false") return Value::boolean(false);
  if (token == "null") return Value{};
  const ValueType type = number_type(token);
  if (type == ValueType::Null) return std::nullopt;
  return Value{type, token, number_of(token, type)};
}

}  // namespace kubevigil
