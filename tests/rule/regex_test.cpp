#include "engine/rule/regex.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "engine/base/limits.h"
#include "engine/base/text.h"

namespace kubevigil {
namespace {

TEST(Regex, IsUnanchoredCaseSensitiveAndTakesFlags) {
  struct Row {
    std::string pattern, flags, text;
    bool matches;
  };
  const Row rows[] = {
      {"b+", "", "abbc", true},   {"^b+", "", "abbc", false},  {"B", "", "abc", false},
      {"B", "i", "abc", true},    {"a.b", "", "a\nb", false},  {"a.b", "s", "a\nb", true},
      {"^b$", "", "a\nb", false}, {"^b$", "m", "a\nb", true},  {"^.$", "", "\xC3\xA9", true},
      {".", "", "a", true},       {".", "", "", false},        {".", "", "\n", false},
      {".", "", "\n\x01", true},  {".", "", "\xC3\xA9", true}, {".", "s", "\n", true},
  };
  for (const Row& row : rows) {
    const auto regex = Regex::compile(row.pattern, row.flags);
    ASSERT_TRUE(regex) << row.pattern;
    EXPECT_EQ(regex->matches(row.text), row.matches) << row.pattern << " on " << row.text;
  }
}

// What a pattern matches holds one of its words.
TEST(Regex, NeededWordsAreInEachMatch) {
  const std::vector<std::vector<std::string>> sets = {
      {"-----BEGIN ([A-Z]+ )?PRIVATE KEY-----", "(AKIA|ASIA)[0-9A-Z]{16}"},
      {"(?i)pass(word|wd)\\s*=", "tok[ae]n"},
      {"curl.*\\| *(ba)?sh", "x+yzzy+"},
  };
  const char* const pieces[] = {"-----BEGIN ", "RSA ",   "PRIVATE KEY-----",
                                "AKIA",        "ASIA",   "0123456789ABCDEF",
                                "password",    "PassWD", "=",
                                " ",           "token",  "tokan",
                                "TOKEN",       "curl",   "|",
                                "sh",          "bash",   "xxyzzyy",
                                "yz"};
  std::mt19937_64 random(1);
  for (const auto& patterns : sets) {
    const std::vector<std::string> words = needed_words(patterns, "");
    ASSERT_FALSE(words.empty()) << patterns.front();
    std::vector<Regex> regexes;
    for (const std::string& pattern : patterns) regexes.push_back(*Regex::compile(pattern, ""));
    size_t matches = 0, spared = 0;
    for (int round = 0; round < 20'000; ++round) {
      std::string text;
      for (size_t n = random() % 6; n > 0; --n) text += pieces[random() % std::size(pieces)];
      const bool has_word = std::any_of(words.begin(), words.end(), [&](const std::string& word) {
        return folded(text).find(word) != std::string::npos;
      });
      const bool match =
          std::any_of(regexes.begin(), regexes.end(), [&](const Regex& regex) { return regex.matches(text); });
      ASSERT_TRUE(has_word || !match) << text;
      matches += match ? 1 : 0;
      spared += has_word ? 0 : 1;
    }
    EXPECT_GT(matches, 100u) << patterns.front();
    EXPECT_GT(spared, 1'000u) << patterns.front();
  }
  EXPECT_TRUE(needed_words(std::vector<std::string>{"[48][0-9AB]{93}", "password"}, "").empty());
  EXPECT_TRUE(needed_words(std::vector<std::string>{"gr\xC3\xBC\xC3\x9F"}, "i").empty());
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
