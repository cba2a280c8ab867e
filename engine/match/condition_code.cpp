#include "engine/match/condition_code.h"

#include <algorithm>

namespace kubevigil {
namespace {

// One text per (test, polarity): tests with the same text are one test.
std::string test_key(const Test& test, bool negated) { return (negated ? "-" : "+") + to_text(Expr::of(test)); }

// Relative and absolute names live in different spaces.
std::string field_key(const FieldRef& field) { return (field.id == FieldId::Element ? "." : "") + to_text(field); }

}  // namespace

bool reads_only_envelope(const FieldRef& field) {
  const FieldInfo& info = field_info(field.id);
  if (info.origin == FieldOrigin::Envelope) return true;
  if (info.origin != FieldOrigin::Derived || info.needs_request_body) return false;
  switch (field.id) {
    case FieldId::TargetPod:           // generateName: the response has the name
    case FieldId::IssuedCredentialId:  // of the response
    case FieldId::RequestDryRun:       // delete options stand in the body
    case FieldId::TargetAccount:
    case FieldId::WrittenBinding:
    case FieldId::WrittenRole:
    case FieldId::WrittenSubjects:
    case FieldId::RbacRules:
    case FieldId::CsrSubject:
    case FieldId::PodSpec:
    case FieldId::HostPaths:
    case FieldId::ImageRepositories:
    case FieldId::ImageRegistries:
    case FieldId::WorkloadKind:  // the owner stands in the body
    case FieldId::WorkloadName:
    case FieldId::BodyDefect:
      return false;  // known for sure only after the body was walked
    default:
      return true;
  }
}

uint32_t ConditionCode::add(const Expr& condition) { return add_node(condition, false); }

uint32_t ConditionCode::add_field(const FieldRef& field) {
  const auto [entry, fresh] = field_index_.emplace(field_key(field), static_cast<uint32_t>(fields_.size()));
  if (fresh) {
    const bool relative = field.id == FieldId::Element;
    fields_.push_back({field, relative, !relative && reads_only_envelope(field), FieldCode::kNotIndexed});
  }
  return entry->second;
}

uint32_t ConditionCode::add_test(const Test& test, bool negated) {
  std::string key = test_key(test, negated);
  if (const auto known = test_index_.find(key); known != test_index_.end()) return known->second;
  std::shared_ptr<const PatternSet>& patterns = patterns_[TestMatcher::patterns_key(test)];
  if (!patterns) patterns = TestMatcher::patterns_of(test);
  TestCode code{TestMatcher(test, patterns), add_field(test.field), {}, negated, test.field.id == FieldId::Element};
  if (test.op == TestOp::EqualsField) {
    for (const Pattern& pattern : test.patterns) {
      code.others.push_back(add_field(pattern.field.value_or(FieldRef{})));
      code.relative = code.relative || fields_[code.others.back()].relative;
    }
  }
  if (remembers(code)) {
    code.memo = memo_numbers_.try_emplace(patterns.get(), static_cast<uint32_t>(memo_numbers_.size())).first->second;
  }
  const auto index = static_cast<uint32_t>(tests_.size());
  tests_.push_back(std::move(code));
  test_index_.emplace(std::move(key), index);
  return index;
}

// Texts of bodies that come again. The envelope is judged once for each of its values anyhow (field_groups.h), and
// keywords are texts of all sorts.
bool ConditionCode::remembers(const TestCode& test) const {
  const FieldCode& field = fields_[test.field];
  return test.others.empty() && !field.envelope && field.field.id != FieldId::Keywords &&
         test.matcher.patterns().is_dear();
}

uint32_t ConditionCode::add_node(const Expr& expr, bool negated) {
  NodeCode node;
  node.kind = expr.kind;
  node.constant = expr.constant;
  node.quantifier = expr.quantifier;
  node.negated = negated;
  if (expr.kind == Expr::Kind::Test) node.index = add_test(expr.test, negated);
  if (expr.kind == Expr::Kind::Element) node.index = add_field(expr.array);
  const bool flips =
      expr.kind == Expr::Kind::Not || (expr.kind == Expr::Kind::Element && expr.quantifier == Quantifier::None);
  std::vector<uint32_t> children;
  for (const Expr& child : expr.children) children.push_back(add_node(child, negated != flips));
  node.first = static_cast<uint32_t>(children_.size());
  node.count = static_cast<uint32_t>(children.size());
  children_.insert(children_.end(), children.begin(), children.end());
  nodes_.push_back(node);
  return static_cast<uint32_t>(nodes_.size() - 1);
}

Parts ConditionCode::parts_of(const FieldCode& field) const {
  if (field.relative) return kEveryPart;  // the block around it says
  const Parts index = field.index == FieldCode::kNotIndexed ? 0 : index_part(field.index);
  return 1 | (field.envelope ? kEnvelopePart : 0) | index;
}

Parts ConditionCode::parts_of(const NodeCode& node) const {
  switch (node.kind) {
    case Expr::Kind::Constant:
      return kEveryPart;  // may decide
    case Expr::Kind::Test:
      return tests_[node.index].relative ? kEveryPart : parts_of(fields_[tests_[node.index].field]);
    case Expr::Kind::Element:
      return parts_of(fields_[node.index]);
    default:
      break;
  }
  Parts parts = 0;
  for (uint32_t i = 0; i < node.count; ++i) parts |= nodes_[child(node, i)].parts;
  return node.count == 0 ? kEveryPart : parts;
}

void ConditionCode::note_parts() {
  for (NodeCode& node : nodes_) node.parts = parts_of(node);  // children stand before their node
}

void ConditionCode::collect_fields(uint32_t index, std::vector<uint32_t>& out) const {
  const NodeCode& node = nodes_[index];
  if (node.kind == Expr::Kind::Test) {
    out.push_back(tests_[node.index].field);
    out.insert(out.end(), tests_[node.index].others.begin(), tests_[node.index].others.end());
  }
  if (node.kind == Expr::Kind::Element) out.push_back(node.index);
  for (uint32_t i = 0; i < node.count; ++i) collect_fields(child(node, i), out);
}

std::vector<uint32_t> ConditionCode::fields_of(uint32_t root) const {
  std::vector<uint32_t> found;
  collect_fields(root, found);
  std::erase_if(found, [&](uint32_t f) { return fields_[f].relative; });
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

}  // namespace kubevigil
