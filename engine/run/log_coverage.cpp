#include "engine/run/log_coverage.h"

#include <algorithm>
#include <optional>

#include "engine/run/cell_judge.h"

namespace kubevigil {
namespace {

// A kind as a request that a rule can be tried on.
struct KindCell {
  PolicyTarget target;
  std::string verb;
  SeenRequests::LevelCounts counts{};
};

std::vector<KindCell> cells_of(const SeenRequests& log) {
  std::vector<KindCell> cells;
  for (const auto& [kind, counts] : log.kinds()) {
    const auto& [verb, group, resource, subresource] = kind;
    KindCell cell{{}, verb, counts};
    cell.target.is_resource = !resource.empty();
    cell.target.group = group;
    cell.target.resource = resource;
    cell.target.subresource = subresource;
    if (resource.empty()) cell.target.path = "/";
    cells.push_back(std::move(cell));
  }
  return cells;
}

RuleCoverage coverage_of(const Detection& detection, const RuleSet& rules, const std::vector<KindCell>& cells,
                         SampleRecords& samples) {
  RuleCoverage out;
  CellJudge judge(detection.condition, rules.derived, samples);
  for (const KindCell& kind : cells) {
    const std::optional<AuditLevel> needed = judge.needed_for_target(PolicyCells::sample(kind.target, kind.verb));
    if (!needed) continue;
    out.needed = std::max(out.needed, *needed);
    for (size_t level = 0; level < kind.counts.size(); ++level) {
      out.events += kind.counts[level];
      if (level < static_cast<size_t>(*needed)) out.too_low += kind.counts[level];
    }
  }
  out.seen = out.events == 0             ? Seen::Absent
             : out.too_low == out.events ? Seen::Blind
             : out.too_low > 0           ? Seen::Part
                                         : Seen::Evaluable;
  return out;
}

bool sees_nothing(Seen seen) { return seen == Seen::Blind || seen == Seen::Absent; }

// Of sequences the worst member decides, of all others the best one: they can count what that one sees.
Seen seen_of_members(const std::vector<Seen>& members, bool needs_all) {
  if (members.empty()) return Seen::Absent;
  const auto [best, worst] = std::minmax_element(members.begin(), members.end());
  if (needs_all) return *worst;
  if (sees_nothing(*best)) return *best;
  const bool part =
      std::any_of(members.begin(), members.end(), [](Seen s) { return s == Seen::Part || s == Seen::Blind; });
  return part ? Seen::Part : *best;
}

RuleCoverage coverage_of(const Correlation& correlation, const std::vector<RuleCoverage>& known, Duration log) {
  RuleCoverage out;
  std::vector<Seen> members;
  for (const CorrelationInput& input : correlation.inputs) {
    const RuleCoverage& read = known[input.rule];
    if (read.seen != Seen::Evaluable) out.lacking.push_back(input.rule);
    if (input.role != CorrelationInput::Role::Member) continue;
    members.push_back(read.seen);
    out.events += read.events;
    out.too_low += read.too_low;
    out.needed = std::max(out.needed, read.needed);
    out.learns = std::max(out.learns, read.learns);
  }
  const bool needs_all =
      correlation.type == CorrelationType::Temporal || correlation.type == CorrelationType::TemporalOrdered;
  out.seen = seen_of_members(members, needs_all);
  out.learns = std::max(out.learns, correlation.new_value.learn);
  if (out.seen == Seen::Evaluable && out.learns > log) out.seen = Seen::Learning;
  return out;
}

}  // namespace

std::string_view to_text(Seen seen) {
  constexpr std::array<std::string_view, 5> kNames = {"evaluable", "learning", "part", "blind", "absent"};
  return kNames[static_cast<size_t>(seen)];
}

void SeenRequests::add(const Event& event) {
  ++events_;
  const Timestamp time = event.time;
  auto times = times_.find(event.cluster);
  if (times == times_.end() && times_.size() < kMostKinds) {
    times = times_.emplace(std::string(event.cluster), std::pair(time, time)).first;
  }
  if (times != times_.end()) {
    times->second = {std::min(times->second.first, time), std::max(times->second.second, time)};
  }
  const std::string_view resource = event.text(FieldId::ObjectResource);
  Kind kind(event.text(FieldId::Verb), event.text(FieldId::ObjectApiGroup), resource,
            event.text(FieldId::ObjectSubresource));
  auto at = kinds_.find(kind);
  if (at == kinds_.end() && kinds_.size() >= kMostKinds) {
    ++left_out_;
    return;
  }
  if (at == kinds_.end()) at = kinds_.emplace(std::move(kind), LevelCounts{}).first;
  const AuditLevel level = parse_audit_level(event.text(FieldId::Level)).value_or(AuditLevel::Metadata);
  ++at->second[static_cast<size_t>(level)];
}

Duration SeenRequests::longest() const {
  Duration longest{};
  for (const auto& [cluster, times] : times_) longest = std::max(longest, times.second - times.first);
  return longest;
}

std::vector<RuleCoverage> coverage_in(const SeenRequests& log, const RuleSet& rules) {
  const std::vector<KindCell> cells = cells_of(log);
  const Duration length = log.longest();
  std::vector<RuleCoverage> all(rules.rules.size());
  std::vector<RuleCoverage> out;
  SampleRecords samples;
  for (uint32_t i = 0; i < rules.rules.size(); ++i) {
    const Rule& rule = rules.rules[i];
    if (!rule.dead.empty()) {
      all[i].seen = Seen::Absent;
      continue;
    }
    all[i] = rule.is_detection() ? coverage_of(rule.detection(), rules, cells, samples)
                                 : coverage_of(rule.correlation(), all, length);
    all[i].rule = i;
    out.push_back(all[i]);
  }
  return out;
}

}  // namespace kubevigil
