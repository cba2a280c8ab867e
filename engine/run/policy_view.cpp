#include "engine/run/policy_view.h"

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <optional>

#include "engine/run/cell_judge.h"
#include "engine/run/policy_cells.h"

namespace kubevigil {
namespace {

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
  DetectionView(const Detection& detection, const DerivedConfig& config, const AuditPolicy& policy,
                SampleRecords& samples)
      : detection_(detection),
        policy_(policy),
        cells_(detection, policy),
        judge_(detection.condition, config, samples) {}

  RuleSight run() {
    for (const PolicyTarget& target : cells_.targets()) {
      for (const std::string_view verb : verbs_of(target)) {
        const PolicyCell sample = PolicyCells::sample(target, verb);
        const auto kind = judge_.kind_of(sample);
        if (!kind) continue;
        needed_by_look_ = &needed_by_kind_[*kind];
        decisions_.clear();
        cells_.each(target, verb, [&](const PolicyCell& cell) { try_cell(cell); });
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
    const auto [at, is_new] = needed_by_look_->try_emplace(cells_.look_of(cell));
    if (is_new) at->second = judge_.needed(cell);
    const std::optional<AuditLevel> needed = at->second;
    if (!needed) return;
    needed_ = std::min(*needed, needed_.value_or(*needed));
    const PolicyDecision& decision = decision_on(cell);
    const bool stage = decision.level >= *needed && loses_stage(cell, detection_.names_stage, decision.omit_stages);
    if (decision.level >= *needed && !stage) {
      ++seen_;
      return;
    }
    LostRequests& lost = lost_[{decision.rule, decision.level, *needed, stage}];
    if (lost.requests++ == 0) lost = {decision.rule, decision.level, *needed, stage, 1, to_text(cell)};
  }

  // The policy asks neither whom a request acts as nor for its stage.
  const PolicyDecision& decision_on(const PolicyCell& cell) {
    const auto [at, is_new] = decisions_.try_emplace(std::tuple(cell.caller, cell.ns, cell.name));
    if (is_new) at->second = decide(policy_, request_of(cell));
    return at->second;
  }

  const Detection& detection_;
  const AuditPolicy& policy_;
  PolicyCells cells_;
  CellJudge judge_;
  using NeededByLook = std::map<PolicyCells::Look, std::optional<AuditLevel>>;
  std::map<std::string, NeededByLook> needed_by_kind_;
  NeededByLook* needed_by_look_ = nullptr;  // of the kind that is tried
  // Of one target and verb.
  std::map<std::tuple<const PolicyCaller*, std::string_view, std::string_view>, PolicyDecision> decisions_;
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
  SampleRecords samples;
  for (uint32_t i = 0; i < rules.rules.size(); ++i) {
    const Rule& rule = rules.rules[i];
    if (!rule.dead.empty()) continue;
    RuleSight sight = rule.is_detection() ? DetectionView(rule.detection(), rules.derived, policy, samples).run()
                                          : sight_of(rule.correlation(), sights);
    sight.rule = i;
    sights[i] = std::move(sight);
  }
  std::vector<RuleSight> out;
  for (auto& [index, sight] : sights) out.push_back(std::move(sight));
  return out;
}

}  // namespace kubevigil
