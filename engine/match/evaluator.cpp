#include "engine/match/evaluator.h"

#include <algorithm>
#include <bit>

#include "engine/match/match_profile.h"

namespace kubevigil {

Scope Scope::one_index(uint32_t index, uint32_t with) {
  const Parts other = with == FieldCode::kNotIndexed ? 0 : index_part(with);
  return {Kind::OneIndex, index, with, index_part(index) | other};
}

Evaluator::Evaluator(const ConditionCode& code, FieldLookup& fields, MatchCounters& counters, TextMemo* memo,
                     MatchProfile* profile)
    : code_(code),
      fields_(fields),
      counters_(counters),
      memo_(memo),
      profile_(profile),
      values_(code.fields().size()),
      tests_(code.tests().size()) {}

void Evaluator::begin_event() { ++event_; }

const FieldValues& Evaluator::values(uint32_t field) {
  ValueMemo& memo = values_[field];
  if (memo.event != event_) memo = {event_, fields_.values(code_.fields()[field].field)};
  return memo.values;
}

FieldValues Evaluator::values(uint32_t field, const ArrayElement* element) {
  const FieldCode& code = code_.fields()[field];
  if (!code.relative) return values(field);
  return element ? fields_.values(*element, code.field) : FieldValues{};
}

ArrayValues Evaluator::elements(uint32_t field, const ArrayElement* element) {
  const FieldCode& code = code_.fields()[field];
  if (!code.relative) return fields_.elements(code.field);
  return element ? fields_.elements(*element, code.field) : ArrayValues{};
}

// What is relative to an element may be looked at when its array may, and that was decided at the block.
bool Evaluator::allowed(uint32_t field, const Scope& scope) const {
  const FieldCode& code = code_.fields()[field];
  switch (scope.kind) {
    case Scope::Kind::Everything:
      return true;
    case Scope::Kind::Envelope:
      return code.relative || code.envelope;
    case Scope::Kind::OneIndex:
      return code.relative || code.index == scope.index ||
             (code.index == scope.with && scope.with != FieldCode::kNotIndexed);
  }
  return true;
}

Truth Evaluator::judge(const TestCode& code, const ArrayElement* element) {
  if (profile_ == nullptr) return judge_unmeasured(code, element);
  return profile_->measure(profile_->fields[code.field].cost, [&] { return judge_unmeasured(code, element); });
}

Truth Evaluator::judge_unmeasured(const TestCode& code, const ArrayElement* element) {
  others_.clear();
  for (const uint32_t other : code.others) others_.push_back(values(other, element));
  const PatternAsk ask = {counters_.set_fallbacks, code.memo == TestCode::kNoMemo ? nullptr : memo_, code.memo};
  return code.matcher.judge(values(code.field, element), others_, code.negated, ask);
}

Truth Evaluator::test(uint32_t index, const Scope& scope, const ArrayElement* element) {
  const TestCode& code = code_.tests()[index];
  if (!allowed(code.field, scope)) return Truth::Unknown;
  for (const uint32_t other : code.others) {
    if (!allowed(other, scope)) return Truth::Unknown;
  }
  if (code.relative) return judge(code, element);
  TestMemo& memo = tests_[index];
  if (memo.event != event_) memo = {event_, judge(code, nullptr)};
  return memo.truth;
}

// Any is the maximum over the elements, Every and EveryOrEmpty the minimum, None the negation of Any. When elements
// may be missing, Unknown takes part as if it were one more element; for Any over a Partial list only under a Not, as
// for tests.
Truth Evaluator::block(const NodeCode& node, const Scope& scope, const ArrayElement* element) {
  if (!allowed(node.index, scope)) return Truth::Unknown;
  const ArrayValues array = elements(node.index, element);
  const bool unknown = array.presence == Presence::Unknown;
  const bool partial = array.presence == Presence::Partial || array.presence == Presence::Open;
  const bool maximum = node.quantifier == Quantifier::Any || node.quantifier == Quantifier::None;
  const bool extra = unknown || (partial && (node.quantifier != Quantifier::Any || node.negated));
  Truth result = extra ? Truth::Unknown : maximum ? Truth::False : Truth::True;
  for (const ArrayElement& item : array.elements) {
    const Truth truth = evaluate(code_.child(node, 0), scope, &item);
    result = maximum ? std::max(result, truth) : std::min(result, truth);
    if (result == (maximum ? Truth::True : Truth::False)) break;
  }
  if (node.quantifier == Quantifier::None) return negate(result);
  if (node.quantifier == Quantifier::Every && array.elements.empty() && !extra) return Truth::False;
  return result;
}

Truth Evaluator::evaluate(uint32_t index, const Scope& scope, const ArrayElement* element) {
  const NodeCode& node = code_.node(index);
  if ((node.parts & scope.parts) == 0) return Truth::Unknown;
  switch (node.kind) {
    case Expr::Kind::Constant:
      return node.constant;
    case Expr::Kind::Test:
      return test(node.index, scope, element);
    case Expr::Kind::Not:
      return negate(evaluate(code_.child(node, 0), scope, element));
    case Expr::Kind::Element:
      return block(node, scope, element);
    case Expr::Kind::All:
    case Expr::Kind::Any:
      break;
  }
  const bool maximum = node.kind == Expr::Kind::Any;
  Truth result = maximum ? Truth::False : Truth::True;
  for (uint32_t i = 0; i < node.count; ++i) {
    const uint32_t child = code_.child(node, i);
    const bool seen = (code_.node(child).parts & scope.parts) != 0;
    const Truth truth = seen ? evaluate(child, scope, element) : Truth::Unknown;
    result = maximum ? std::max(result, truth) : std::min(result, truth);
    if (result == (maximum ? Truth::True : Truth::False)) break;
  }
  return result;
}

// Most conditions are an All: of its children those that the envelope leaves Unknown are asked again, no other.
Truth Evaluator::evaluate_in_stages(uint32_t index, bool& needs_body) {
  const NodeCode& node = code_.node(index);
  const Scope envelope = Scope::envelope();
  uint64_t unknown = 0;
  if (node.kind != Expr::Kind::All || node.count > 64) {
    const Truth truth = evaluate(index, envelope);
    needs_body = truth == Truth::Unknown;
    return needs_body ? evaluate(index) : truth;
  }
  for (uint32_t i = 0; i < node.count; ++i) {
    const Truth truth = evaluate(code_.child(node, i), envelope);
    if (truth == Truth::False) return truth;
    if (truth == Truth::Unknown) unknown |= uint64_t{1} << i;
  }
  needs_body = unknown != 0;
  Truth result = Truth::True;
  for (; unknown != 0 && result != Truth::False; unknown &= unknown - 1) {
    const auto i = static_cast<uint32_t>(std::countr_zero(unknown));
    result = std::min(result, evaluate(code_.child(node, i)));
  }
  return result;
}

Truth evaluate(const Expr& condition, FieldLookup& fields) {
  ConditionCode code;
  const uint32_t root = code.add(condition);
  MatchCounters counters;
  Evaluator evaluator(code, fields, counters);
  return evaluator.evaluate(root);
}

}  // namespace kubevigil
