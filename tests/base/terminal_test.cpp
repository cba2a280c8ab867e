#include "engine/base/terminal.h"

#include <gtest/gtest.h>

namespace kubevigil {
namespace {

TEST(Terminal, WidthsOfGlyphs) {
  EXPECT_EQ(display_width(""), 0u);
  EXPECT_EQ(display_width("abc"), 3u);
  EXPECT_EQ(display_width("h\xC3\xA4"), 2u);
  EXPECT_EQ(display_width("\xE6\x97\xA5\xE6\x9C\xAC"), 4u);  // two wide characters
  EXPECT_EQ(display_width("e\xCC\x81"), 1u);                 // combining accent
  EXPECT_EQ(display_width("\x1b[31mred\x1b[0m"), 3u);
  EXPECT_EQ(display_width("\xE6\x97"), 1u) << "a cut-off character must not be read past the end";
}

TEST(Terminal, CutsBetweenCharacters) {
  EXPECT_EQ(cut_to_width("abcdef", 6), "abcdef");
  EXPECT_EQ(cut_to_width("abcdef", 4), "abc\xE2\x80\xA6");
  EXPECT_EQ(cut_to_width("\xE6\x97\xA5\xE6\x9C\xAC", 3), "\xE6\x97\xA5\xE2\x80\xA6");
  EXPECT_EQ(cut_to_width("abc", 0), "");
  for (size_t width = 0; width < 12; ++width) {
    EXPECT_LE(display_width(cut_to_width("a\xE6\x97\xA5"
                                         "b\xC3\xA4"
                                         "c\xE6\x9C\xAC"
                                         "d",
                                         width)),
              width);
  }
}

}  // namespace
}  // namespace kubevigil
