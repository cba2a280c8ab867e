// Explanation: a tree that mirrors a condition, with the outcome of every node, the values that were there,
// and why a test could not be judged. For `rules explain`, and as `why` in alerts.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/event/field_lookup.h"
#include "engine/match/program.h"
#include "engine/rule/expr.h"

namespace kubevigil {

struct Explanation {
  Expr::Kind kind = Expr::Kind::Constant;
  Quantifier quantifier = Quantifier::Any;  // of an Element
  Truth truth = Truth::False;
  bool negated = false;             // stands under an odd number of Nots: it helps the rule by being false
  std::string text;                 // the node: "all of", "not", or the test's canonical text
  std::string label;                // selection name
  std::string field;                // tests: the field's canonical name
  std::vector<std::string> values;  // actual values, as they are (redact before showing), at most 16
  std::string reason;               // why unknown: "requestObject is not in the event (level Metadata)"
  std::vector<Explanation> children;
};

Explanation explain(const Expr& condition, FieldLookup& fields);

// Explains the rules of a program on one event, with the conditions as they are compiled there.
class RuleExplainer {
 public:
  // REQUIRES: fields.begin() was called. Both must outlive it.
  RuleExplainer(const Program& program, FieldLookup& fields);
  ~RuleExplainer();
  // What decisive_tests() asks for, the rest without texts and children; nothing when the condition of that detection
  // does not hold.
  std::optional<Explanation> explain_if_true(uint32_t rule);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The tests that made the condition true, in order: for `why`. Negated ones among them are false; those of filters
// are left out. Points into `root`; empty when the condition is not true.
std::vector<const Explanation*> decisive_tests(const Explanation& root);

}  // namespace kubevigil
