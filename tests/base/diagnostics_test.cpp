#include "engine/base/diagnostics.h"

#include <gtest/gtest.h>

namespace kubevigil {
namespace {

TEST(Rendering, PointsAtTheSpan) {
  const SourceTexts sources = {{"rule.yaml", "title: x\n  objectRef.resorce: pods\n"}};
  Diagnostics d;
  d.warning("unknown-field", "no field 'objectRef.resorce'", {"rule.yaml", 2, 3, 17},
            "did you mean 'objectRef.resource'?");
  EXPECT_EQ(render(d, sources),
            "rule.yaml:2:3: warning: no field 'objectRef.resorce' [unknown-field]\n"
            "    2 |   objectRef.resorce: pods\n"
            "      |   ^~~~~~~~~~~~~~~~~\n"
            "  help: did you mean 'objectRef.resource'?\n");
}

// Columns count bytes; the caret stands where a terminal shows the span.
TEST(Rendering, PointsBehindWideCharacters) {
  const SourceTexts sources = {{"r.yaml", "a: '\u65e5\u672c', usr: '\u00fc', b\tc: d\n"}};
  Diagnostics d;
  d.error("x", "m", {"r.yaml", 1, 14, 3});
  d.error("y", "m", {"r.yaml", 1, 19, 4});
  d.error("z", "m", {"r.yaml", 1, 27, 1});
  EXPECT_EQ(render(d, sources),
            "r.yaml:1:14: error: m [x]\n"
            "    1 | a: '\u65e5\u672c', usr: '\u00fc', b\\x09c: d\n"
            "      |            ^~~\n"
            "r.yaml:1:19: error: m [y]\n"
            "    1 | a: '\u65e5\u672c', usr: '\u00fc', b\\x09c: d\n"
            "      |                 ^~~\n"
            "r.yaml:1:27: error: m [z]\n"
            "    1 | a: '\u65e5\u672c', usr: '\u00fc', b\\x09c: d\n"
            "      |                           ^\n");
}

TEST(Rendering, ShowsThePartOfALongLineThatMatters) {
  const std::string before(3000, 'x'), behind(3000, 'y');
  const SourceTexts sources = {{"r.yaml", before + "HERE" + behind}};
  Diagnostics d;
  d.error("x", "m", {"r.yaml", 1, 3001, 4});
  const std::string out = render(d, sources);
  EXPECT_LT(out.size(), 400u);
  const size_t text = out.find("HERE"), caret = out.find("^~~~");
  ASSERT_NE(text, std::string::npos);
  ASSERT_NE(caret, std::string::npos);
  const auto column = [&](size_t at) { return at - out.rfind('\n', at); };
  EXPECT_EQ(column(caret), column(text) - 2) << "an ellipsis takes three bytes and one column";
}

TEST(Rendering, EscapesWhatTheFileHolds) {
  const SourceTexts sources = {{"r.yaml", "a: \x1b[2Jb\n"}};
  Diagnostics d;
  d.error("x", "bad \x1b", {"r.yaml", 1, 8, 1});
  const std::string out = render(d, sources);
  EXPECT_EQ(out.find('\x1b'), std::string::npos);
}

TEST(Rendering, SurvivesSpansOutsideTheText) {
  const SourceTexts sources = {{"r.yaml", "a\n"}};
  Diagnostics d;
  d.error("x", "m", {"r.yaml", 99, 99, 99});
  d.error("y", "m", {"r.yaml", 1, 50, 4});
  d.error("z", "m", {});
  EXPECT_NE(render(d, sources).find("[z]"), std::string::npos);
}

TEST(Collection, SortsAndCounts) {
  Diagnostics d;
  d.error("b", "", {"f", 9, 1, 1});
  d.warning("a", "", {"f", 2, 1, 1});
  d.sort();
  EXPECT_EQ(d.entries().front().code, "a");
  EXPECT_TRUE(d.has_errors());
  EXPECT_EQ(d.count(Severity::Warning), 1u);
}

}  // namespace
}  // namespace kubevigil
