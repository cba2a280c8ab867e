#include "engine/rule/sigma_string.h"

#include <array>

#include "engine/base/text.h"

namespace kubevigil {
namespace {

constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::array<std::string_view, 5> kDashes = {"-", "/", "\xe2\x80\x93", "\xe2\x80\x94", "\xe2\x80\x95"};

bool is_word_char(char c) {
  const char f = fold(c);
  return (f >= 'a' && f <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

void append_literal(SigmaString& s, std::string_view text) {
  s.text += text;
  s.mask.append(text.size(), '.');
}

// The code point at `at`, which moves behind it. `text` is UTF-8.
uint32_t next_code_point(std::string_view text, size_t& at) {
  const auto lead = static_cast<unsigned char>(text[at++]);
  if (lead < 0x80) return lead;
  const int more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
  uint32_t code = lead & (0x3fU >> more);
  for (int i = 0; i < more; ++i) code = code << 6 | (static_cast<unsigned char>(text[at++]) & 0x3fU);
  return code;
}

void append_unit(std::string& out, uint32_t unit, Utf16 form) {
  const char high = static_cast<char>(unit >> 8);
  const char low = static_cast<char>(unit & 0xff);
  if (form == Utf16::Big) {
    out += high;
    out += low;
  } else {
    out += low;
    out += high;
  }
}

}  // namespace

SigmaString SigmaString::literal(std::string_view text) { return {std::string(text), std::string(text.size(), '.')}; }

SigmaString parse_sigma_string(std::string_view text) {
  SigmaString s;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    if (c == '\\' && (next == '*' || next == '?' || next == '\\')) {
      append_literal(s, text.substr(++i, 1));
    } else {
      s.text += c;
      s.mask += c == '*' || c == '?' ? c : '.';
    }
  }
  return s;
}

std::string glob_text(const SigmaString& s) {
  std::string out;
  for (size_t i = 0; i < s.text.size(); ++i) {
    const char c = s.text[i];
    if (s.mask[i] == '*' && i > 0 && s.mask[i - 1] == '*') continue;
    if (s.mask[i] == '.' && (c == '*' || c == '?' || c == '\\')) out += '\\';
    out += c;
  }
  return out;
}

bool glob_matches(const SigmaString& s, std::string_view value) {
  size_t p = 0, v = 0, star = std::string_view::npos, resume = 0;
  while (v < value.size()) {
    if (p < s.text.size() && s.mask[p] == '*') {
      star = p++;
      resume = v;
    } else if (p < s.text.size() && (s.mask[p] == '?' || (s.mask[p] == '.' && fold(s.text[p]) == fold(value[v])))) {
      ++p;
      ++v;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      v = ++resume;
    } else {
      return false;
    }
  }
  while (p < s.text.size() && s.mask[p] == '*') ++p;
  return p == s.text.size();
}

std::string base64_of(std::string_view bytes) {
  std::string out;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t n = std::min<size_t>(3, bytes.size() - i);
    uint32_t group = 0;
    for (size_t k = 0; k < 3; ++k) group = group << 8 | (k < n ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    for (size_t k = 0; k < 4; ++k) out += k <= n ? kBase64[group >> (18 - 6 * k) & 63] : '=';
  }
  return out;
}

std::vector<std::string> base64_offsets_of(std::string_view bytes) {
  // With `shift` bytes in front, the first characters mix in those, the last ones what follows.
  constexpr std::array<size_t, 3> kFirst = {0, 2, 3};
  constexpr std::array<size_t, 3> kCut = {0, 3, 2};
  std::vector<std::string> out;
  for (size_t shift = 0; shift < 3; ++shift) {
    const std::string encoded = base64_of(std::string(shift, ' ') + std::string(bytes));
    const size_t end = encoded.size() - kCut[(bytes.size() + shift) % 3];
    if (end > kFirst[shift]) out.push_back(encoded.substr(kFirst[shift], end - kFirst[shift]));
  }
  return out;
}

std::optional<std::string> utf16_of(std::string_view text, Utf16 form) {
  if (!is_utf8(text)) return std::nullopt;
  std::string out;
  if (form == Utf16::LittleWithMark) append_unit(out, 0xfeff, form);
  for (size_t at = 0; at < text.size();) {
    const uint32_t code = next_code_point(text, at);
    if (code < 0x10000) {
      append_unit(out, code, form);
    } else {
      append_unit(out, 0xd800 + ((code - 0x10000) >> 10), form);
      append_unit(out, 0xdc00 + ((code - 0x10000) & 0x3ff), form);
    }
  }
  return out;
}

std::optional<std::vector<SigmaString>> windash_of(const SigmaString& s, size_t limit) {
  std::vector<SigmaString> spellings(1);
  for (size_t i = 0; i < s.text.size();) {
    size_t dash = 0;
    for (const std::string_view d : kDashes) {
      const bool option = s.mask[i] == '.' && s.text.compare(i, d.size(), d) == 0 &&
                          (i == 0 || !is_word_char(s.text[i - 1])) && i + d.size() < s.text.size() &&
                          s.mask[i + d.size()] == '.' && is_word_char(s.text[i + d.size()]);
      if (option) dash = d.size();
    }
    if (dash == 0) {
      for (SigmaString& spelling : spellings) {
        spelling.text += s.text[i];
        spelling.mask += s.mask[i];
      }
      ++i;
      continue;
    }
    if (spellings.size() * kDashes.size() > limit) return std::nullopt;
    std::vector<SigmaString> more;
    for (const SigmaString& spelling : spellings) {
      for (const std::string_view d : kDashes) {
        more.push_back(spelling);
        append_literal(more.back(), d);
      }
    }
    spellings = std::move(more);
    i += dash;
  }
  return spellings;
}

}  // namespace kubevigil
