#include "engine/rule/link.h"

#include <algorithm>

#include "engine/base/limits.h"
#include "engine/base/text.h"
#include "engine/rule/link_chain.h"
#include "engine/rule/link_input.h"
#include "engine/rule/truth_range.h"

namespace kubevigil {
namespace {

constexpr size_t kUnplaced = SIZE_MAX;

class Linker {
 public:
  explicit Linker(std::vector<RuleDraft>& drafts)
      : drafts_(drafts),
        place_(drafts.size(), kUnplaced),
        state_(drafts.size(), State::Fresh),
        depth_(drafts.size(), 0) {}

  RuleSet link() {
    for (size_t i = 0; i < drafts_.size(); ++i) {
      if (drafts_[i].kind == DocumentKind::Detection) place_detection(i);
    }
    for (size_t i = 0; i < drafts_.size(); ++i) {
      if (drafts_[i].kind == DocumentKind::Correlation) visit(i);
    }
    mark_silent();
    return std::move(rules_);
  }

 private:
  enum class State : uint8_t { Fresh, Open, Done };

  void place_detection(size_t i);
  size_t visit(size_t i);  // the length of the chain of correlations that ends here
  void place_correlation(RuleDraft& draft, size_t i);
  void add_inputs(RuleDraft& draft, Correlation& body);
  std::string why_dead(const Correlation& body) const;
  void place(size_t i, Rule rule) {
    place_[i] = rules_.rules.size();
    rules_.rules.push_back(std::move(rule));
  }
  void mark_silent();

  std::vector<RuleDraft>& drafts_;
  std::vector<size_t> place_;
  std::vector<State> state_;
  std::vector<size_t> depth_;
  RuleSet rules_;
};

std::string joined(const std::vector<std::string>& reasons) {
  std::vector<std::string> seen;
  std::string out;
  for (const std::string& r : reasons) {
    if (std::find(seen.begin(), seen.end(), r) != seen.end()) continue;
    seen.push_back(r);
    out += (out.empty() ? "" : "; ") + r;
  }
  return out.empty() ? "its condition contradicts itself" : out;
}

Rule rule_of(const RuleDraft& draft) {
  Rule rule;
  rule.meta = draft.meta;
  rule.extension = draft.extension;
  rule.site = draft.site;
  rule.alerts = !draft.view;
  rule.not_portable = draft.not_portable;
  return rule;
}

void Linker::place_detection(size_t i) {
  RuleDraft& draft = drafts_[i];
  state_[i] = State::Done;
  Expr condition = simplified(draft.condition);
  const TruthRange range = truth_range(condition);
  if (!range.can_be_false && !range.can_be_unknown && !draft.diagnostics.has_errors()) {
    draft.diagnostics.error("always-true", "this rule matches every event", draft.meta.span, "name what it looks for");
  }
  draft.out = draft.out || draft.diagnostics.has_errors();
  if (draft.out) return;
  Rule rule = rule_of(draft);
  if (!range.can_be_true) rule.dead = joined(draft.impossible);
  rule.body = Detection{std::move(condition), draft.names_stage};
  place(i, std::move(rule));
}

size_t Linker::visit(size_t i) {
  RuleDraft& draft = drafts_[i];
  if (draft.kind != DocumentKind::Correlation || state_[i] == State::Done) return depth_[i];
  if (state_[i] == State::Open) {
    draft.diagnostics.error("correlation-cycle", "this correlation reads itself, perhaps through others",
                            draft.meta.span);
    return 0;
  }
  state_[i] = State::Open;
  size_t below = 0;
  for (const InputDraft& input : draft.correlation.inputs) {
    if (input.draft != RuleNames::kNone) below = std::max(below, visit(input.draft));
  }
  state_[i] = State::Done;
  depth_[i] = below + 1;
  if (depth_[i] > limits::kChainDepth) {
    draft.diagnostics.error("correlation-limit",
                            "a chain of more than " + std::to_string(limits::kChainDepth) + " correlations",
                            draft.meta.span);
  }
  place_correlation(draft, i);
  return depth_[i];
}

void Linker::add_inputs(RuleDraft& draft, Correlation& body) {
  for (const InputDraft& input : draft.correlation.inputs) {
    if (input.draft == RuleNames::kNone) continue;
    const size_t target = place_[input.draft];
    if (input.from_hits && (target == kUnplaced || draft.diagnostics.has_errors())) continue;
    if (target == kUnplaced) {
      draft.out = true;
      if (draft.diagnostics.has_errors()) continue;
      draft.diagnostics.error("broken-rule",
                              "the rule \"" + printable(input.name.text) + "\" is left out, and so is this one",
                              input.name.span, "mend that rule first");
      continue;
    }
    const Rule& read = rules_.rules[target];
    CorrelationInput linked = body.type == CorrelationType::Chain
                                  ? link_chain_input(body, input, read)
                                  : link_input(draft, input, read, drafts_[input.base].meta);
    linked.rule = static_cast<uint32_t>(target);
    linked.from_hits = input.from_hits;
    body.inputs.push_back(std::move(linked));
  }
  if (body.type == CorrelationType::Chain) add_actors(rules_, body);
}

// A correlation whose condition cannot come true because the rules that it counts cannot.
std::string Linker::why_dead(const Correlation& body) const {
  const bool temporal = body.type == CorrelationType::Temporal || body.type == CorrelationType::TemporalOrdered;
  size_t members = 0, alive = 0;
  std::string reason;
  for (const CorrelationInput& input : body.inputs) {
    if (input.role != CorrelationInput::Role::Member) continue;
    const Rule& rule = rules_.rules[input.rule];
    ++members;
    alive += rule.dead.empty() ? 1 : 0;
    if (!rule.dead.empty() && reason.empty()) reason = "the rule \"" + rule.meta.name + "\" is dead: " + rule.dead;
  }
  if (members == 0 && body.hits_from) return "no rule has what it counts, and a level of min-level or above";
  const size_t needed = temporal ? std::min<size_t>(members, body.condition.threshold()) : 1;
  return alive < needed ? reason : "";
}

// What a correlation reads of events and other Sigma tools do not have, or "".
std::string foreign_field(const CorrelationInput& input) {
  for (const std::vector<FieldRef>* fields : {&input.group, &input.values}) {
    for (const FieldRef& field : *fields) {
      const FieldOrigin origin = field_info(field.id).origin;
      if (origin == FieldOrigin::Derived || origin == FieldOrigin::Hit)
        return "derived field \"" + to_text(field) + "\"";
    }
  }
  return "";
}

void Linker::place_correlation(RuleDraft& draft, size_t i) {
  Rule rule = rule_of(draft);
  Correlation body = draft.correlation.shape;
  add_inputs(draft, body);
  draft.out = draft.out || draft.diagnostics.has_errors();
  if (draft.out) return;
  rule.dead = why_dead(body);
  for (const CorrelationInput& input : body.inputs) {
    const Rule& read = rules_.rules[input.rule];
    if (input.from_hits) continue;
    if (rule.not_portable.empty()) rule.not_portable = foreign_field(input);
    if (rule.not_portable.empty() && !read.not_portable.empty()) {
      rule.not_portable = "reads \"" + read.meta.name + "\": " + read.not_portable;
    }
  }
  rule.body = std::move(body);
  place(i, std::move(rule));
}

bool is_member(const CorrelationDraft& reader, const InputDraft& input) {
  return std::any_of(reader.inputs.begin(), reader.inputs.end(), [&](const InputDraft& other) {
    return other.role == CorrelationInput::Role::Member && other.base == input.base;
  });
}

// A rule that correlations read alerts on its own only if one of them says `generate`. The user's correlations do not
// silence built-in rules: adding a rule must not take alerts away. Nor do `hits` and chains silence what they count,
// and no chain makes its links alert.
void Linker::mark_silent() {
  std::vector<bool> silenced(drafts_.size()), generated(drafts_.size());
  for (size_t i = 0; i < drafts_.size(); ++i) {
    if (drafts_[i].kind != DocumentKind::Correlation || place_[i] == kUnplaced) continue;
    const CorrelationDraft& reader = drafts_[i].correlation;
    const bool chain = reader.shape.type == CorrelationType::Chain;
    for (const InputDraft& input : reader.inputs) {
      const bool link = input.role == CorrelationInput::Role::Link;
      const bool generates = reader.shape.generate && !link;
      const bool foreign = drafts_[input.base].meta.builtin && !drafts_[i].meta.builtin;
      const bool spared = input.from_hits || (chain && is_member(reader, input));
      if (generates) generated[input.base] = true;
      if (!generates && !foreign && !spared) silenced[input.base] = true;
    }
  }
  for (size_t i = 0; i < drafts_.size(); ++i) {
    if (place_[i] != kUnplaced && silenced[i] && !generated[i]) rules_.rules[place_[i]].alerts = false;
  }
}

}  // namespace

RuleSet link_rules(std::vector<RuleDraft>& drafts) { return Linker(drafts).link(); }

}  // namespace kubevigil
