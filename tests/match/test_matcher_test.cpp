#include "engine/match/test_matcher.h"

#include <gtest/gtest.h>

#include "engine/base/text.h"

namespace kubevigil {
namespace {

Value integer(std::string_view text) { return {ValueType::Int, text, std::stod(std::string(text))}; }

Test make(TestOp op, std::vector<std::string> patterns, bool cased = false) {
  kubevigil::Test test;
  test.op = op;
  test.cased = cased;
  for (const std::string& text : patterns) {
    test.patterns.push_back({cased || op == TestOp::Regex ? text : folded(text), std::nullopt, std::nullopt});
  }
  return test;
}

Truth judge(const Test& test, std::vector<Value> values, Presence presence = Presence::Present, bool negated = false) {
  uint64_t fallbacks = 0;
  return TestMatcher(test).judge({values, presence}, {}, negated, {fallbacks});
}

bool holds(const Test& test, std::string_view text) { return judge(test, {Value::string(text)}) == Truth::True; }

TEST(TestMatcher, Operators) {
  struct Row {
    TestOp op;
    std::string pattern, text;
    bool folded, cased;  // the outcome without and with `cased`
  };
  const Row rows[] = {
      {TestOp::Equals, "Pods", "pods", true, false},
      {TestOp::Equals, "pods", "pods", true, true},
      {TestOp::Equals, "", "", true, true},
      {TestOp::Equals, "pod", "pods", false, false},
      {TestOp::Contains, "Od", "pods", true, false},
      {TestOp::Contains, "pods1", "pods", false, false},
      {TestOp::Contains, "", "", true, true},
      {TestOp::StartsWith, "SYS", "system:x", true, false},
      {TestOp::StartsWith, "system:x1", "system:x", false, false},
      {TestOp::EndsWith, ":X", "system:x", true, false},
      {TestOp::EndsWith, "s", "system", false, false},
      {TestOp::Glob, "a*C", "abc", true, false},
      {TestOp::Regex, "^B", "Bc", true, true},
      {TestOp::Regex, "^B", "bc", false, false},
      // ASCII folding only: the Kelvin sign is no k, and U+00C9 is not U+00E9.
      {TestOp::Equals, "k", "\xE2\x84\xAA", false, false},
      {TestOp::Equals, "\xC3\x89", "\xC3\xA9", false, false},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(holds(make(row.op, {row.pattern}), row.text), row.folded) << row.pattern << " on " << row.text;
    EXPECT_EQ(holds(make(row.op, {row.pattern}, true), row.text), row.cased) << row.pattern << " on " << row.text;
  }
}

TEST(TestMatcher, Globs) {
  struct Row {
    std::string pattern, text;
    bool matches;
  };
  const Row rows[] = {
      {"*", "", true},
      {"?", "", false},
      {"?", "a", true},
      {"?", "\xC3\xA9", true},
      {"??", "\xC3\xA9", false},
      {"a*b*c", "aXbYbZc", true},
      {"a*b*c", "aXbYbZ", false},
      {R"(\*)", "*", true},
      {R"(\*)", "x", false},
      {R"(a\b)", R"(a\b)", true},
      {R"(a\\*)", R"(a\zz)", true},
      {R"(\?x*)", "?xy", true},
      {"*a?", "aaab", true},
      {"**", "x", true},
      {"*.svc", "a.svc.", false},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(glob_matches(row.pattern, row.text, false), row.matches) << row.pattern << " on " << row.text;
  }
  // A pattern that makes naive matchers take exponential time.
  EXPECT_FALSE(glob_matches("*a*a*a*a*a*a*a*a*a*a*b", std::string(5000, 'a'), true));
}

TEST(TestMatcher, NumberLiteralsEqualNumbersAndTheirSpelling) {
  kubevigil::Test test = make(TestOp::Equals, {"200"});
  test.patterns.front().number = 200;
  EXPECT_EQ(judge(test, {integer("200")}), Truth::True);
  EXPECT_EQ(judge(test, {{ValueType::Double, "200.0", 200}}), Truth::True);
  EXPECT_EQ(judge(test, {Value::string("200")}), Truth::True);
  EXPECT_EQ(judge(test, {Value::string("200.0")}), Truth::False);
  EXPECT_EQ(judge(test, {integer("201")}), Truth::False);
  EXPECT_EQ(judge(test, {Value{}}), Truth::False);
}

TEST(TestMatcher, Comparisons) {
  kubevigil::Test test = make(TestOp::GreaterOrEqual, {"400"});
  test.patterns.front().number = 400;
  EXPECT_EQ(judge(test, {integer("400")}), Truth::True);
  EXPECT_EQ(judge(test, {integer("399")}), Truth::False);
  EXPECT_EQ(judge(test, {Value::string("4e2")}), Truth::True);
  for (const char* text : {"", "abc", "4000x", "inf", "0x1000", "nan", " 500"}) {
    EXPECT_EQ(judge(test, {Value::string(text)}), Truth::False) << text;
  }
}

// Large sets take the hash and the automaton; the answers are those of the patterns one by one.
TEST(TestMatcher, ManyPatternsAnswerLikeFew) {
  for (const TestOp op : {TestOp::Equals, TestOp::Regex, TestOp::Contains, TestOp::Glob}) {
    for (const bool cased : {false, true}) {
      std::vector<std::string> patterns;
      for (int i = 0; i < 50; ++i) patterns.push_back("V" + std::to_string(i * 3));
      const kubevigil::Test many = make(op, patterns, cased);
      for (int i = 0; i < 200; ++i) {
        for (const char* prefix : {"v", "V", "xV"}) {
          const std::string text = prefix + std::to_string(i);
          bool any = false;
          for (const auto& pattern : patterns) any = any || holds(make(op, {pattern}, cased), text);
          EXPECT_EQ(holds(many, text), any) << text;
        }
      }
    }
  }
}

// An automaton that runs out of memory, at any size, falls back to single patterns and says so.
TEST(TestMatcher, BrokenAutomataFallBack) {
  const std::vector<std::string> patterns = {"[ab]{40}.{30}c$", "(a|b|ab)*z$", "x$", "^q"};
  const std::string text = std::string(400, 'a') + std::string(400, 'b') + "x";
  uint64_t fallbacks = 0, without = 0;
  for (size_t bytes = 1000; bytes < (1u << 20); bytes *= 2) {
    const PatternSet set(make(TestOp::Regex, patterns), bytes);
    EXPECT_TRUE(set.any(Value::string(text), fallbacks)) << bytes;
    EXPECT_FALSE(set.any(Value::string(text + "y"), fallbacks)) << bytes;
    without += set.without_automaton() ? 1 : 0;
  }
  EXPECT_GT(fallbacks + without, 0u);
}

TEST(TestMatcher, QuantifiersAndEveryPattern) {
  const std::vector<Value> ab = {Value::string("a1"), Value::string("b2")};
  kubevigil::Test test = make(TestOp::Contains, {"a", "b"});
  EXPECT_EQ(judge(test, ab), Truth::True);
  test.every_pattern = true;  // each pattern by some value
  EXPECT_EQ(judge(test, ab), Truth::True);
  EXPECT_EQ(judge(test, {ab[0]}), Truth::False);
  test.quantifier = Quantifier::Every;  // each value satisfies each pattern
  EXPECT_EQ(judge(test, ab), Truth::False);
  EXPECT_EQ(judge(test, {Value::string("ab")}), Truth::True);
  EXPECT_EQ(judge(test, {}), Truth::False);
  test.every_pattern = false;
  EXPECT_EQ(judge(test, ab), Truth::True);
  EXPECT_EQ(judge(test, {ab[0], Value::string("c")}), Truth::False);
}

TEST(TestMatcher, NullAndExists) {
  kubevigil::Test null;
  null.op = TestOp::Null;
  EXPECT_EQ(judge(null, {}, Presence::Absent), Truth::True);
  EXPECT_EQ(judge(null, {Value{}}), Truth::True);
  EXPECT_EQ(judge(null, {Value::string("")}), Truth::False);
  const kubevigil::Test exists = make(TestOp::Exists, {"true"}), missing = make(TestOp::Exists, {"false"});
  EXPECT_EQ(judge(exists, {}, Presence::Present), Truth::True);
  EXPECT_EQ(judge(exists, {}, Presence::Absent), Truth::False);
  EXPECT_EQ(judge(missing, {}, Presence::Present), Truth::False);
  EXPECT_EQ(judge(missing, {}, Presence::Absent), Truth::True);
}

TEST(TestMatcher, MissingBodies) {
  kubevigil::Test every = make(TestOp::Equals, {"a"});
  every.quantifier = Quantifier::Every;
  kubevigil::Test null;
  null.op = TestOp::Null;
  struct Row {
    kubevigil::Test test;
    Truth absent, partial, partial_negated, unknown;
  };
  const Row rows[] = {
      {make(TestOp::Equals, {"a"}), Truth::False, Truth::False, Truth::Unknown, Truth::Unknown},
      {make(TestOp::Exists, {"true"}), Truth::False, Truth::False, Truth::Unknown, Truth::Unknown},
      {make(TestOp::Exists, {"false"}), Truth::True, Truth::Unknown, Truth::Unknown, Truth::Unknown},
      {null, Truth::True, Truth::Unknown, Truth::Unknown, Truth::Unknown},
      {every, Truth::False, Truth::Unknown, Truth::Unknown, Truth::Unknown},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(judge(row.test, {}, Presence::Absent), row.absent);
    EXPECT_EQ(judge(row.test, {}, Presence::Partial), row.partial);
    EXPECT_EQ(judge(row.test, {}, Presence::Partial, true), row.partial_negated);
    EXPECT_EQ(judge(row.test, {}, Presence::Unknown), row.unknown);
  }
  // A list that a patch shows in part: what is there decides what it can.
  EXPECT_EQ(judge(make(TestOp::Equals, {"a"}), {Value::string("a")}, Presence::Open), Truth::True);
  EXPECT_EQ(judge(make(TestOp::Equals, {"a"}), {Value::string("b")}, Presence::Open), Truth::False);
  EXPECT_EQ(judge(make(TestOp::Equals, {"a"}), {Value::string("b")}, Presence::Open, true), Truth::Unknown);
  EXPECT_EQ(judge(every, {Value::string("b")}, Presence::Open), Truth::False);
  EXPECT_EQ(judge(every, {Value::string("a")}, Presence::Open), Truth::Unknown);
  EXPECT_EQ(judge(null, {Value::string("a")}, Presence::Open), Truth::False);
  EXPECT_EQ(judge(make(TestOp::Exists, {"true"}), {}, Presence::Open), Truth::True);
  EXPECT_EQ(judge(make(TestOp::Exists, {"false"}), {}, Presence::Open), Truth::False);
  // What is there counts: a match stays a match, and one bad element spoils `every`.
  EXPECT_EQ(judge(make(TestOp::Equals, {"a"}), {Value::string("a")}, Presence::Unknown), Truth::True);
  EXPECT_EQ(judge(every, {Value::string("b")}, Presence::Unknown), Truth::False);
}

TEST(TestMatcher, FieldReference) {
  kubevigil::Test test = make(TestOp::EqualsField, {""});
  const std::vector<Value> left = {Value::string("Alice"), Value{}}, right = {Value::string("alice"), Value{}};
  const std::vector<FieldValues> others = {{right, Presence::Present}};
  uint64_t fallbacks = 0;
  EXPECT_EQ(TestMatcher(test).judge({left, Presence::Present}, others, false, {fallbacks}), Truth::True);
  test.cased = true;
  EXPECT_EQ(TestMatcher(test).judge({left, Presence::Present}, others, false, {fallbacks}), Truth::False);
  const std::vector<FieldValues> missing = {{{}, Presence::Unknown}};
  EXPECT_EQ(TestMatcher(test).judge({left, Presence::Present}, missing, false, {fallbacks}), Truth::Unknown);
}

TEST(TestMatcher, APatternThatDoesNotCompileIsNeverNoMatch) {
  EXPECT_EQ(judge(make(TestOp::Regex, {"(a"}), {Value::string("a")}), Truth::Unknown);
}

}  // namespace
}  // namespace kubevigil
