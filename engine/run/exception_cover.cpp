#include "engine/run/exception_cover.h"

#include <algorithm>

#include "engine/match/program.h"

namespace kubevigil {
namespace {

constexpr std::string_view kLabel = "filter ";  // rule/filters.cpp labels them so

void add_alternatives(const Expr& expr, std::vector<const Expr*>& out) {
  if (expr.kind != Expr::Kind::Any) return out.push_back(&expr);
  for (const Expr& child : expr.children) add_alternatives(child, out);
}

void add_tuples(const Expr& part, uint32_t rule, std::vector<ExceptionTuple>& out) {
  if (!part.label.starts_with(kLabel) || part.kind != Expr::Kind::Not) return;
  std::vector<const Expr*> alternatives;
  add_alternatives(part.children.front(), alternatives);
  for (size_t i = 0; i < alternatives.size(); ++i) {
    out.push_back({rule, part.label.substr(kLabel.size()), i + 1, &part, alternatives[i]});
  }
}

}  // namespace

std::vector<ExceptionTuple> exception_tuples(const RuleSet& rules) {
  std::vector<ExceptionTuple> out;
  for (uint32_t i = 0; i < rules.rules.size(); ++i) {
    const Rule& rule = rules.rules[i];
    if (!rule.is_detection() || rule.detection().condition.kind != Expr::Kind::All) continue;
    for (const Expr& part : rule.detection().condition.children) add_tuples(part, i, out);
  }
  return out;
}

bool is_silenced_by(const ExceptionTuple& exception, const RuleSet& rules, FieldLookup& fields) {
  if (evaluate(*exception.tuple, fields) != Truth::True) return false;
  const std::vector<Expr>& parts = rules.rules[exception.rule].detection().condition.children;
  return std::all_of(parts.begin(), parts.end(), [&](const Expr& part) {
    return &part == exception.part || evaluate(part, fields) == Truth::True;
  });
}

}  // namespace kubevigil
