#include "engine/rule/truth_range.h"

#include <algorithm>

namespace kubevigil {
namespace {

// Of All: true when every child can be, false when some child can be, unknown when some child can be and no child is
// bound to be false. Any is the mirror image.
TruthRange range_of_all(const std::vector<Expr>& children, bool mirrored) {
  TruthRange out{false, false, true};
  bool bound_false = false, some_unknown = false;
  for (const Expr& child : children) {
    TruthRange r = truth_range(child);
    if (mirrored) std::swap(r.can_be_false, r.can_be_true);
    out.can_be_true = out.can_be_true && r.can_be_true;
    out.can_be_false = out.can_be_false || r.can_be_false;
    some_unknown = some_unknown || r.can_be_unknown;
    bound_false = bound_false || (r.can_be_false && !r.can_be_true && !r.can_be_unknown);
  }
  out.can_be_unknown = some_unknown && !bound_false;
  if (mirrored) std::swap(out.can_be_false, out.can_be_true);
  return out;
}

TruthRange range_of_element(const Expr& expr) {
  const TruthRange child = truth_range(expr.children.front());
  switch (expr.quantifier) {
    case Quantifier::Any:
    case Quantifier::Every:
      return {true, true, child.can_be_true};  // false over an empty array
    case Quantifier::EveryOrEmpty:
      return {child.can_be_false, true, true};
    case Quantifier::None:
      return {child.can_be_true, true, true};
  }
  return {true, true, true};
}

}  // namespace

TruthRange truth_range(const Expr& expr) {
  switch (expr.kind) {
    case Expr::Kind::Constant:
      return {expr.constant == Truth::False, expr.constant == Truth::Unknown, expr.constant == Truth::True};
    case Expr::Kind::Test:
      return {true, true, true};
    case Expr::Kind::Not: {
      TruthRange r = truth_range(expr.children.front());
      std::swap(r.can_be_false, r.can_be_true);
      return r;
    }
    case Expr::Kind::All:
      return range_of_all(expr.children, false);
    case Expr::Kind::Any:
      return range_of_all(expr.children, true);
    case Expr::Kind::Element:
      return range_of_element(expr);
  }
  return {true, true, true};
}

}  // namespace kubevigil
