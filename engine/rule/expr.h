// Expr: the predicate of a rule, the one intermediate form into which every rule language is translated.
// Immutable after loading; printed by to_text, read back by parse_expr (to_text then parse is identity).
//
// Meaning (design/rules.md 1 to 3), for the compiled matcher and the oracle alike:
//   Truth is Kleene's: False < Unknown < True; Not flips, All is minimum, Any is maximum.
//   Test   a field is a list of values; true when some value (or every value, Quantifier::Every) satisfies
//          some pattern (or every pattern, each by some value, `every_pattern`: Sigma's |all).
//          No values: false for every operator but Null (true) and Exists (compares presence).
//          Every over no values is false.
//          Presence::Unknown makes the test Unknown. Presence::Partial makes it Unknown where the test stands
//          under an odd number of Nots, or is Null, Exists(false) or Quantifier::Every; else as if absent.
//          Values that are there although some are missing (Presence::Open, or Unknown with values) decide what they
//          can: one that satisfies makes Any true, one that fails makes Every false; the rest as for no values.
//   Element  binds the tests of `children[0]` to one element of the array: Any, Every ([all]: of nothing false),
//          EveryOrEmpty, None. Unknown and Partial of the array as in Test (None, EveryOrEmpty: Unknown);
//          [none] counts as a Not for the polarity of what stands in it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/diagnostics.h"
#include "engine/base/result.h"
#include "engine/event/field_ref.h"
#include "engine/rule/regex.h"

namespace kubevigil {

enum class Truth : uint8_t { False, Unknown, True };
constexpr Truth negate(Truth t) { return static_cast<Truth>(2 - static_cast<int>(t)); }
std::string_view to_text(Truth truth);

enum class TestOp : uint8_t {
  Equals,  // whole value; ASCII-folded unless cased. Number literals equal numbers and the strings that spell them
  Contains,
  StartsWith,
  EndsWith,
  Glob,   // * and ? as wildcards, backslash escapes, whole value
  Regex,  // RE2, unanchored; flags i, m, s in `regex_flags`
  Cidr,   // value is an IP address inside the network
  Less,
  LessOrEqual,
  Greater,
  GreaterOrEqual,  // numbers; strings that spell numbers count
  Null,            // absent or JSON null
  Exists,          // the key is present; pattern text "true" or "false"
  EqualsField,     // equals some value of another field (pattern.field)
};
std::string_view to_text(TestOp op);

struct Pattern {
  std::string text;               // for ASCII-folded tests already folded; Regex: as written
  std::optional<double> number;   // when the literal was a number (Equals, Less, ...)
  std::optional<FieldRef> field;  // EqualsField
  std::optional<Regex> regex{};   // Regex: `text` with the test's flags; nothing where the rule was not read from text

  bool operator==(const Pattern& other) const {
    return text == other.text && number == other.number && field == other.field;
  }
};

enum class Quantifier : uint8_t { Any, Every, EveryOrEmpty, None };

struct Test {
  FieldRef field;
  TestOp op = TestOp::Equals;
  Quantifier quantifier = Quantifier::Any;  // Any or Every
  bool cased = false;
  bool every_pattern = false;
  std::string regex_flags;        // sorted subset of "ims"
  std::vector<Pattern> patterns;  // never empty, but for Null
  bool operator==(const Test&) const = default;
};

struct Expr {
  enum class Kind : uint8_t { Constant, Test, Not, All, Any, Element };
  Kind kind = Kind::Constant;
  Truth constant = Truth::False;
  Test test;
  FieldRef array;                           // Element
  Quantifier quantifier = Quantifier::Any;  // Element
  std::vector<Expr> children;               // Not, Element: one; All, Any: two or more
  SourceSpan span;                          // of the line it came from; not part of equality
  std::string label;                        // name of the Sigma selection it came from, or ""; not part of equality

  static Expr constant_of(Truth truth);
  static Expr of(Test test, SourceSpan span = {});
  static Expr negation(Expr child);
  static Expr all(std::vector<Expr> children);
  static Expr any(std::vector<Expr> children);
  static Expr element(FieldRef array, Quantifier quantifier, Expr child);
};
bool operator==(const Expr& a, const Expr& b);  // structure only

// One line; the grammar stands in expr_text.cpp, its reader in expr_parse.cpp.
std::string to_text(const Expr& expr);
Result<Expr> parse_expr(std::string_view text);

// Folds constants and flattens nested All/Any; keeps order. The meaning stays the same.
Expr simplified(Expr expr);

}  // namespace kubevigil
