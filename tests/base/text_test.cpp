#include "engine/base/text.h"

#include <gtest/gtest.h>

#include <array>

namespace kubevigil {
namespace {

TEST(Folding, IsAsciiOnly) {
  EXPECT_EQ(folded("AbC-\xC3\x84"), "abc-\xC3\x84");
  EXPECT_TRUE(equals_folded("System:Masters", "system:masters"));
  EXPECT_FALSE(equals_folded("\xC3\x84", "\xC3\xA4"));
}

// The examples of Unicode 15, tables 3-8 to 3-11: one replacement for each maximal subpart.
TEST(Utf8, RepairsMaximalSubparts) {
  struct Row {
    std::string_view in;
    size_t replacements;
  };
  for (const Row& row : {
           Row{"plain", 0},
           Row{"\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41", 8},
           Row{"\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41", 8},
           Row{"\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42", 7},
           Row{"\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41", 4},
           Row{"\xC3", 1},
       }) {
    size_t repaired = 0;
    const std::string out = repair_utf8(row.in, repaired);
    EXPECT_EQ(repaired, row.replacements);
    EXPECT_TRUE(is_utf8(out));
    EXPECT_EQ(is_utf8(row.in), row.replacements == 0);
  }
}

TEST(Printable, HidesNothing) {
  EXPECT_EQ(printable("a\x1b[31mb"), "a\\x1b[31mb");
  EXPECT_EQ(printable("x\r\n\ty"), "x\\x0d\\x0a\\x09y");
  EXPECT_EQ(printable("user\xE2\x80\xAEnimda"), "user\\u{202e}nimda");
  EXPECT_EQ(printable("\xFF\xC2\x9B"), "\\xff\\u{009b}");
  EXPECT_EQ(printable("gr\xC3\xBC\xC3\x9F"), "gr\xC3\xBC\xC3\x9F");
}

TEST(JsonEscaped, MakesAValidStringOfAnything) {
  EXPECT_EQ(json_escaped("a\"b\\c\n\x01"), "a\\\"b\\\\c\\u000a\\u0001");
  EXPECT_EQ(json_escaped("\xC2\x9B\xE2\x80\xAE\xE2\x80\xA8"), "\\u009b\\u202e\\u2028") << "what a terminal acts on";
  EXPECT_EQ(json_escaped("\xFF"), "\xEF\xBF\xBD");
}

TEST(XmlEscaped, KeepsLinesAndMakesAnythingWellFormed) {
  EXPECT_EQ(xml_escaped("<a b=\"c\">&\n\t'"), "&lt;a b=&quot;c&quot;&gt;&amp;&#10;&#9;'");
  EXPECT_EQ(xml_escaped("\x01gr\xC3\xBC\xFF\xEF\xBF\xBF"), "\xEF\xBF\xBDgr\xC3\xBC\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST(Nearest, SuggestsOnlyWhatIsNear) {
  const std::array<std::string_view, 3> names = {"objectRef.resource", "objectRef.namespace", "verb"};
  EXPECT_EQ(nearest("objectRef.resorce", names), "objectRef.resource");
  EXPECT_EQ(nearest("vreb", names), "verb");
  EXPECT_EQ(nearest("completely-else", names), "");
}

TEST(SplitAndTrim, KeepEmptyParts) {
  EXPECT_EQ(split("a..b", '.'), (std::vector<std::string_view>{"a", "", "b"}));
  EXPECT_EQ(split("", '.'), (std::vector<std::string_view>{""}));
  EXPECT_EQ(trim("  x y\r\n"), "x y");
}

}  // namespace
}  // namespace kubevigil
