#include "engine/rule/hit_inputs.h"

#include <algorithm>

#include "engine/base/text.h"
#include "engine/rule/link.h"

namespace kubevigil {
namespace {

using Role = CorrelationInput::Role;

bool is_chain(const RuleDraft& draft) {
  return draft.kind == DocumentKind::Correlation && draft.correlation.shape.type == CorrelationType::Chain;
}

class Expansion {
 public:
  explicit Expansion(std::vector<RuleDraft>& drafts) : drafts_(drafts), behind_(drafts.size()) { find_behind(); }

  void expand() {
    for (size_t i = 0; i < drafts_.size(); ++i) {
      RuleDraft& draft = drafts_[i];
      if (draft.kind != DocumentKind::Correlation || draft.correlation.section.line == 0) continue;
      if (is_chain(draft)) check_chain(draft);
      if (behind_[i] && !is_chain(draft) && draft.extension.stage != Stage::None) refuse_cycle(draft);
      check_named(draft);
      if (draft.correlation.shape.hits_from && !(is_chain(draft) && names_rules(draft))) add_hits(i);
    }
  }

 private:
  // Marks what reads a chain, perhaps through others.
  void find_behind() {
    for (bool changed = true; changed;) {
      changed = false;
      for (size_t i = 0; i < drafts_.size(); ++i) {
        const auto& inputs = drafts_[i].correlation.inputs;
        const bool reads = std::any_of(inputs.begin(), inputs.end(), [&](const InputDraft& input) {
          return input.draft != RuleNames::kNone && behind_[input.draft];
        });
        if (behind_[i] || !(reads || is_chain(drafts_[i]))) continue;
        behind_[i] = changed = true;
      }
    }
  }

  static bool names_rules(const RuleDraft& draft) {
    const auto& inputs = draft.correlation.inputs;
    return std::any_of(inputs.begin(), inputs.end(),
                       [](const InputDraft& input) { return input.role != Role::Link && !input.from_hits; });
  }

  static void check_chain(RuleDraft& draft) {
    CorrelationDraft& correlation = draft.correlation;
    if (correlation.shape.chain.root.empty() && !draft.diagnostics.has_errors()) {
      draft.diagnostics.error("bad-chain", "a chain needs to know whose it is", correlation.section,
                              "add `kubevigil: {chain: {root: [user.username, user.uid]}}`");
    }
    if (!correlation.shape.hits_from) correlation.shape.hits_from = Level::Low;
    if (draft.extension.stage == Stage::None) return;
    draft.diagnostics.error("bad-chain",
                            "a chain reads all rules with a stage: with one of its own it would feed itself",
                            draft.stage_span, "remove `stage`");
  }

  static void refuse_cycle(RuleDraft& draft) {
    draft.diagnostics.error("correlation-cycle",
                            "this correlation reads a chain, which reads every rule with a stage, and so this one",
                            draft.stage_span, "remove `stage`, or what reads the chain");
  }

  // Rules that somebody named: there must be some, and a chain can only count those with a stage.
  void check_named(RuleDraft& draft) {
    const CorrelationDraft& correlation = draft.correlation;
    if (!correlation.shape.hits_from && !names_rules(draft)) {
      draft.diagnostics.error("bad-correlation", "the correlation names no rules", correlation.section,
                              "add `rules: [name]`");
    }
    if (!is_chain(draft)) return;
    for (const InputDraft& input : correlation.inputs) {
      if (input.draft == RuleNames::kNone) continue;
      const RuleDraft& read = drafts_[input.draft];
      const std::string name = "\"" + printable(input.name.text) + "\"";
      if (input.role == Role::Link && read.kind != DocumentKind::Detection) {
        draft.diagnostics.error("bad-chain", name + " is a correlation: no single event of it makes a link",
                                input.name.span, "name a detection");
      } else if (input.role == Role::Member && !counts(read, correlation.shape)) {
        draft.diagnostics.error("bad-chain", name + " has no stage, or a level below min-level: it never counts",
                                input.name.span, "give it a stage, or leave it out");
      }
    }
  }

  static bool counts(const RuleDraft& read, const Correlation& reader) {
    if (read.meta.level < *reader.hits_from) return false;
    if (reader.type == CorrelationType::Chain) return read.extension.stage != Stage::None;
    if (read.kind != DocumentKind::Detection) return false;
    const auto asks = [&](std::string_view field) {
      const auto& fields = reader.condition_fields;
      return std::find(fields.begin(), fields.end(), field) != fields.end();
    };
    return (!asks("hit.stage") || read.extension.stage != Stage::None) &&
           (!asks("hit.risk") || read.extension.risk > 0);
  }

  void add_hits(size_t reader) {
    for (size_t i = 0; i < drafts_.size(); ++i) {
      RuleDraft& draft = drafts_[reader];
      const RuleDraft& read = drafts_[i];
      auto& inputs = draft.correlation.inputs;
      const bool known = std::any_of(inputs.begin(), inputs.end(), [&](const InputDraft& input) {
        return input.role == Role::Member && input.draft == i;
      });
      const bool may = read.kind != DocumentKind::Filter && !read.view && !behind_[i] && i != reader && !broken(read);
      if (known || !may || !counts(read, draft.correlation.shape)) continue;
      InputDraft& input = inputs.emplace_back();
      input.name = {read.meta.name, draft.correlation.section};
      input.draft = input.base = i;
      input.from_hits = true;
    }
  }

  // A rule with an error is left out, and must not take the reader with it: nobody named it here.
  static bool broken(const RuleDraft& draft) { return draft.out || draft.diagnostics.has_errors(); }

  std::vector<RuleDraft>& drafts_;
  std::vector<bool> behind_;
};

}  // namespace

void expand_hits(std::vector<RuleDraft>& drafts) { Expansion(drafts).expand(); }

}  // namespace kubevigil
