#include "engine/match/text_memo.h"

#include <gtest/gtest.h>

#include <random>

#include "engine/base/limits.h"

namespace kubevigil {
namespace {

Test patterns(TestOp op, const std::vector<std::string>& texts, std::string flags = "") {
  Test test;
  test.op = op;
  test.regex_flags = std::move(flags);
  for (const std::string& text : texts) {
    Pattern pattern;
    pattern.text = text;
    test.patterns.push_back(pattern);
  }
  return test;
}

// Also while it is emptied again and again, and of texts that are too long to be kept.
TEST(TextMemo, AnswersAsTheSetItself) {
  const PatternSet sets[] = {
      PatternSet(patterns(TestOp::Contains, {"xmrig", "stratum", "pool"})),
      PatternSet(patterns(TestOp::Regex, {"curl.*sh", "wget .*bash", "python -c", "nc -e"})),
      PatternSet(patterns(TestOp::Regex, {"a+b"}, "i")),
  };
  const char* const pieces[] = {"curl ", "wget ", "bash",      "sh",       "XMRIG", "pool",
                                "ab",    "AB",    "python -c", "\xc3\xa9", "x"};
  std::mt19937_64 random(1);
  TextMemo memo(std::size(sets), {}, 4'000);
  uint64_t fallbacks = 0, yes = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (size_t n = random() % 4; n > 0; --n) text += pieces[random() % std::size(pieces)];
    if (random() % 50 == 0) text += std::string(limits::kInternedValueBytes, '-') + "a+b pool ab";
    const size_t set = random() % std::size(sets);
    const bool expected = sets[set].any(Value::string(text), fallbacks);
    ASSERT_EQ(memo.any(static_cast<uint32_t>(set), sets[set], Value::string(text), fallbacks), expected) << text;
    yes += expected ? 1 : 0;
  }
  EXPECT_GT(yes, 2'000u);
  EXPECT_GT(memo.clears(), 10u);
}

TEST(TextMemo, NumbersAndNullAreAskedEachTime) {
  const PatternSet set(patterns(TestOp::Regex, {"^12$", "x", "y", "z"}));
  TextMemo memo(1, {}, 1'000);
  uint64_t fallbacks = 0;
  EXPECT_TRUE(memo.any(0, set, Value{ValueType::Int, "12", 12}, fallbacks));
  EXPECT_FALSE(memo.any(0, set, Value{}, fallbacks));
}

}  // namespace
}  // namespace kubevigil
