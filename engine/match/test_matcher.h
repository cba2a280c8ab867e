// TestMatcher: one Test of a rule, compiled: values in, Truth out. Quantifiers and missing data are decided here
// (the definition stands above Expr), patterns by PatternSet. Immutable; any thread.
//
// Values that are there although the field is Unknown or Partial (some of the sources of a field are missing) count:
// a value that satisfies an Any-test makes it True, a value that fails an Every-test makes it False.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "engine/event/field_lookup.h"
#include "engine/match/pattern_set.h"
#include "engine/match/text_memo.h"

namespace kubevigil {

// How the patterns of a test are asked.
struct PatternAsk {
  uint64_t& set_fallbacks;
  TextMemo* memo = nullptr;  // where there is one: under this number
  uint32_t number = 0;
};

class TestMatcher {
 public:
  explicit TestMatcher(const Test& test) : TestMatcher(test, patterns_of(test)) {}
  // `patterns`: those that patterns_of() makes of it, or of a test with the same patterns_key().
  TestMatcher(const Test& test, std::shared_ptr<const PatternSet> patterns);

  static std::shared_ptr<const PatternSet> patterns_of(const Test& test);
  // Tests with the same key have the same patterns, whatever field they read.
  static std::string patterns_key(const Test& test);

  // `others`: for EqualsField the values of each pattern's field, else empty. `negated`: the test stands under an odd
  // number of Nots.
  Truth judge(const FieldValues& field, std::span<const FieldValues> others, bool negated, const PatternAsk& ask) const;

  const PatternSet& patterns() const { return *patterns_; }

 private:
  bool holds(const FieldValues& field, std::span<const FieldValues> others, const PatternAsk& ask) const;
  bool some_pattern(const Value& value, std::span<const FieldValues> others, const PatternAsk& ask) const;
  bool one_pattern(size_t pattern, const Value& value, std::span<const FieldValues> others) const;

  TestOp op_;
  Quantifier quantifier_;
  bool cased_;
  bool every_pattern_;
  bool wanted_presence_ = true;  // Exists
  std::shared_ptr<const PatternSet> patterns_;
};

}  // namespace kubevigil
