#include "engine/run/cell_judge.h"

#include <algorithm>
#include <array>
#include <utility>

namespace kubevigil {
namespace {

constexpr std::array kLevels = {AuditLevel::Metadata, AuditLevel::Request, AuditLevel::RequestResponse};
constexpr TruthRange kFree = {true, true, true};
constexpr TruthRange kUnknown = {false, true, false};

bool is_decided(const Test& test) {
  const bool by_op = test.op == TestOp::Equals || test.op == TestOp::StartsWith || test.op == TestOp::Null ||
                     test.op == TestOp::Exists || test.op == TestOp::EqualsField;
  if (!by_op || !is_decided_by_request(test.field.id)) return false;
  return std::all_of(test.patterns.begin(), test.patterns.end(),
                     [](const Pattern& pattern) { return !pattern.field || is_decided_by_request(pattern.field->id); });
}

bool is_of_target(const Test& test) {
  return test.op != TestOp::EqualsField &&
         (test.field.id == FieldId::Verb || test.field.id == FieldId::Resource ||
          test.field.id == FieldId::ObjectResource || test.field.id == FieldId::ObjectSubresource ||
          test.field.id == FieldId::ObjectApiGroup);
}

std::string name_of(const PolicyCell& sample) {
  const PolicyTarget& t = *sample.target;
  std::string name;
  for (const std::string_view part : {sample.verb, std::string_view(t.group), std::string_view(t.resource),
                                      std::string_view(t.subresource), std::string_view(t.path)}) {
    name.append(part).push_back('\n');
  }
  return name;
}

// Derived, and not by what the cells tell apart.
bool is_made(const FieldRef& field) {
  return field_info(field.id).origin == FieldOrigin::Derived && !is_decided_by_request(field.id);
}

}  // namespace

const std::string& SampleRecords::of(const PolicyCell& sample, AuditLevel level) {
  const PolicyTarget& t = *sample.target;
  std::string key;
  for (const std::string_view part : {sample.verb, std::string_view(t.group), std::string_view(t.resource),
                                      std::string_view(t.subresource), std::string_view(t.path), to_text(level)}) {
    key.append(part).push_back('\n');
  }
  const auto [at, is_new] = records_.try_emplace(std::move(key));
  if (is_new) at->second = event_of(sample, level);
  return at->second;
}

CellJudge::CellJudge(const Expr& condition, const DerivedConfig& config, SampleRecords& samples)
    : condition_(condition), samples_(samples), plain_(config), with_body_(config) {
  compile(condition_);
  evaluator_.emplace(code_, plain_.fields(), counters_);
}

void CellJudge::CellEvent::read(std::string record) {
  record_ = std::move(record);
  const size_t size = record_.size();
  record_.append(kRecordPadding, ' ');
  const auto read = reader_.read(std::string_view(record_).substr(0, size), {}, event_);
  if (!read) event_.clear();
  fields_.begin(event_);
}

std::string CellJudge::record_of(AuditLevel level) {
  return target_only_ ? samples_.of(*cell_, level) : event_of(*cell_, level);
}

void CellJudge::begin(const PolicyCell& cell, bool target_only) {
  target_only_ = target_only;
  cell_ = &cell;
  plain_.read(record_of(AuditLevel::Metadata));
  body_read_ = false;
  evaluator_->begin_event();
}

std::optional<AuditLevel> CellJudge::least_level() {
  for (const AuditLevel level : kLevels) {
    if (range(condition_, level).can_be_true) return level;
  }
  return std::nullopt;
}

std::optional<std::string> CellJudge::kind_of(const PolicyCell& sample) {
  begin(sample, true);
  if (!range(condition_, AuditLevel::RequestResponse).can_be_true) return std::nullopt;
  std::string kind(1, sample.target->is_resource ? 'r' : 'p');
  for (const uint32_t node : target_nodes_) kind.push_back(static_cast<char>('0' + int(evaluator_->evaluate(node))));
  if (mixes_target_) kind += name_of(sample);
  return kind;
}

std::optional<AuditLevel> CellJudge::needed_for_target(const PolicyCell& cell) {
  begin(cell, true);
  return least_level();
}

std::optional<AuditLevel> CellJudge::needed(const PolicyCell& cell) {
  begin(cell, false);
  return least_level();
}

void CellJudge::compile(const Expr& expr) {
  note_mixing(expr);
  if (expr.kind == Expr::Kind::Test && is_decided(expr.test)) {
    nodes_[&expr] = code_.add(expr);
    if (is_of_target(expr.test)) target_nodes_.push_back(nodes_[&expr]);
  }
  if (expr.kind == Expr::Kind::Element) return;
  for (const Expr& child : expr.children) compile(child);
}

bool CellJudge::needs_more(AuditLevel level, const FieldRef& field, bool array) {
  return level < AuditLevel::RequestResponse && level_for(field, array) > level;
}

void CellJudge::note_mixing(const Expr& expr) {
  if (expr.kind == Expr::Kind::Element) mixes_target_ = mixes_target_ || is_made(expr.array);
  if (expr.kind != Expr::Kind::Test) return;
  mixes_target_ = mixes_target_ || is_made(expr.test.field);
  for (const Pattern& pattern : expr.test.patterns) mixes_target_ = mixes_target_ || pattern.field.has_value();
}

AuditLevel CellJudge::level_for(const FieldRef& field, bool array) {
  if (reads_only_envelope(field) || field.id == FieldId::Keywords) return AuditLevel::Metadata;
  const auto is_unknown = [&](CellEvent& event) {
    return (array ? event.fields().elements(field).presence : event.fields().values(field).presence) ==
           Presence::Unknown;
  };
  if (!is_unknown(plain_)) return AuditLevel::Metadata;
  if (!body_read_) with_body_.read(record_of(AuditLevel::Request));
  body_read_ = true;
  return is_unknown(with_body_) ? AuditLevel::RequestResponse : AuditLevel::Request;
}

TruthRange CellJudge::range_of_test(const Expr& expr, AuditLevel level) {
  if (const auto node = nodes_.find(&expr); node != nodes_.end()) {
    if (target_only_ && !is_of_target(expr.test)) return kFree;
    const Truth truth = evaluator_->evaluate(node->second);
    return {truth == Truth::False, truth == Truth::Unknown, truth == Truth::True};
  }
  if (needs_more(level, expr.test.field, false)) return kUnknown;
  for (const Pattern& pattern : expr.test.patterns) {
    if (pattern.field && needs_more(level, *pattern.field, false)) return kUnknown;
  }
  return kFree;
}

// As truth_range(), with what the cell decides.
TruthRange CellJudge::range(const Expr& expr, AuditLevel level) {
  switch (expr.kind) {
    case Expr::Kind::Test:
      return range_of_test(expr, level);
    case Expr::Kind::Element:
      return needs_more(level, expr.array, true) ? kUnknown : kFree;
    case Expr::Kind::Not: {
      TruthRange r = range(expr.children.front(), level);
      std::swap(r.can_be_false, r.can_be_true);
      return r;
    }
    case Expr::Kind::All:
    case Expr::Kind::Any: {
      // Only "can it be true" and "can it be false" are asked for; Unknown may be said too often.
      const bool all = expr.kind == Expr::Kind::All;
      TruthRange out{!all, true, all};
      for (const Expr& child : expr.children) {
        const TruthRange r = range(child, level);
        out.can_be_true = all ? out.can_be_true && r.can_be_true : out.can_be_true || r.can_be_true;
        out.can_be_false = all ? out.can_be_false || r.can_be_false : out.can_be_false && r.can_be_false;
      }
      return out;
    }
    case Expr::Kind::Constant:
      return truth_range(expr);
  }
  return kFree;
}

}  // namespace kubevigil
