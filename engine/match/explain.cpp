#include "engine/match/explain.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/match/evaluator.h"
#include "engine/match/program_code.h"

namespace kubevigil {
namespace {

constexpr size_t kShownValues = 16;    // of one field
constexpr size_t kShownElements = 16;  // of one array

std::string_view block_text(Quantifier quantifier) {
  switch (quantifier) {
    case Quantifier::Any:
      return "some element of";
    case Quantifier::Every:
      return "every element of";
    case Quantifier::EveryOrEmpty:
      return "every element (or none) of";
    case Quantifier::None:
      return "no element of";
  }
  return "";
}

// The part of an event that a field comes from: what is missing when the field is unknown.
std::string_view body_of(const FieldRef& field) {
  switch (field.id) {
    case FieldId::ResponseObject:
    case FieldId::TargetPod:
    case FieldId::IssuedCredentialId:
      return "responseObject";
    case FieldId::Keywords:
      return "a body";
    default:
      return "requestObject";
  }
}

// A node holds when its truth is what the polarity asks for; those below it that made it so are decisive. That an
// exception (filters.cpp labels it) did not apply is no reason for an alert.
bool may_decide(const Explanation& node, Truth wanted) {
  return node.truth == wanted && !node.label.starts_with("filter ");
}

bool flips(const Explanation& node) {
  return node.kind == Expr::Kind::Not || (node.kind == Expr::Kind::Element && node.quantifier == Quantifier::None);
}

// Walks the condition and its compiled form side by side; both have the same shape.
class Explainer {
 public:
  Explainer(const ConditionCode& code, FieldLookup& fields)
      : code_(code), fields_(fields), evaluator_(code, fields, counters_) {}

  Truth truth(uint32_t index) { return evaluator_.evaluate(index); }

  // `decisive`: what collect_decisive() leaves out is left without texts and children.
  Explanation explain(const Expr& expr, uint32_t index, const ArrayElement* element, std::optional<Truth> decisive) {
    Explanation out;
    out.kind = expr.kind;
    out.quantifier = expr.quantifier;
    out.negated = code_.node(index).negated;
    out.truth = evaluator_.evaluate(index, {}, element);
    out.label = expr.label;
    if (decisive && !may_decide(out, *decisive)) return out;
    if (decisive && flips(out)) decisive = negate(*decisive);
    switch (expr.kind) {
      case Expr::Kind::Constant:
        out.text = fmt::format("always {}", to_text(expr.constant));
        break;
      case Expr::Kind::Not:
        out.text = "not";
        break;
      case Expr::Kind::All:
        out.text = "all of";
        break;
      case Expr::Kind::Any:
        out.text = "any of";
        break;
      case Expr::Kind::Test:
        explain_test(expr, index, element, out);
        break;
      case Expr::Kind::Element:
        explain_block(expr, index, element, decisive, out);
        return out;
    }
    for (uint32_t i = 0; i < expr.children.size(); ++i) {
      out.children.push_back(explain(expr.children[i], code_.child(code_.node(index), i), element, decisive));
    }
    return out;
  }

 private:
  void explain_test(const Expr& expr, uint32_t index, const ArrayElement* element, Explanation& out) {
    const TestCode& test = code_.tests()[code_.node(index).index];
    out.text = to_text(expr);
    out.field = to_text(expr.test.field);
    const FieldValues values = evaluator_.values(test.field, element);
    add_values(values, out);
    if (out.truth != Truth::Unknown) return;
    out.reason = reason(expr.test.field, values.presence);
    for (size_t i = 0; i < test.others.size() && out.reason.empty(); ++i) {
      const FieldRef& other = code_.fields()[test.others[i]].field;
      out.reason = reason(other, evaluator_.values(test.others[i], element).presence);
    }
    if (out.reason.empty()) out.reason = "a pattern of the rule does not compile";
  }

  void explain_block(const Expr& expr, uint32_t index, const ArrayElement* element, std::optional<Truth> decisive,
                     Explanation& out) {
    const NodeCode& node = code_.node(index);
    const ArrayValues array = evaluator_.elements(node.index, element);
    out.text = fmt::format("{} {} ({} element{})", block_text(expr.quantifier), to_text(expr.array),
                           array.elements.size(), array.elements.size() == 1 ? "" : "s");
    out.field = to_text(expr.array);
    if (out.truth == Truth::Unknown) out.reason = reason(expr.array, array.presence);
    // Copied: explaining an element may ask for further elements.
    const std::vector<ArrayElement> items(array.elements.begin(), array.elements.end());
    for (size_t i = 0; i < items.size() && i < kShownElements; ++i) {
      Explanation child = explain(expr.children.front(), code_.child(node, 0), &items[i], decisive);
      child.label = fmt::format("[{}]", i);
      out.children.push_back(std::move(child));
    }
  }

  void add_values(const FieldValues& values, Explanation& out) {
    for (const Value& value : values.values) {
      if (out.values.size() == kShownValues) return;
      out.values.emplace_back(value.type == ValueType::Null ? std::string_view("null") : value.text);
    }
  }

  std::string reason(const FieldRef& field, Presence presence) {
    if (presence == Presence::Partial) return "the body is a patch that does not name this field";
    if (presence == Presence::Open) return "the body is a patch, and the object may have more elements than it shows";
    if (presence != Presence::Unknown) return {};
    const bool response = field.id == FieldId::ResponseObject;
    const BodyDefect defect = fields_.defect(response ? FieldId::ResponseObject : FieldId::RequestObject);
    if (defect == BodyDefect::Values) return "there are more values than were read (body.defect values)";
    if (defect != BodyDefect::None) {
      return fmt::format("{} cannot be read (body.defect {})", body_of(field), to_text(defect));
    }
    const FieldValues level = fields_.values(FieldRef{FieldId::Level, {}});
    const std::string_view name = level.values.empty() ? std::string_view("unknown") : level.values.front().text;
    return fmt::format("{} is not in the event (level {})", body_of(field), name);
  }

  const ConditionCode& code_;
  FieldLookup& fields_;
  MatchCounters counters_;
  Evaluator evaluator_;
};

void collect_decisive(const Explanation& node, Truth wanted, std::vector<const Explanation*>& out) {
  if (!may_decide(node, wanted)) return;
  if (node.children.empty()) {
    if (!node.field.empty()) out.push_back(&node);
    return;
  }
  for (const Explanation& child : node.children) collect_decisive(child, flips(node) ? negate(wanted) : wanted, out);
}

}  // namespace

Explanation explain(const Expr& condition, FieldLookup& fields) {
  ConditionCode code;
  const uint32_t root = code.add(condition);
  return Explainer(code, fields).explain(condition, root, nullptr, std::nullopt);
}

struct RuleExplainer::State {
  State(const Program& p, FieldLookup& fields) : program(p), explainer(p.code().conditions, fields) {}
  const Program& program;
  Explainer explainer;
};

RuleExplainer::RuleExplainer(const Program& program, FieldLookup& fields)
    : state_(std::make_unique<State>(program, fields)) {}
RuleExplainer::~RuleExplainer() = default;

std::optional<Explanation> RuleExplainer::explain_if_true(uint32_t rule) {
  const auto& detections = state_->program.code().detections;  // in the order of rules, without those that are dead
  const auto found = std::lower_bound(detections.begin(), detections.end(), rule,
                                      [](const DetectionCode& d, uint32_t wanted) { return d.rule < wanted; });
  if (found == detections.end() || found->rule != rule) return std::nullopt;
  if (state_->explainer.truth(found->root) != Truth::True) return std::nullopt;
  const Expr& condition = state_->program.rules().rules[rule].detection().condition;
  return state_->explainer.explain(condition, found->root, nullptr, Truth::True);
}

std::vector<const Explanation*> decisive_tests(const Explanation& root) {
  std::vector<const Explanation*> out;
  if (root.truth == Truth::True) collect_decisive(root, Truth::True, out);
  return out;
}

}  // namespace kubevigil
