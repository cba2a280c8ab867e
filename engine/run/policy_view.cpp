#include "engine/run/policy_view.h"

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <optional>

#include "engine/event/event_reader.h"
#include "engine/match/evaluator.h"
#include "engine/rule/truth_range.h"
#include "engine/run/policy_cells.h"

namespace kubevigil {
namespace {

constexpr std::array kLevels = {AuditLevel::Metadata, AuditLevel::Request, AuditLevel::RequestResponse};

// An event of a cell with its fields.
class CellEvent {
 public:
  explicit CellEvent(const DerivedConfig& config) : fields_(config) {}

  void read(const PolicyCell& cell, AuditLevel level) {
    record_ = event_of(cell, level);
    const size_t size = record_.size();
    record_.append(kRecordPadding, ' ');
    const auto read = reader_.read(std::string_view(record_).substr(0, size), {}, event_);
    if (!read) event_.clear();
    fields_.begin(event_);
  }
  FieldLookup& fields() { return fields_; }
  const Event& event() const { return event_; }

 private:
  std::string record_;
  EventReader reader_;
  Event event_;
  FieldLookup fields_;
};

// The outcomes that a condition can have for one cell at a level.
class CellJudge {
 public:
  CellJudge(const Expr& condition, const DerivedConfig& config)
      : condition_(condition), plain_(config), with_body_(config) {}

  // Before the first cell: all decided tests are compiled.
  void compile() { compile(condition_); }

  // The tests that read only these fields of the cell count; others stay free.
  enum class Known : uint8_t { Target, All };

  // The least level at which the condition can be true; nothing when it cannot at any.
  std::optional<AuditLevel> needed(const PolicyCell& cell, Known known) {
    known_ = known;
    plain_.read(cell, AuditLevel::Metadata);
    body_read_ = false;
    cell_ = &cell;
    evaluator_->begin_event();
    if (known == Known::Target) {
      return range(condition_, AuditLevel::RequestResponse).can_be_true ? std::optional(AuditLevel::RequestResponse)
                                                                        : std::nullopt;
    }
    for (const AuditLevel level : kLevels) {
      if (range(condition_, level).can_be_true) return level;
    }
    return std::nullopt;
  }

 private:
  static constexpr TruthRange kFree = {true, true, true};
  static constexpr TruthRange kUnknown = {false, true, false};

  bool is_decided(const Test& test) const {
    const bool by_op = test.op == TestOp::Equals || test.op == TestOp::StartsWith || test.op == TestOp::Null ||
                       test.op == TestOp::Exists || test.op == TestOp::EqualsField;
    if (!by_op || !is_decided_by_request(test.field.id)) return false;
    return std::all_of(test.patterns.begin(), test.patterns.end(), [](const Pattern& pattern) {
      return !pattern.field || is_decided_by_request(pattern.field->id);
    });
  }

  static bool is_of_target(const Test& test) {
    return test.op != TestOp::EqualsField &&
           (test.field.id == FieldId::Verb || test.field.id == FieldId::Resource ||
            test.field.id == FieldId::ObjectResource || test.field.id == FieldId::ObjectSubresource ||
            test.field.id == FieldId::ObjectApiGroup);
  }

  void compile(const Expr& expr) {
    if (expr.kind == Expr::Kind::Test && is_decided(expr.test)) nodes_[&expr] = code_.add(expr);
    if (expr.kind == Expr::Kind::Element) return;
    for (const Expr& child : expr.children) compile(child);
    if (&expr == &condition_) evaluator_.emplace(code_, plain_.fields(), counters_);
  }

  AuditLevel level_for(const FieldRef& field, bool array) {
    if (reads_only_envelope(field) || field.id == FieldId::Keywords) return AuditLevel::Metadata;
    const auto is_unknown = [&](CellEvent& event) {
      return (array ? event.fields().elements(field).presence : event.fields().values(field).presence) ==
             Presence::Unknown;
    };
    if (!is_unknown(plain_)) return AuditLevel::Metadata;
    if (!body_read_) with_body_.read(*cell_, AuditLevel::Request);
    body_read_ = true;
    return is_unknown(with_body_) ? AuditLevel::RequestResponse : AuditLevel::Request;
  }

  TruthRange range_of_test(const Expr& expr, AuditLevel level) {
    if (const auto node = nodes_.find(&expr); node != nodes_.end()) {
      if (known_ == Known::Target && !is_of_target(expr.test)) return kFree;
      const Truth truth = evaluator_->evaluate(node->second);
      return {truth == Truth::False, truth == Truth::Unknown, truth == Truth::True};
    }
    if (level_for(expr.test.field, false) > level) return kUnknown;
    for (const Pattern& pattern : expr.test.patterns) {
      if (pattern.field && level_for(*pattern.field, false) > level) return kUnknown;
    }
    return kFree;
  }

  // As truth_range(), with what the cell decides.
  TruthRange range(const Expr& expr, AuditLevel level) {
    switch (expr.kind) {
      case Expr::Kind::Test:
        return range_of_test(expr, level);
      case Expr::Kind::Element:
        return level_for(expr.array, true) > level ? kUnknown : kFree;
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

  const Expr& condition_;
  CellEvent plain_, with_body_;
  bool body_read_ = false;
  const PolicyCell* cell_ = nullptr;
  Known known_ = Known::All;
  ConditionCode code_;
  MatchCounters counters_;
  std::map<const Expr*, uint32_t> nodes_;
  std::optional<Evaluator> evaluator_;
};

// A rule that names no stage sees a request at its first stage with a response, or at its end.
bool loses_stage(const PolicyCell& cell, bool names_stage, AuditStages omitted) {
  if (names_stage) return has(omitted, parse_audit_stage(cell.stage).value_or(AuditStage::ResponseComplete));
  if (!has(omitted, AuditStage::ResponseComplete)) return false;
  const std::string& part = cell.target->subresource;
  const bool is_long = cell.verb == "watch" || part == "exec" || part == "attach" || part == "portforward" ||
                       part == "proxy" || part == "log";
  return !is_long || has(omitted, AuditStage::ResponseStarted);
}

class DetectionView {
 public:
  DetectionView(const Detection& detection, const DerivedConfig& config, const AuditPolicy& policy)
      : detection_(detection), policy_(policy), cells_(detection, policy), judge_(detection.condition, config) {
    judge_.compile();
  }

  RuleSight run() {
    for (const PolicyTarget& target : cells_.targets()) {
      for (const std::string_view verb : verbs_of(target)) {
        const PolicyCell sample = PolicyCells::sample(target, verb);
        if (!judge_.needed(sample, CellJudge::Known::Target)) continue;
        needed_by_look_.clear();
        for (const PolicyCell& cell : cells_.cells(target, verb)) try_cell(cell);
      }
    }
    RuleSight sight;
    sight.needed = needed_.value_or(AuditLevel::Metadata);
    sight.sight = lost_.empty() ? Sight::Whole : seen_ == 0 ? Sight::Blind : Sight::Part;
    for (auto& [key, lost] : lost_) sight.lost.push_back(std::move(lost));
    return sight;
  }

 private:
  void try_cell(const PolicyCell& cell) {
    const auto [at, is_new] = needed_by_look_.try_emplace(cells_.look_of(cell));
    if (is_new) at->second = judge_.needed(cell, CellJudge::Known::All);
    const std::optional<AuditLevel> needed = at->second;
    if (!needed) return;
    needed_ = std::min(*needed, needed_.value_or(*needed));
    const PolicyDecision decision = decide(policy_, request_of(cell));
    const bool stage = decision.level >= *needed && loses_stage(cell, detection_.names_stage, decision.omit_stages);
    if (decision.level >= *needed && !stage) {
      ++seen_;
      return;
    }
    LostRequests& lost = lost_[{decision.rule, decision.level, *needed, stage}];
    if (lost.requests++ == 0) lost = {decision.rule, decision.level, *needed, stage, 1, to_text(cell)};
  }

  const Detection& detection_;
  const AuditPolicy& policy_;
  PolicyCells cells_;
  CellJudge judge_;
  std::map<std::string, std::optional<AuditLevel>> needed_by_look_;
  size_t seen_ = 0;
  std::optional<AuditLevel> needed_;
  std::map<std::tuple<size_t, AuditLevel, AuditLevel, bool>, LostRequests> lost_;
};

RuleSight sight_of(const Correlation& correlation, const std::map<uint32_t, RuleSight>& known) {
  const bool needs_all =
      correlation.type == CorrelationType::Temporal || correlation.type == CorrelationType::TemporalOrdered;
  RuleSight sight;
  std::optional<AuditLevel> needed;
  size_t members = 0, blind = 0;
  for (const CorrelationInput& input : correlation.inputs) {
    const auto at = known.find(input.rule);
    if (at == known.end()) continue;
    if (at->second.sight != Sight::Whole) sight.lacking.push_back(input.rule);
    if (input.role != CorrelationInput::Role::Member) continue;
    ++members;
    blind += at->second.sight == Sight::Blind ? 1 : 0;
    const AuditLevel level = at->second.needed;
    needed = !needed ? level : needs_all ? std::max(*needed, level) : std::min(*needed, level);
  }
  sight.needed = needed.value_or(AuditLevel::Metadata);
  const bool is_blind = needs_all ? blind > 0 : members > 0 && blind == members;
  sight.sight = is_blind ? Sight::Blind : sight.lacking.empty() ? Sight::Whole : Sight::Part;
  return sight;
}

}  // namespace

std::string_view to_text(Sight sight) {
  constexpr std::array<std::string_view, 3> kNames = {"whole", "part", "blind"};
  return kNames[static_cast<size_t>(sight)];
}

std::vector<RuleSight> rule_sights(const RuleSet& rules, const AuditPolicy& policy) {
  std::map<uint32_t, RuleSight> sights;
  for (uint32_t i = 0; i < rules.rules.size(); ++i) {
    const Rule& rule = rules.rules[i];
    if (!rule.dead.empty()) continue;
    RuleSight sight = rule.is_detection() ? DetectionView(rule.detection(), rules.derived, policy).run()
                                          : sight_of(rule.correlation(), sights);
    sight.rule = i;
    sights[i] = std::move(sight);
  }
  std::vector<RuleSight> out;
  for (auto& [index, sight] : sights) out.push_back(std::move(sight));
  return out;
}

}  // namespace kubevigil
