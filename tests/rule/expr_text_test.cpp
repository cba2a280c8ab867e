// to_text then parse_expr is identity, on random expressions; and refused texts.
#include "engine/rule/expr.h"

#include <gtest/gtest.h>

#include <random>

namespace kubevigil {
namespace {

class ExprSource {
 public:
  explicit ExprSource(uint32_t seed) : random_(seed) {}

  Expr expr(int depth) {
    const uint32_t kind = below(depth > 0 ? 6 : 2);
    if (kind == 0) return Expr::constant_of(static_cast<Truth>(below(3)));
    if (kind == 1) return Expr::of(test());
    if (kind == 2) return Expr::negation(expr(depth - 1));
    if (kind == 5) return Expr::element(field(), static_cast<Quantifier>(below(4)), expr(depth - 1));
    std::vector<Expr> children;
    for (uint32_t n = 2 + below(3); n > 0; --n) children.push_back(expr(depth - 1));
    return kind == 3 ? Expr::all(std::move(children)) : Expr::any(std::move(children));
  }

 private:
  uint32_t below(uint32_t n) { return random_() % n; }

  std::string text() {
    std::string out;
    for (uint32_t n = below(6); n > 0; --n) out += static_cast<char>(below(256));
    return out;
  }
  FieldRef field() {
    static const std::vector<std::string> kNames = {"verb",
                                                    "user.groups",
                                                    "annotations.a/b c",
                                                    "requestObject.spec.containers.image",
                                                    "user.groups[1]",
                                                    "requestObject.metadata.labels.app\\.kubernetes\\.io/name",
                                                    "podSpec.allContainers",
                                                    "uri.query.command"};
    static const std::vector<std::string> kInner = {".",       "image", "securityContext.privileged",
                                                    "args[0]", "every", "a b"};
    const uint32_t kind = below(8);
    if (kind == 0) return FieldRef{FieldId::Keywords, {}};
    if (kind < 3) return parse_element_field(kInner[below(static_cast<uint32_t>(kInner.size()))]);
    return parse_field(kNames[below(static_cast<uint32_t>(kNames.size()))]).value();
  }
  Pattern pattern() {
    Pattern p{text(), std::nullopt, std::nullopt};
    const uint32_t kind = below(5);
    if (kind == 0) p = {"42", 42, std::nullopt};
    if (kind == 1) p.number = static_cast<double>(static_cast<int32_t>(random_())) / 64;
    if (kind == 2) p = {"", std::nullopt, field()};
    return p;
  }
  Test test() {
    Test t;
    t.field = field();
    t.op = static_cast<TestOp>(below(14));
    t.quantifier = static_cast<Quantifier>(below(4));
    t.cased = below(2) == 0;
    t.every_pattern = below(3) == 0;
    for (const char flag : {'i', 'm', 's'}) {
      if (below(4) == 0) t.regex_flags += flag;
    }
    for (uint32_t n = below(4); n > 0; --n) t.patterns.push_back(pattern());
    return t;
  }
  std::mt19937 random_;
};

TEST(ExprText, ParsingWhatWasWrittenGivesTheSameExpression) {
  for (uint32_t seed = 0; seed < 20'000; ++seed) {
    const Expr expr = ExprSource(seed).expr(4);
    const std::string text = to_text(expr);
    const Result<Expr> back = parse_expr(text);
    ASSERT_TRUE(back) << "seed " << seed << ": " << text << "\n" << back.error().message;
    ASSERT_EQ(*back, expr) << "seed " << seed << ": " << text << "\n" << to_text(*back);
  }
}

TEST(ExprText, Examples) {
  for (const char* text : {
           "verb equals [\"get\", \"list\"]",
           "all(verb equals [\"create\"], not(user.username startswith:cased [\"system:\"]))",
           "responseStatus.code gte [400]",
           "responseStatus.code equals [\"0x1f\"#31]",
           "some in podSpec.allContainers (@securityContext.privileged equals [\"true\"])",
           "every user.groups contains:all [\"a\", \"b\"]",
           "user.username fieldref [=impersonatedUser.username]",
           "requestURI re:i:s [\"a.b\"]",
           "unknown",
       }) {
    const Result<Expr> expr = parse_expr(text);
    ASSERT_TRUE(expr) << text << ": " << expr.error().message;
    EXPECT_EQ(to_text(*expr), text);
  }
}

TEST(ExprText, RefusesWhatIsNoExpression) {
  for (const char* text :
       {"", "verb", "verb equals", "verb equals [", "verb equals [\"a\"", "verb same [\"a\"]", "nofield equals [1]",
        "not()", "not(true, false)", "all(true)", "all(true, false", "true false", "verb equals [\"a\\q\"]",
        "verb equals [\"\\xZZ\"]", "some in verb", "verb equals [nan]"}) {
    EXPECT_FALSE(parse_expr(text)) << text;
  }
  EXPECT_FALSE(parse_expr(std::string(100'000, '(')));
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "not(";
  EXPECT_FALSE(parse_expr(deep));
}

Expr read(const char* text) { return parse_expr(text).value(); }

TEST(Simplified, FoldsConstantsAndFlattens) {
  struct Case {
    const char* from;
    const char* to;
  };
  const Case cases[] = {
      {"not(true)", "false"},
      {"not(unknown)", "unknown"},
      {"not(not(verb null []))", "verb null []"},
      {"all(true, verb null [])", "verb null []"},
      {"all(false, verb null [])", "false"},
      {"any(true, verb null [])", "true"},
      {"any(false, verb null [])", "verb null []"},
      {"any(false, false)", "false"},
      {"all(unknown, verb null [])", "all(unknown, verb null [])"},
      {"all(all(verb null [], stage null []), level null [])", "all(verb null [], stage null [], level null [])"},
      {"any(any(verb null [], false), level null [])", "any(verb null [], level null [])"},
      {"any in user.groups (all(true, @ equals [\"a\"]))", nullptr},
      {"some in user.groups (all(true, @ equals [\"a\"]))", "some in user.groups (@ equals [\"a\"])"},
      {"some in user.groups (false)", "some in user.groups (false)"},
  };
  for (const Case& c : cases) {
    if (c.to == nullptr) {
      EXPECT_FALSE(parse_expr(c.from)) << c.from;
      continue;
    }
    EXPECT_EQ(to_text(simplified(read(c.from))), c.to) << c.from;
  }
}

}  // namespace
}  // namespace kubevigil
