#include "engine/match/test_matcher.h"

#include <algorithm>
#include <utility>

#include "engine/base/text.h"

namespace kubevigil {
namespace {

bool has_patterns(TestOp op) { return op != TestOp::Null && op != TestOp::Exists && op != TestOp::EqualsField; }

Test only_patterns(const Test& test) {
  Test copy = test;
  if (!has_patterns(test.op)) copy.op = TestOp::Equals;
  return copy;
}

bool is_part(Presence presence) { return presence == Presence::Partial || presence == Presence::Open; }

bool same_value(const Value& a, const Value& b, bool cased) {
  const auto comparable = [](const Value& v) {
    return v.type != ValueType::Null && v.type != ValueType::Object && v.type != ValueType::Array;
  };
  if (!comparable(a) || !comparable(b)) return false;
  if (a.is_number() && b.is_number()) return a.number == b.number;
  return cased ? a.text == b.text : equals_folded(a.text, b.text);
}

}  // namespace

std::shared_ptr<const PatternSet> TestMatcher::patterns_of(const Test& test) {
  return std::make_shared<const PatternSet>(only_patterns(test));
}

std::string TestMatcher::patterns_key(const Test& test) {
  Test bare = only_patterns(test);
  bare.field = {};
  bare.quantifier = Quantifier::Any;
  bare.every_pattern = false;
  return to_text(Expr::of(std::move(bare)));
}

TestMatcher::TestMatcher(const Test& test, std::shared_ptr<const PatternSet> patterns)
    : op_(test.op),
      quantifier_(test.quantifier),
      cased_(test.cased),
      every_pattern_(test.every_pattern),
      patterns_(std::move(patterns)) {
  if (op_ == TestOp::Exists && !test.patterns.empty()) wanted_presence_ = test.patterns.front().text == "true";
}

Truth TestMatcher::judge(const FieldValues& field, std::span<const FieldValues> others, bool negated,
                         const PatternAsk& ask) const {
  if (!patterns_->usable()) return Truth::Unknown;
  bool unknown = field.presence == Presence::Unknown;
  bool others_partial = false;
  for (const FieldValues& other : others) {
    unknown = unknown || other.presence == Presence::Unknown;
    others_partial = others_partial || is_part(other.presence);
  }
  if (op_ == TestOp::Exists && !field.values.empty()) return wanted_presence_ ? Truth::True : Truth::False;
  const bool result = holds(field, others, ask);
  if (!unknown && !others_partial && !is_part(field.presence)) return result ? Truth::True : Truth::False;

  // Something is missing. Does the answer stand whatever it may be?
  if (quantifier_ == Quantifier::Every) {
    const bool others_complete = others.empty();
    return !result && !field.values.empty() && others_complete ? Truth::False : Truth::Unknown;
  }
  if (op_ == TestOp::Exists && field.presence == Presence::Open) return result ? Truth::True : Truth::False;
  if (op_ == TestOp::Null && field.presence == Presence::Open && !field.values.empty()) {
    return result ? Truth::True : Truth::False;
  }
  if (op_ == TestOp::Null || (op_ == TestOp::Exists && !wanted_presence_)) return Truth::Unknown;
  if (result) return Truth::True;
  return unknown || negated ? Truth::Unknown : Truth::False;
}

bool TestMatcher::holds(const FieldValues& field, std::span<const FieldValues> others, const PatternAsk& ask) const {
  const auto values = field.values;
  if (op_ == TestOp::Exists)
    return (field.presence == Presence::Present || field.presence == Presence::Open) == wanted_presence_;
  if (op_ == TestOp::Null) {
    const auto is_null = [](const Value& v) { return v.type == ValueType::Null; };
    if (quantifier_ == Quantifier::Every) return !values.empty() && std::all_of(values.begin(), values.end(), is_null);
    return values.empty() || std::any_of(values.begin(), values.end(), is_null);
  }
  const auto satisfies = [&](const Value& v) { return some_pattern(v, others, ask); };
  const auto pattern_count = patterns_->size();
  if (!every_pattern_) {
    if (quantifier_ == Quantifier::Any) return std::any_of(values.begin(), values.end(), satisfies);
    return !values.empty() && std::all_of(values.begin(), values.end(), satisfies);
  }
  if (values.empty()) return false;
  for (size_t i = 0; i < pattern_count; ++i) {
    const auto satisfies_this = [&](const Value& v) { return one_pattern(i, v, others); };
    const bool good = quantifier_ == Quantifier::Any ? std::any_of(values.begin(), values.end(), satisfies_this)
                                                     : std::all_of(values.begin(), values.end(), satisfies_this);
    if (!good) return false;
  }
  return true;
}

bool TestMatcher::some_pattern(const Value& value, std::span<const FieldValues> others, const PatternAsk& ask) const {
  if (op_ != TestOp::EqualsField)
    return ask.memo != nullptr ? ask.memo->any(ask.number, *patterns_, value, ask.set_fallbacks)
                               : patterns_->any(value, ask.set_fallbacks);
  for (size_t i = 0; i < others.size(); ++i) {
    if (one_pattern(i, value, others)) return true;
  }
  return false;
}

bool TestMatcher::one_pattern(size_t pattern, const Value& value, std::span<const FieldValues> others) const {
  if (op_ != TestOp::EqualsField) return patterns_->one(pattern, value);
  const auto values = others[pattern].values;
  return std::any_of(values.begin(), values.end(), [&](const Value& v) { return same_value(value, v, cased_); });
}

}  // namespace kubevigil
