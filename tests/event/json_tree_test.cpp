#include "engine/event/json_tree.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "engine/base/limits.h"

namespace kubevigil {
namespace {

std::string reprinted(std::string_view json) {
  JsonTree tree;
  const auto result = tree.parse(json);
  const auto facts = check_json(json);  // says the same of every text
  EXPECT_EQ(facts.has_value(), result.has_value()) << json;
  if (facts) {
    EXPECT_EQ(facts->values, tree.size()) << json;
  } else if (!result) {
    EXPECT_EQ(facts.error().offset, result.error().offset) << json;
  }
  return result ? to_text(tree, tree.root()) : "error at " + std::to_string(result.error().offset);
}

struct TextCase {
  const char* json;
  const char* expected;
};

class JsonText : public testing::TestWithParam<TextCase> {};

TEST_P(JsonText, Reprinted) { EXPECT_EQ(reprinted(GetParam().json), GetParam().expected); }

INSTANTIATE_TEST_SUITE_P(
    Valid, JsonText,
    testing::Values(TextCase{"1", "1"}, TextCase{" [ ] ", "[]"}, TextCase{"{}", "{}"},
                    TextCase{R"({"a":1,"a":[true,null,{"b":"x"}]})", R"({"a":1,"a":[true,null,{"b":"x"}]})"},
                    TextCase{R"([[],[[]],{}])", R"([[],[[]],{}])"},
                    TextCase{R"({"a":{},"b":[]})", R"({"a":{},"b":[]})"},
                    TextCase{R"("\u0026\u003c\t\/")", R"("&<\u0009/")"},
                    TextCase{R"("\ud83d\ude00")", "\"\U0001F600\""}, TextCase{R"("\ud83d x")", "\"\uFFFD x\""},
                    TextCase{R"("\ude00\ud83d")", "\"\uFFFD\uFFFD\""},
                    TextCase{R"({"\u0061b":-0.5e+7})", R"({"ab":-0.5e+7})"},
                    TextCase{"123456789012345678901234567890", "123456789012345678901234567890"}));

INSTANTIATE_TEST_SUITE_P(Broken, JsonText,
                         testing::Values(TextCase{"", "error at 0"}, TextCase{"[1 2]", "error at 3"},
                                         TextCase{"[1,]", "error at 3"}, TextCase{R"({"a"})", "error at 4"},
                                         TextCase{R"({"a":1,})", "error at 7"}, TextCase{"{\"a\":]}", "error at 5"},
                                         TextCase{"[1}", "error at 2"}, TextCase{"01", "error at 0"},
                                         TextCase{"1.", "error at 0"}, TextCase{"+1", "error at 0"},
                                         TextCase{"tru", "error at 0"}, TextCase{"[truex]", "error at 1"},
                                         TextCase{R"("\x41")", "error at 0"}, TextCase{"\"a", "error at 0"},
                                         TextCase{"\"a\nb\"", "error at 0"}, TextCase{"1 2", "error at 2"},
                                         TextCase{"[", "error at 1"}, TextCase{"{", "error at 1"},
                                         TextCase{R"({"a":1)", "error at 6"}, TextCase{"nul", "error at 0"},
                                         TextCase{R"("\u12")", "error at 0"}, TextCase{R"({1:2})", "error at 1"}));

TEST(JsonTree, NumbersOutOfRangeKeepTheirSpelling) {
  JsonTree tree;
  const std::string large = "1" + std::string(400, '0');
  for (const auto& [text, number] : std::vector<std::pair<std::string, double>>{
           {large, HUGE_VAL}, {"-1e999", -HUGE_VAL}, {"1e-999", 0}, {"0." + std::string(400, '0') + "1", 0}}) {
    ASSERT_TRUE(tree.parse(text)) << text;
    EXPECT_EQ(tree[0].value.text, text);
    EXPECT_EQ(tree[0].value.number, number) << text;
  }
}

TEST(JsonTree, DepthAndNodesAreBounded) {
  JsonTree tree;
  const auto nested = [](size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(tree.parse(nested(limits::kJsonDepth)));
  const auto deep = tree.parse(nested(limits::kJsonDepth + 1));
  ASSERT_FALSE(deep);
  EXPECT_EQ(deep.error().defect, JsonDefect::Depth);
  EXPECT_FALSE(tree.parse(nested(100'000)));
  EXPECT_TRUE(tree.empty());

  std::string many = "[0";
  for (size_t i = 1; i < limits::kJsonNodes; ++i) many += ",0";
  const auto wide = tree.parse(many + "]");
  ASSERT_FALSE(wide);
  EXPECT_EQ(wide.error().defect, JsonDefect::Nodes);
  EXPECT_TRUE(tree.parse("[1]"));
}

TEST(JsonTree, NulIsNoWhiteSpace) {
  using namespace std::string_view_literals;
  JsonTree tree;
  EXPECT_FALSE(tree.parse("1\0"sv));
  EXPECT_FALSE(tree.parse("[\0]"sv));
  EXPECT_FALSE(tree.parse("\"a\0b\""sv));
}

TEST(JsonTree, FindTakesTheFirstAndKeepsAll) {
  JsonTree tree;
  ASSERT_TRUE(tree.parse(R"({"a":1,"b":2,"a":3})"));
  const uint32_t a = tree.find(tree.root(), "a");
  EXPECT_EQ(tree[a].value.text, "1");
  EXPECT_EQ(tree[tree[tree[a].next].next].value.text, "3");
  EXPECT_EQ(tree.find(tree.root(), "c"), JsonNode::kNone);
  EXPECT_EQ(tree.find(a, "a"), JsonNode::kNone);
  EXPECT_EQ(tree.find(JsonNode::kNone, "a"), JsonNode::kNone);
}

TEST(JsonTree, CopyKeepsShapeAndRepeats) {
  JsonTree from, to;
  ASSERT_TRUE(from.parse(R"({"a":[1,{"x":null,"x":2}]})"));
  const uint32_t root = to.add(JsonNode::kNone, {}, {ValueType::Object, {}, 0});
  to.copy(root, to.keep("copied"), from, from.root());
  EXPECT_EQ(to_text(to, root), R"({"copied":{"a":[1,{"x":null,"x":2}]}})");
}

TEST(JsonTree, CheckCountsElementsOfArraysOnly) {
  EXPECT_EQ(check_json(R"({"a":1,"b":[1,[2,3,4],5],"c":"\n"})")->longest_array, 3u);
  EXPECT_EQ(check_json("{}")->longest_array, 0u);
  EXPECT_EQ(check_json(std::string(300, '[') + std::string(300, ']')).error().defect, JsonDefect::Depth);
}

// Random values, printed and parsed again.
uint32_t grow(JsonTree& tree, uint32_t parent, std::string_view key, std::mt19937_64& random, int depth) {
  static constexpr std::array<std::string_view, 5> kTexts = {"", "a\"b\\", "\n\t\x01", "\u00e9\U0001F600", "plain"};
  const auto pick = [&](size_t n) { return static_cast<size_t>(random() % n); };
  switch (depth > 5 ? pick(4) : pick(6)) {
    case 0:
      return tree.add(parent, key, Value{});
    case 1:
      return tree.add(parent, key, Value::boolean(pick(2) == 1));
    case 2:
      return tree.add(parent, key, Value{ValueType::Int, tree.keep(std::to_string(pick(1000))), 0});
    case 3:
      return tree.add(parent, key, Value::string(kTexts[pick(kTexts.size())]));
    default: {
      const bool object = pick(2) == 1;
      const uint32_t node = tree.add(parent, key, {object ? ValueType::Object : ValueType::Array, {}, 0});
      for (size_t i = pick(5); i > 0; --i) grow(tree, node, object ? kTexts[pick(5)] : "", random, depth + 1);
      return node;
    }
  }
}

TEST(JsonTree, PrintedTreesParseToThemselves) {
  for (uint64_t seed = 1; seed <= 2000; ++seed) {
    std::mt19937_64 random(seed);
    JsonTree made, parsed;
    grow(made, JsonNode::kNone, {}, random, 0);
    const std::string text = to_text(made, made.root());
    ASSERT_TRUE(parsed.parse(text)) << "seed " << seed << ": " << text;
    ASSERT_EQ(to_text(parsed, parsed.root()), text) << "seed " << seed;
    ASSERT_EQ(parsed.size(), made.size()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace kubevigil
