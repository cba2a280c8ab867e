// The condition language, as a table: text in, structure out. Selections a, b, c, sel_1, sel_2, _hidden stand for the
// tests verb equals "<name>".
#include "engine/rule/sigma_condition.h"

#include <gtest/gtest.h>

namespace kubevigil {
namespace {

std::vector<Selection> selections() {
  std::vector<Selection> out;
  for (const char* name : {"a", "b", "c", "sel_1", "sel_2", "_hidden"}) {
    Test test;
    test.field = {FieldId::Verb, {}};
    test.patterns = {{name, std::nullopt, std::nullopt}};
    out.push_back({name, Expr::of(test), {}, false});
  }
  return out;
}

// The expression with `verb equals ["a"]` shortened to a.
std::string parsed(const std::string& condition, Diagnostics& diagnostics) {
  std::vector<Selection> all = selections();
  std::string text = to_text(
      parse_condition(condition, {"f", 1, 1, static_cast<uint32_t>(condition.size())}, false, all, diagnostics));
  for (size_t at; (at = text.find("verb equals [\"")) != std::string::npos;) {
    text.erase(at, 14);
    text.erase(text.find("\"]", at), 2);
  }
  return text;
}

TEST(Condition, Structure) {
  const std::pair<const char*, const char*> cases[] = {
      {"a", "a"},
      {"(a)", "a"},
      {"((a))", "a"},
      {"not a", "not(a)"},
      {"not not a", "not(not(a))"},
      {"a and b", "all(a, b)"},
      {"a and b and c", "all(a, b, c)"},
      {"a or b and c", "any(a, all(b, c))"},
      {"a and b or c", "any(all(a, b), c)"},
      {"(a or b) and c", "all(any(a, b), c)"},
      {"not a and b", "all(not(a), b)"},
      {"not (a and b)", "not(all(a, b))"},
      {"a and not b or c", "any(all(a, not(b)), c)"},
      {"a AND NOT b Or c", "any(all(a, not(b)), c)"},
      {"1 of sel_*", "any(sel_1, sel_2)"},
      {"any of sel_*", "any(sel_1, sel_2)"},
      {"all of sel_*", "all(sel_1, sel_2)"},
      {"1 of sel_1", "sel_1"},
      {"1 of *_1", "sel_1"},
      {"1 of s*_*2", "sel_2"},
      {"all of them", "all(a, b, c, sel_1, sel_2)"},
      {"1 of _*", "_hidden"},
      {"a and 1 of sel_* and not b", "all(a, any(sel_1, sel_2), not(b))"},
      {"not 1 of sel_*", "not(any(sel_1, sel_2))"},
      {"_hidden", "_hidden"},
      {"  a\n and\tb ", "all(a, b)"},
  };
  for (const auto& [condition, expected] : cases) {
    Diagnostics diagnostics;
    EXPECT_EQ(parsed(condition, diagnostics), expected) << condition;
    EXPECT_TRUE(diagnostics.empty()) << condition << ": " << render(diagnostics, {});
  }
}

TEST(Condition, Refused) {
  struct Case {
    const char* condition;
    const char* code;
    uint32_t column;
  };
  const Case cases[] = {
      {"", "condition-syntax", 1},
      {"a and", "condition-syntax", 1},
      {"and a", "condition-syntax", 1},
      {"a b", "condition-syntax", 3},
      {"(a", "condition-syntax", 3},
      {"a)", "condition-syntax", 2},
      {"a or or b", "condition-syntax", 6},
      {"not", "condition-syntax", 4},
      {"1 of", "condition-syntax", 5},
      {"2 of sel_*", "condition-syntax", 1},
      {"a | count() > 5", "condition-syntax", 3},
      {"d", "unknown-selection", 1},
      {"a and sel_3", "unknown-selection", 7},
      {"1 of nothing*", "unknown-selection", 6},
      {"sel_*", "unknown-selection", 1},
      {"a & b", "condition-syntax", 3},
  };
  for (const Case& c : cases) {
    Diagnostics diagnostics;
    EXPECT_EQ(parsed(c.condition, diagnostics), "false") << c.condition;
    ASSERT_EQ(diagnostics.entries().size(), 1u) << c.condition;
    EXPECT_EQ(diagnostics.entries()[0].code, c.code) << c.condition;
    if (c.column > 1) {
      EXPECT_EQ(diagnostics.entries()[0].span.column, c.column) << c.condition;
    }
  }
}

TEST(Condition, IsBounded) {
  Diagnostics deep;
  EXPECT_EQ(parsed(std::string(100'000, '('), deep), "false");
  EXPECT_EQ(deep.entries().at(0).code, "condition-limit");
  std::string many = "all of them";
  for (int i = 0; i < 100'000; ++i) many += " or all of them";
  Diagnostics large;
  EXPECT_EQ(parsed(many, large), "false");
  EXPECT_EQ(large.entries().at(0).code, "condition-limit");
}

TEST(Condition, MarksTheSelectionsThatItUses) {
  Diagnostics diagnostics;
  std::vector<Selection> all = selections();
  parse_condition("a and 1 of sel_*", {}, false, all, diagnostics);
  std::string used;
  for (const Selection& s : all) used += s.used ? s.name + " " : "";
  EXPECT_EQ(used, "a sel_1 sel_2 ");
}

}  // namespace
}  // namespace kubevigil
