#include "engine/base/terminal.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace kubevigil {
namespace {

struct Range {
  uint32_t first, last;
};
// Unicode 15 EastAsianWidth.txt (W and F) and combining marks, by block: exact enough for columns.
constexpr std::array<Range, 12> kWide = {{{0x1100, 0x115F},
                                          {0x2E80, 0x303E},
                                          {0x3041, 0x33FF},
                                          {0x3400, 0x4DBF},
                                          {0x4E00, 0x9FFF},
                                          {0xA000, 0xA4CF},
                                          {0xAC00, 0xD7A3},
                                          {0xF900, 0xFAFF},
                                          {0xFE30, 0xFE6F},
                                          {0xFF00, 0xFF60},
                                          {0x1F300, 0x1FAFF},
                                          {0x20000, 0x3FFFD}}};
constexpr std::array<Range, 6> kZero = {
    {{0x0300, 0x036F}, {0x200B, 0x200D}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}, {0xE0100, 0xE01EF}}};

template <size_t N>
bool in(const std::array<Range, N>& ranges, uint32_t code) {
  return std::any_of(ranges.begin(), ranges.end(), [&](Range r) { return r.first <= code && code <= r.last; });
}

// One step through the text: bytes taken, columns they need.
struct Glyph {
  size_t bytes, columns;
};

Glyph glyph_at(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  if (text.substr(at).starts_with("\x1b[")) {
    const size_t end = text.find('m', at);
    return {end == std::string_view::npos ? text.size() - at : end + 1 - at, 0};
  }
  const uint8_t lead = byte(at);
  size_t length = lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  length = std::min(length, text.size() - at);
  if (length == 1) return {1, 1};
  uint32_t code = lead & (0x7Fu >> length);
  for (size_t i = 1; i < length; ++i) code = (code << 6) | (byte(at + i) & 0x3Fu);
  return {length, in(kZero, code) ? size_t{0} : in(kWide, code) ? size_t{2} : size_t{1}};
}

}  // namespace

std::string_view level_color(Level level) {
  constexpr std::array<std::string_view, 5> kColors = {"\x1b[2m", "\x1b[36m", "\x1b[33m", "\x1b[31m", "\x1b[1;37;41m"};
  return kColors[static_cast<size_t>(level)];
}

size_t display_width(std::string_view text) {
  size_t width = 0;
  for (size_t at = 0; at < text.size();) {
    const Glyph glyph = glyph_at(text, at);
    width += glyph.columns;
    at += glyph.bytes;
  }
  return width;
}

std::string cut_to_width(std::string_view text, size_t width) {
  if (display_width(text) <= width) return std::string(text);
  if (width == 0) return {};
  std::string out;
  size_t used = 0;
  for (size_t at = 0; at < text.size();) {
    const Glyph glyph = glyph_at(text, at);
    if (used + glyph.columns > width - 1) break;
    out += text.substr(at, glyph.bytes);
    used += glyph.columns;
    at += glyph.bytes;
  }
  return out + "\xE2\x80\xA6";
}

}  // namespace kubevigil
