// YAML nodes: spans, scalar types, repeated keys, bounds, and that one broken document leaves the others alone.
#include "engine/rule/yaml.h"

#include <gtest/gtest.h>

#include "engine/base/limits.h"

namespace kubevigil {
namespace {

struct Parsed {
  std::vector<YamlDocument> documents;
  Diagnostics diagnostics;
  std::string codes() const {
    std::string out;
    for (const Diagnostic& d : diagnostics.entries()) out += (out.empty() ? "" : " ") + d.code;
    return out;
  }
};

Parsed parse(std::string_view text) {
  Parsed p;
  p.documents = parse_yaml(text, "f.yaml", p.diagnostics);
  return p;
}

TEST(Yaml, KeepsOrderAndPlaces) {
  const Parsed p = parse("b: 1\na:\n  - x\n  - \"two words\"\n");
  ASSERT_EQ(p.documents.size(), 1u);
  const YamlNode& root = p.documents[0].root;
  ASSERT_EQ(root.entries.size(), 2u);
  EXPECT_EQ(root.entries[0].key.text, "b");
  EXPECT_EQ(root.entries[1].key.text, "a");
  const YamlNode& words = root.find("a")->items.at(1);
  EXPECT_EQ(words.span.line, 4u);
  EXPECT_EQ(words.span.column, 5u);
  EXPECT_EQ(words.span.length, 11u);
  EXPECT_EQ(words.span.file, "f.yaml");
}

TEST(Yaml, MergeKeysGiveWhatAMappingLacks) {
  const Parsed p = parse(
      "base: &b {verb: get, user: a}\nother: &o {user: b, name: n}\n"
      "one:\n  <<: *b\n  verb: list\nboth: {<<: [*b, *o]}\nplain: {'<<': x}\n");
  EXPECT_EQ(p.codes(), "");
  const YamlNode& root = p.documents.at(0).root;
  const YamlNode& one = *root.find("one");
  ASSERT_EQ(one.entries.size(), 2u);
  EXPECT_EQ(one.find("verb")->text, "list") << "its own key wins";
  EXPECT_EQ(one.find("user")->text, "a");
  EXPECT_EQ(one.find("user")->span.line, 1u) << "where it was written";
  const YamlNode& both = *root.find("both");
  EXPECT_EQ(both.entries.size(), 3u);
  EXPECT_EQ(both.find("user")->text, "a") << "the first mapping wins";
  EXPECT_EQ(both.find("name")->text, "n");
  EXPECT_EQ(root.find("plain")->find("<<")->text, "x");
}

TEST(Yaml, MergeKeysOfWhatIsNoMapping) {
  const Parsed p = parse("l: &l [1]\na:\n  <<: *l\n  k: v\n");
  ASSERT_EQ(p.codes(), "yaml-key");
  EXPECT_EQ(p.documents.at(0).root.find("a")->find("k")->text, "v");
  EXPECT_TRUE(p.documents.at(0).damaged);
  EXPECT_EQ(parse("a:\n  <<: 5\n").diagnostics.entries().at(0).span.line, 2u);
}

TEST(Yaml, SaysHowToMendIt) {
  const std::tuple<const char*, uint32_t, const char*> rows[] = {
      {"a:\n\tb: c\n", 2, "tab"},
      {"a: {b[any]: c}\n", 1, "quote keys"},
      {"a: b: c\n", 1, "quote a value"},
      {"a: @b\n", 1, "begins with @"},
      {"a: \"\\d\"\n", 1, "single quotes"},
      {"a: *b\n", 1, "before its aliases"},
      {"a: !b!c d\n", 1, "begins with !"},
      {"a: [b\nc: d\n", 2, "close the ["},
      {"a:\n  - b\n  c\n", 4, "a colon"},
      {"a: 'it's'\n", 1, "close every quote"},
      {"a: 1\nb: \"x\nc: d\n", 4, "close the quote"},
      {"a: - b\n", 1, "a line of its own"},
      {"\"a\":b\n", 1, "a space behind it"},
      {"a: 1\nb: gr\xc3\xbc\xfc\n", 2, "UTF-8"},
  };
  for (const auto& [text, line, advice] : rows) {
    const Parsed p = parse(text);
    ASSERT_EQ(p.codes(), "yaml-syntax") << text;
    EXPECT_EQ(p.diagnostics.entries()[0].span.line, line) << text;
    EXPECT_NE(p.diagnostics.entries()[0].hint.find(advice), std::string::npos) << p.diagnostics.entries()[0].hint;
  }
  EXPECT_EQ(parse("a: 1\nb: gr\xc3\xbc\xfc\n").diagnostics.entries()[0].span.column, 8u);
  EXPECT_EQ(parse(std::string_view("\xff\xfe"
                                   "a\0:\0 \0"
                                   "1\0",
                                   10))
                .codes(),
            "")
      << "UTF-16 is YAML";
}

TEST(Yaml, SaysWhereWhatIsOpenBegins) {
  const Parsed p = parse("a: 1\n---\nb:\n  - {c: d,\n     e: f\ng: h\n");
  ASSERT_EQ(p.codes(), "yaml-syntax");
  EXPECT_NE(p.diagnostics.entries()[0].message.find("a flow mapping that begins in line 4"), std::string::npos)
      << p.diagnostics.entries()[0].message;
}

TEST(Yaml, PlacesAreBytesAlsoBehindOtherCharacters) {
  const Parsed p = parse("a: [\xc3\xbc, \xe2\x82\xac\xe2\x82\xac, x]\n");
  const auto& items = p.documents.at(0).root.find("a")->items;
  EXPECT_EQ(items.at(0).span.column, 5u);
  EXPECT_EQ(items.at(1).span.column, 9u);
  EXPECT_EQ(items.at(1).span.length, 6u);
  EXPECT_EQ(items.at(2).span.column, 17u);
  const Parsed control = parse("a: 1\nb: \x01\n");
  ASSERT_EQ(control.codes(), "yaml-syntax");
  EXPECT_EQ(control.diagnostics.entries()[0].span.line, 2u);
  EXPECT_EQ(control.diagnostics.entries()[0].span.column, 4u);
}

TEST(Yaml, QuotedScalarsAreStrings) {
  const std::tuple<const char*, bool, std::optional<double>, std::optional<bool>> cases[] = {
      {"200", false, 200.0, {}},  {"'200'", true, {}, {}},   {"\"200\"", true, {}, {}},   {"-1.5", false, -1.5, {}},
      {"1e3", false, 1000.0, {}}, {"0x1f", false, 31.0, {}}, {"true", false, {}, true},   {"False", false, {}, false},
      {"'true'", true, {}, {}},   {"yes", false, {}, {}},    {"10.0.0.1", false, {}, {}}, {"1d", false, {}, {}},
      {"inf", false, {}, {}},     {".nan", false, {}, {}},   {"-", false, {}, {}},        {"+7", false, 7.0, {}},
  };
  for (const auto& [text, quoted, number, boolean] : cases) {
    if (std::string_view(text) == "-") continue;
    const Parsed p = parse(std::string("k: ") + text);
    ASSERT_EQ(p.documents.size(), 1u) << text;
    const YamlNode& value = *p.documents[0].root.find("k");
    EXPECT_EQ(value.quoted, quoted) << text;
    EXPECT_EQ(value.number(), number) << text;
    EXPECT_EQ(value.boolean(), boolean) << text;
  }
  EXPECT_TRUE(parse("k: null").documents[0].root.find("k")->is_null());
  EXPECT_TRUE(parse("k: ~").documents[0].root.find("k")->is_null());
  EXPECT_TRUE(parse("k:").documents[0].root.find("k")->is_null());
  EXPECT_TRUE(parse("k: 'null'").documents[0].root.find("k")->is_scalar());
}

TEST(Yaml, ABrokenDocumentLeavesTheOthers) {
  const Parsed p = parse("a: 1\n---\nb: [\n---\nc: 3\n");
  EXPECT_EQ(p.codes(), "yaml-syntax");
  EXPECT_EQ(p.diagnostics.entries()[0].span.line, 4u);  // where the bracket should have been closed
  ASSERT_EQ(p.documents.size(), 2u);
  EXPECT_EQ(p.documents[1].root.find("c")->span.line, 5u);
}

TEST(Yaml, DirectivesBelongToTheDocumentBehindThem) {
  for (const char* text : {"%YAML 1.2\n---\na: 1\n", "# c\n\n%TAG !e! tag:x,2026:\n---\na: !e!b 1\n",
                           "# c\n---\na: 1\n", "---\n---\na: 1\n", "---\r\na: 1\r\n", "\xef\xbb\xbf---\na: 1\n"}) {
    const Parsed p = parse(text);
    EXPECT_EQ(p.codes(), "") << text;
    ASSERT_EQ(p.documents.size(), 1u) << text;
    EXPECT_EQ(p.documents[0].root.find("a")->text, "1") << text;
  }
  EXPECT_EQ(parse("%YAML 1.2\n---\na: 1\nb: %\n---\nc: 2\n").documents.size(), 1u) << "only the broken one is lost";
  EXPECT_EQ(parse("a: 1\n...\nb: 2\n").codes(), "yaml-syntax") << "as PyYAML";
}

TEST(Yaml, DashesInsideTextStartNoDocument) {
  const Parsed p = parse("a: |\n  ---\n  x\nb: '--- y'\n---\nc: ----\n");
  EXPECT_EQ(p.documents.size(), 2u);
  EXPECT_EQ(p.documents[0].root.find("a")->text, "---\nx\n");
}

TEST(Yaml, RepeatedKeysAreReportedAndTheFirstStays) {
  const Parsed p = parse("a: 1\nb: 2\na: 3\n");
  EXPECT_EQ(p.codes(), "duplicate-key");
  EXPECT_EQ(p.diagnostics.entries()[0].span.line, 3u);
  EXPECT_TRUE(p.documents[0].damaged);
  EXPECT_EQ(p.documents[0].root.find("a")->text, "1");
}

TEST(Yaml, AliasesAreExpandedWithinTheBounds) {
  const Parsed p = parse("a: &x [1, 2]\nb: *x\n");
  EXPECT_EQ(p.documents[0].root.find("b")->items.size(), 2u);
  std::string laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 10; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    laughs += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int k = 0; k < 9; ++k) laughs += before + ", ";
    laughs += before + "]\n";
  }
  EXPECT_EQ(parse(laughs).codes(), "yaml-limit");
  EXPECT_EQ(parse("a: &x [*x]\n").codes(), "yaml-syntax");
}

TEST(Yaml, SizeAndDepthAreBounded) {
  EXPECT_EQ(parse(std::string(limits::kRuleFileBytes + 1, ' ')).codes(), "yaml-limit");
  EXPECT_EQ(parse(std::string(kYamlDepth + 1, '[') + std::string(kYamlDepth + 1, ']')).codes(), "yaml-limit");
  EXPECT_EQ(parse(std::string(kYamlDepth - 1, '[') + std::string(kYamlDepth - 1, ']')).codes(), "");
  EXPECT_NE(parse(std::string(100'000, '[')).codes(), "");
}

TEST(Yaml, NothingIsThrownAtGarbage) {
  for (const char* text : {"", "\xff\xfe", "%YAML 9", "a: b: c", "\t- x", "? [a]\n: b", "!!binary x", "&a", "*a", "{",
                           "a: !<", "---\n...\n---"}) {
    EXPECT_NO_THROW(parse(text)) << text;
  }
  EXPECT_EQ(parse("? [a]\n: b").codes(), "yaml-key");
}

}  // namespace
}  // namespace kubevigil
