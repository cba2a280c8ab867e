#include "engine/rule/expr.h"

#include <utility>

namespace kubevigil {

std::string_view to_text(Truth truth) {
  switch (truth) {
    case Truth::False:
      return "false";
    case Truth::Unknown:
      return "unknown";
    case Truth::True:
      return "true";
  }
  return "?";
}

Expr Expr::constant_of(Truth truth) {
  Expr e;
  e.kind = Kind::Constant;
  e.constant = truth;
  return e;
}

Expr Expr::of(Test test, SourceSpan span) {
  Expr e;
  e.kind = Kind::Test;
  e.test = std::move(test);
  e.span = std::move(span);
  return e;
}

Expr Expr::negation(Expr child) {
  Expr e;
  e.kind = Kind::Not;
  e.span = child.span;
  e.children.push_back(std::move(child));
  return e;
}

namespace {

Expr composite(Expr::Kind kind, Truth of_nothing, std::vector<Expr> children) {
  if (children.empty()) return Expr::constant_of(of_nothing);
  if (children.size() == 1) return std::move(children.front());
  Expr e;
  e.kind = kind;
  e.span = children.front().span;
  e.children = std::move(children);
  return e;
}

}  // namespace

Expr Expr::all(std::vector<Expr> children) { return composite(Kind::All, Truth::True, std::move(children)); }
Expr Expr::any(std::vector<Expr> children) { return composite(Kind::Any, Truth::False, std::move(children)); }

Expr Expr::element(FieldRef array, Quantifier quantifier, Expr child) {
  Expr e;
  e.kind = Kind::Element;
  e.array = std::move(array);
  e.quantifier = quantifier;
  e.span = child.span;
  e.children.push_back(std::move(child));
  return e;
}

bool operator==(const Expr& a, const Expr& b) {
  if (a.kind != b.kind) return false;
  switch (a.kind) {
    case Expr::Kind::Constant:
      return a.constant == b.constant;
    case Expr::Kind::Test:
      return a.test == b.test;
    case Expr::Kind::Element:
      return a.array == b.array && a.quantifier == b.quantifier && a.children == b.children;
    case Expr::Kind::Not:
    case Expr::Kind::All:
    case Expr::Kind::Any:
      return a.children == b.children;
  }
  return false;
}

namespace {

bool is_constant(const Expr& e, Truth truth) { return e.kind == Expr::Kind::Constant && e.constant == truth; }

// `absorbing` decides alone (False in All, True in Any); its opposite can be left out.
Expr simplified_composite(Expr e, Truth absorbing) {
  std::vector<Expr> kept;
  for (Expr& child : e.children) {
    Expr c = simplified(std::move(child));
    if (is_constant(c, absorbing)) return c;
    if (is_constant(c, negate(absorbing))) continue;
    if (c.kind != e.kind) {
      kept.push_back(std::move(c));
      continue;
    }
    for (Expr& grandchild : c.children) {
      if (grandchild.label.empty()) grandchild.label = c.label;
      kept.push_back(std::move(grandchild));
    }
  }
  if (kept.size() > 1) {
    e.children = std::move(kept);
    return e;
  }
  Expr only = kept.empty() ? Expr::constant_of(negate(absorbing)) : std::move(kept.front());
  if (only.label.empty()) only.label = e.label;
  return only;
}

}  // namespace

Expr simplified(Expr expr) {
  switch (expr.kind) {
    case Expr::Kind::Constant:
    case Expr::Kind::Test:
      return expr;
    case Expr::Kind::All:
      return simplified_composite(std::move(expr), Truth::False);
    case Expr::Kind::Any:
      return simplified_composite(std::move(expr), Truth::True);
    case Expr::Kind::Element:
      // Not folded even over a constant: an unknown array keeps the outcome unknown.
      expr.children.front() = simplified(std::move(expr.children.front()));
      return expr;
    case Expr::Kind::Not:
      break;
  }
  Expr child = simplified(std::move(expr.children.front()));
  if (child.kind == Expr::Kind::Constant) {
    child.constant = negate(child.constant);
    return child;
  }
  if (child.kind == Expr::Kind::Not) {
    Expr inner = std::move(child.children.front());
    if (inner.label.empty()) inner.label = child.label.empty() ? expr.label : child.label;
    return inner;
  }
  expr.children.front() = std::move(child);
  return expr;
}

}  // namespace kubevigil
