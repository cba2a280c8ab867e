#include "engine/rule/regex.h"

#include <gtest/gtest.h>

#include "engine/base/limits.h"

namespace kubevigil {
namespace {

TEST(Regex, IsUnanchoredCaseSensitiveAndTakesFlags) {
  struct Row {
    std::string pattern, flags, text;
    bool matches;
  };
  const Row rows[] = {
      {"b+", "", "abbc", true},   {"^b+", "", "abbc", false}, {"B", "", "abc", false},
      {"B", "i", "abc", true},    {"a.b", "", "a\nb", false}, {"a.b", "s", "a\nb", true},
      {"^b$", "", "a\nb", false}, {"^b$", "m", "a\nb", true}, {"^.$", "", "\xC3\xA9", true},
  };
  for (const Row& row : rows) {
    const auto regex = Regex::compile(row.pattern, row.flags);
    ASSERT_TRUE(regex) << row.pattern;
    EXPECT_EQ(regex->matches(row.text), row.matches) << row.pattern << " on " << row.text;
  }
}

TEST(Regex, SaysWhatRe2Refuses) {
  const auto backreference = Regex::compile(R"((a)\1)", "");
  ASSERT_FALSE(backreference);
  EXPECT_NE(backreference.error().message.find("invalid escape sequence"), std::string::npos);
  EXPECT_FALSE(Regex::compile("((a{900}){900})", ""));
}

TEST(Regex, KnowsOfSomePatternsThatNoTextFitsBoth) {
  const auto apart = [](const char* a, const char* b) {
    return Regex::compile(a, "")->is_apart_from(*Regex::compile(b, ""));
  };
  EXPECT_TRUE(apart("^(?:audit-a.+)$", "^(?:audit-b.+)$"));
  EXPECT_TRUE(apart("^(?:b|c)$", "^a$"));
  EXPECT_FALSE(apart("^(?:audit-.+)$", "^(?:audit-b.+)$"));
  EXPECT_FALSE(apart("^(?:.+-a)$", "^(?:.+-b)$")) << "they are, but it cannot know";
  EXPECT_FALSE(apart("^a+$", "^aa$"));
  EXPECT_FALSE(apart("(?i)^a-.+$", "^A-.+$"));
}

TEST(RegexSet, AnswersLikeItsPatterns) {
  const std::vector<std::string> patterns = {"^a", "b$", "x.y"};
  const auto set = RegexSet::compile(patterns, "i", limits::kRegexProgramBytes);
  ASSERT_TRUE(set);
  for (const std::string text : {"A1", "1B", "1x_Y1", "nothing", ""}) {
    bool any = false;
    for (const auto& pattern : patterns) any = any || Regex::compile(pattern, "i")->matches(text);
    EXPECT_EQ(set->matches(text), any ? RegexSet::Answer::Yes : RegexSet::Answer::No) << text;
  }
}

// A set that is too small for its automaton fails to compile or says Broken; it never answers No.
TEST(RegexSet, NeverSaysNoWhenItRanOutOfMemory) {
  const std::vector<std::string> patterns = {"[ab]{40}.{30}c$", "(a|b|ab)*z$", "x$"};
  const std::string text = std::string(400, 'a') + std::string(400, 'b') + "x";
  bool failed = false;
  for (size_t bytes = 1000; bytes < (1u << 20); bytes *= 2) {
    const auto set = RegexSet::compile(patterns, "", bytes);
    if (!set) {
      failed = true;
      continue;
    }
    const auto answer = set->matches(text);
    EXPECT_NE(answer, RegexSet::Answer::No) << bytes;
    failed = failed || answer == RegexSet::Answer::Broken;
  }
  EXPECT_TRUE(failed);
}

}  // namespace
}  // namespace kubevigil
