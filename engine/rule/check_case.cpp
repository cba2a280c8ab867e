#include "engine/rule/check_case.h"

#include <algorithm>
#include <array>

namespace kubevigil {
namespace {

constexpr std::array kNameFields = {
    FieldId::UserUsername,
    FieldId::UserGroups,
    FieldId::ImpersonatedUsername,
    FieldId::ImpersonatedGroups,
    FieldId::EffectiveUsername,
    FieldId::EffectiveGroups,
    FieldId::ServiceAccountNamespace,
    FieldId::ServiceAccountName,
    FieldId::ObjectNamespace,
    FieldId::ObjectName,
    FieldId::CallerNamespace,
    FieldId::CallerPod,
    FieldId::TargetPod,
    FieldId::AuthzBinding,
    FieldId::AuthzRole,
    FieldId::WrittenBinding,
    FieldId::WrittenSubjects,
};
constexpr std::array<std::string_view, 3> kNameKeys = {"image", "name", "namespace"};

bool holds_name(const FieldRef& field) {
  if (std::find(kNameFields.begin(), kNameFields.end(), field.id) != kNameFields.end()) return true;
  return !field.path.empty() && std::find(kNameKeys.begin(), kNameKeys.end(), field.path.back().key) != kNameKeys.end();
}

bool folds_case(const Test& test) {
  switch (test.op) {
    case TestOp::Equals:
    case TestOp::Contains:
    case TestOp::StartsWith:
    case TestOp::EndsWith:
    case TestOp::Glob:
      break;
    case TestOp::Regex:
      return test.regex_flags.find('i') != std::string::npos;
    default:
      return false;
  }
  // Case matters only where there are letters, and not for the empty text or a lone wildcard.
  return !test.cased && std::any_of(test.patterns.begin(), test.patterns.end(), [](const Pattern& p) {
    return std::any_of(p.text.begin(), p.text.end(), [](char c) { return c >= 'a' && c <= 'z'; });
  });
}

void walk(const Expr& expr, bool negated, const FieldRef* array, RuleContext& context) {
  if (expr.kind == Expr::Kind::Test) {
    const bool element_itself = expr.test.field.id == FieldId::Element && expr.test.field.path.empty();
    const FieldRef& field = element_itself && array != nullptr ? *array : expr.test.field;
    if (!negated || !holds_name(field) || !folds_case(expr.test)) return;
    for (const Diagnostic& d : context.diagnostics().entries()) {
      const bool same_place = d.span.line == expr.span.line && d.span.column == expr.span.column;
      if (d.code == "uncased-exception" && same_place) return;
    }
    context.diagnostics().add({context.draft.meta.builtin ? Severity::Error : Severity::Note,
                               "uncased-exception",
                               "this exception compares " + to_text(field) + " without case",
                               "add `|cased`: " + std::string("names that differ in case are different names"),
                               expr.span,
                               {}});
    return;
  }
  const bool flips =
      expr.kind == Expr::Kind::Not || (expr.kind == Expr::Kind::Element && expr.quantifier == Quantifier::None);
  const FieldRef* inner = expr.kind == Expr::Kind::Element ? &expr.array : array;
  for (const Expr& child : expr.children) walk(child, negated != flips, inner, context);
}

}  // namespace

void check_case(const Expr& expr, bool negated, RuleContext& context) { walk(expr, negated, nullptr, context); }

}  // namespace kubevigil
