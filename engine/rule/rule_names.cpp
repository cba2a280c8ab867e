#include <algorithm>

#include "engine/base/text.h"
#include "engine/rule/link.h"

namespace kubevigil {
namespace {

std::string place_of(const SourceSpan& span) { return span.file + ":" + std::to_string(span.line); }

}  // namespace

RuleNames::RuleNames(std::vector<RuleDraft>& drafts) {
  for (size_t i = 0; i < drafts.size(); ++i) {
    RuleDraft& draft = drafts[i];
    if (draft.kind == DocumentKind::Filter || draft.meta.id.empty()) continue;
    const auto [id, fresh] = index_.emplace(draft.meta.id, i);
    if (!fresh) {
      draft.diagnostics.error(
          "duplicate-id",
          "the id \"" + printable(draft.meta.id) + "\" was given already at " + place_of(drafts[id->second].meta.span),
          draft.id_span, "give each rule its own UUID");
      draft.out = true;
    }
  }
  // Names that were written win over names derived from titles.
  for (const bool derived : {false, true}) {
    for (size_t i = 0; i < drafts.size(); ++i) {
      RuleDraft& draft = drafts[i];
      if (draft.kind == DocumentKind::Filter || draft.out || draft.name_derived != derived) continue;
      const std::string wanted = draft.meta.name;
      for (int n = 2; derived && index_.contains(draft.meta.name); ++n)
        draft.meta.name = wanted + "_" + std::to_string(n);
      const auto [it, fresh] = index_.emplace(draft.meta.name, i);
      if (fresh || it->second == i) continue;
      draft.diagnostics.error(
          "duplicate-name",
          "the name \"" + draft.meta.name + "\" was given already at " + place_of(drafts[it->second].meta.span),
          draft.name_span, "give each rule its own name");
      draft.out = true;
    }
  }
}

size_t RuleNames::find(std::string_view id_or_name) const {
  const auto it = index_.find(id_or_name);
  return it == index_.end() ? kNone : it->second;
}

std::string RuleNames::nearest_to(std::string_view name) const {
  std::vector<std::string_view> names;
  for (const auto& [known, unused] : index_) names.push_back(known);
  return std::string(nearest(name, names));
}

void resolve_inputs(std::vector<RuleDraft>& drafts, const RuleNames& names,
                    const std::set<std::string, std::less<>>& skipped) {
  for (RuleDraft& draft : drafts) {
    if (draft.kind != DocumentKind::Correlation) continue;
    for (InputDraft& input : draft.correlation.inputs) {
      input.draft = names.find(input.name.text);
      input.base = input.draft;
      if (input.draft != RuleNames::kNone) continue;
      draft.out = true;
      if (skipped.contains(input.name.text)) continue;
      const std::string close = names.nearest_to(input.name.text);
      draft.diagnostics.error("unknown-rule", "no rule has the id or name \"" + printable(input.name.text) + "\"",
                              input.name.span, close.empty() ? "" : "did you mean \"" + close + "\"?");
    }
  }
}

}  // namespace kubevigil
