#include "engine/run/blind_rules.h"

#include <algorithm>

#include "engine/base/text.h"

namespace kubevigil {
namespace {

// Whether the test wants one of `verbs` and nothing else.
bool asks_for_verbs(const Test& test, std::span<const std::string_view> verbs) {
  if (test.field.id != FieldId::Verb || test.op != TestOp::Equals) return false;
  return !test.patterns.empty() && std::all_of(test.patterns.begin(), test.patterns.end(), [&](const Pattern& p) {
    return std::find(verbs.begin(), verbs.end(), folded(p.text)) != verbs.end();
  });
}

// Truth of the condition with the lacking fields absent and all others unknown; sound by Kleene's monotonicity.
Truth judge(const Expr& e, const Lacking& lacking) {
  const auto lacks = [&](FieldId id) {
    return std::find(lacking.fields.begin(), lacking.fields.end(), id) != lacking.fields.end();
  };
  switch (e.kind) {
    case Expr::Kind::Constant:
      return e.constant;
    case Expr::Kind::Test:
      if (asks_for_verbs(e.test, lacking.verbs)) return Truth::False;
      if (!lacks(e.test.field.id)) return Truth::Unknown;
      if (e.test.op == TestOp::Null) return Truth::True;
      if (e.test.op == TestOp::Exists) {
        return !e.test.patterns.empty() && e.test.patterns.front().text == "false" ? Truth::True : Truth::False;
      }
      return Truth::False;
    case Expr::Kind::Not:
      return negate(judge(e.children.front(), lacking));
    case Expr::Kind::All:
    case Expr::Kind::Any: {
      const bool all = e.kind == Expr::Kind::All;
      Truth truth = all ? Truth::True : Truth::False;
      for (const Expr& child : e.children) {
        truth = all ? std::min(truth, judge(child, lacking)) : std::max(truth, judge(child, lacking));
      }
      return truth;
    }
    case Expr::Kind::Element:
      if (!lacks(e.array.id)) return Truth::Unknown;
      return e.quantifier == Quantifier::None || e.quantifier == Quantifier::EveryOrEmpty ? Truth::True : Truth::False;
  }
  return Truth::Unknown;
}

bool is_blind_correlation(const Correlation& correlation, const std::vector<bool>& blind) {
  const bool needs_all =
      correlation.type == CorrelationType::Temporal || correlation.type == CorrelationType::TemporalOrdered;
  size_t members = 0, blind_members = 0;
  for (const CorrelationInput& input : correlation.inputs) {
    if (input.role != CorrelationInput::Role::Member) continue;
    ++members;
    blind_members += blind[input.rule] ? 1 : 0;
  }
  return needs_all ? blind_members > 0 : members > 0 && blind_members == members;
}

}  // namespace

bool is_blind(const Expr& condition, const Lacking& lacking) { return judge(condition, lacking) == Truth::False; }

std::vector<std::string> blind_rules(const RuleSet& rules, const Lacking& lacking) {
  std::vector<bool> blind(rules.rules.size());
  std::vector<std::string> names;
  for (size_t i = 0; i < rules.rules.size(); ++i) {
    const Rule& rule = rules.rules[i];
    if (!rule.dead.empty()) continue;
    blind[i] = rule.is_detection() ? is_blind(rule.detection().condition, lacking)
                                   : is_blind_correlation(rule.correlation(), blind);
    if (blind[i] && rule.alerts) names.push_back(rule.meta.name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace kubevigil
