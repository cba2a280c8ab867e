// ConditionCode: conditions after compiling: flat arrays of nodes, tests and fields, with everything that several
// conditions share stored once. Built while a Program is compiled, immutable after that; any thread.
//
// A test's compiled form knows its polarity (does it stand under an odd number of Nots), because a field that a
// patch does not name is judged differently there (the definition stands above Expr).
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/match/test_matcher.h"
#include "engine/rule/expr.h"

namespace kubevigil {

// A field that tests, array blocks or group keys read.
struct FieldCode {
  FieldRef field;
  bool relative = false;         // starts at the element of the array block around it
  bool envelope = false;         // never needs a body
  uint32_t index = kNotIndexed;  // the index (Program::Code::index) that decides it
  static constexpr uint32_t kNotIndexed = UINT32_MAX;
};

// Parts of an event, as bits: what a condition looks at, and what a scope (evaluator.h) lets it look at. A condition
// that shares no bit with a scope is Unknown there, and need not be walked. Far indexes share one bit.
using Parts = uint64_t;
inline constexpr Parts kEveryPart = ~Parts{0};
inline constexpr Parts kEnvelopePart = 2;
inline Parts index_part(uint32_t index) { return Parts{1} << (2 + std::min<uint32_t>(index, 61)); }

struct TestCode {
  TestMatcher matcher;
  uint32_t field = 0;            // index into ConditionCode::fields
  std::vector<uint32_t> others;  // EqualsField: one field a pattern
  bool negated = false;
  bool relative = false;    // reads the element: its answer is not the event's
  uint32_t memo = kNoMemo;  // the number of its patterns in a TextMemo
  static constexpr uint32_t kNoMemo = UINT32_MAX;
};

struct NodeCode {
  Expr::Kind kind = Expr::Kind::Constant;
  Truth constant = Truth::False;
  Quantifier quantifier = Quantifier::Any;  // Element
  bool negated = false;                     // stands under an odd number of Nots
  uint32_t index = 0;                       // Test: into tests; Element: into fields
  uint32_t first = 0, count = 0;            // children: a run of ConditionCode::children
  Parts parts = kEveryPart;
};

class ConditionCode {
 public:
  // Compiles a condition; returns its root node.
  uint32_t add(const Expr& condition);
  uint32_t add_field(const FieldRef& field);
  void set_index(uint32_t field, uint32_t index) { fields_[field].index = index; }

  // Works out the parts of all nodes. Call it when the indexes of all fields are set; before, they have every part.
  void note_parts();

  const std::vector<FieldCode>& fields() const { return fields_; }
  const std::vector<TestCode>& tests() const { return tests_; }
  size_t memo_sets() const { return memo_numbers_.size(); }
  const NodeCode& node(uint32_t index) const { return nodes_[index]; }
  uint32_t child(const NodeCode& node, uint32_t i) const { return children_[node.first + i]; }

  // The top-level fields that the condition reads, ascending, each once.
  std::vector<uint32_t> fields_of(uint32_t root) const;

 private:
  uint32_t add_node(const Expr& expr, bool negated);
  uint32_t add_test(const Test& test, bool negated);
  bool remembers(const TestCode& test) const;
  Parts parts_of(const FieldCode& field) const;
  Parts parts_of(const NodeCode& node) const;
  void collect_fields(uint32_t node, std::vector<uint32_t>& out) const;

  std::vector<FieldCode> fields_;
  std::vector<TestCode> tests_;
  std::map<std::string, std::shared_ptr<const PatternSet>> patterns_;  // by TestMatcher::patterns_key
  std::map<const PatternSet*, uint32_t> memo_numbers_;
  std::vector<NodeCode> nodes_;
  std::vector<uint32_t> children_;
  std::map<std::string, uint32_t, std::less<>> field_index_;
  std::map<std::string, uint32_t, std::less<>> test_index_;
};

// True when the values of a field never depend on a body, so that they can be had without walking one.
bool reads_only_envelope(const FieldRef& field);

}  // namespace kubevigil
