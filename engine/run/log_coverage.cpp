#include "engine/run/log_coverage.h"

#include <algorithm>
#include <numeric>
#include <optional>

#include "engine/base/text.h"
#include "engine/run/cell_judge.h"

namespace kubevigil {
namespace {

using LevelCounts = SeenRequests::LevelCounts;

// A kind as a request that a rule can be tried on.
struct KindCell {
  PolicyTarget target;
  std::string verb;
  SeenRequests::Counts counts{};
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

uint64_t sum_of(const LevelCounts& counts, size_t end) {
  return std::accumulate(counts.begin(), counts.begin() + static_cast<std::ptrdiff_t>(end), uint64_t{0});
}

// What a condition says of an event of which only the stage is known.
Truth truth_at(const Expr& expr, std::string_view stage) {
  switch (expr.kind) {
    case Expr::Kind::Constant:
      return expr.constant;
    case Expr::Kind::Test: {
      if (expr.test.field.id != FieldId::Stage || expr.test.op != TestOp::Equals) return Truth::Unknown;
      const auto is = [&](const Pattern& pattern) { return equals_folded(pattern.text, stage); };
      return std::any_of(expr.test.patterns.begin(), expr.test.patterns.end(), is) ? Truth::True : Truth::False;
    }
    case Expr::Kind::Not:
      return negate(truth_at(expr.children.front(), stage));
    case Expr::Kind::Element:
      return Truth::Unknown;
    case Expr::Kind::All:
    case Expr::Kind::Any:
      break;
  }
  const bool all = expr.kind == Expr::Kind::All;
  Truth truth = all ? Truth::True : Truth::False;
  for (const Expr& child : expr.children) {
    const Truth part = truth_at(child, stage);
    truth = all ? std::min(truth, part) : std::max(truth, part);
  }
  return truth;
}

// The phases whose events a rule looks at.
std::vector<size_t> phases_of(const Detection& detection) {
  if (!detection.names_stage) return {SeenRequests::Ended, SeenRequests::Started};
  std::vector<size_t> phases;
  const auto may_be = [&](std::string_view stage) { return truth_at(detection.condition, stage) != Truth::False; };
  if (may_be("ResponseComplete") || may_be("Panic")) phases.push_back(SeenRequests::Ended);
  if (may_be("ResponseStarted")) phases.push_back(SeenRequests::Started);
  if (may_be("RequestReceived")) phases.push_back(SeenRequests::Received);
  return phases;
}

// Requests of one kind for a rule that needs `needed` in one of these phases.
void add_kind(const SeenRequests::Counts& kind, AuditLevel needed, const std::vector<size_t>& phases,
              RuleCoverage& out) {
  const auto all = [&](size_t phase) { return sum_of(kind.logged[phase], kind.logged[phase].size()); };
  const auto less = [&](size_t a, size_t b) { return all(a) < all(b); };
  const auto found = std::max_element(phases.begin(), phases.end(), less);
  if (found == phases.end()) return;
  const size_t most = *found;
  const auto level = static_cast<size_t>(needed);
  const uint64_t seen = all(most), carry_less = sum_of(kind.carried[most], level);
  const uint64_t others = std::max({all(SeenRequests::Received), all(SeenRequests::Started), all(SeenRequests::Ended)});
  const uint64_t missing = seen == 0 ? others : 0;
  out.requests += seen + missing;
  out.too_low += carry_less + missing;
  out.cut += carry_less - sum_of(kind.logged[most], level);
  out.stage_missing += missing;
}

Seen seen_of(const RuleCoverage& counted) {
  if (counted.requests == 0) return Seen::Absent;
  if (counted.too_low == counted.requests || counted.cut > counted.requests / 2) return Seen::Blind;
  return counted.too_low > 0 ? Seen::Part : Seen::Evaluable;
}

RuleCoverage coverage_of(const Detection& detection, const RuleSet& rules, const std::vector<KindCell>& cells,
                         SampleRecords& samples) {
  RuleCoverage out;
  CellJudge judge(detection.condition, rules.derived, samples);
  const std::vector<size_t> phases = phases_of(detection);
  for (const KindCell& kind : cells) {
    const std::optional<AuditLevel> needed = judge.needed_for_target(PolicyCells::sample(kind.target, kind.verb));
    if (!needed) continue;
    out.needed = std::max(out.needed, *needed);
    add_kind(kind.counts, *needed, phases, out);
  }
  out.seen = seen_of(out);
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
    out.requests += read.requests;
    out.too_low += read.too_low;
    out.cut += read.cut;
    out.stage_missing += read.stage_missing;
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

bool writes_a_body(std::string_view verb) { return verb == "create" || verb == "update" || verb == "patch"; }

bool was_cut(const Event& event) {
  return event.truncated || event.defect == BodyDefect::Truncated || event.defect == BodyDefect::Oversize;
}

// What the event is worth to a rule over bodies.
AuditLevel carried_level(const Event& event, AuditLevel logged) {
  if (logged <= AuditLevel::Metadata) return logged;
  if (was_cut(event)) return AuditLevel::Metadata;
  const std::string_view code = event.text(FieldId::ResponseCode);
  const bool refused = code.size() == 3 && code >= "400";
  if (refused || is_long_running(event) || event.text(FieldId::ObjectResource).empty()) return logged;
  if (writes_a_body(event.text(FieldId::Verb)) && event.raw(FieldId::RequestObject).empty()) {
    return AuditLevel::Metadata;
  }
  const bool answered = !event.raw(FieldId::ResponseObject).empty();
  return answered ? logged : std::min(logged, AuditLevel::Request);
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
  if (at == kinds_.end()) at = kinds_.emplace(std::move(kind), Counts{}).first;
  count(event, at->second);
}

void SeenRequests::count(const Event& event, Counts& counts) {
  const std::string_view stage = event.text(FieldId::Stage);
  if (stage == "ResponseStarted" && stage_role(event) == StageRole::None) return;  // its end is another event
  const Phase phase = stage == "RequestReceived" ? Received : stage == "ResponseStarted" ? Started : Ended;
  const AuditLevel level = parse_audit_level(event.text(FieldId::Level)).value_or(AuditLevel::Metadata);
  ++counts.logged[phase][static_cast<size_t>(level)];
  ++counts.carried[phase][static_cast<size_t>(phase == Ended ? carried_level(event, level) : level)];
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
