// Text on a terminal: widths, cutting, and the colours of levels. All texts are already escaped (text.h printable);
// the only escape sequences in them are our own colours (ESC [ ... m), which take no room.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/level.h"

namespace kubevigil {

inline constexpr std::string_view kColorReset = "\x1b[0m";
inline constexpr std::string_view kColorBold = "\x1b[1m";
inline constexpr std::string_view kColorDim = "\x1b[2m";
std::string_view level_color(Level level);

// Columns that the text takes: 2 for East Asian wide and emoji, 0 for combining marks and colours, else 1.
size_t display_width(std::string_view text);
// The beginning of the text that fits into `width` columns, with an ellipsis when something was left out.
std::string cut_to_width(std::string_view text, size_t width);

}  // namespace kubevigil
