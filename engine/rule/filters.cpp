#include "engine/rule/filters.h"

#include "engine/base/text.h"

namespace kubevigil {
namespace {

Expr without(Expr condition, const Expr& excluded, const std::string& filter_name) {
  Expr exception = Expr::negation(excluded);
  exception.label = "filter " + filter_name;
  return Expr::all({std::move(condition), std::move(exception)});
}

class Application {
 public:
  Application(std::vector<RuleDraft>& drafts, size_t filter) : drafts_(drafts), filter_(filter) {}

  void apply(size_t target) {
    if (drafts_[target].kind == DocumentKind::Correlation) {
      narrow_members(target, drafts_[target].meta);
    } else {
      narrow(target);
    }
  }

 private:
  void narrow(size_t target) {
    const RuleDraft& filter = drafts_[filter_];
    drafts_[target].lists.insert(filter.lists.begin(), filter.lists.end());
    drafts_[target].condition = without(std::move(drafts_[target].condition), filter.filter.excluded, filter.meta.name);
  }

  // Puts a filtered view in the place of every rule that the correlation counts, down the chain.
  void narrow_members(size_t correlation, const RuleMeta reader) {
    for (size_t k = 0; k < drafts_[correlation].correlation.inputs.size(); ++k) {
      const InputDraft input = drafts_[correlation].correlation.inputs[k];
      if (input.role != CorrelationInput::Role::Member || input.draft == RuleNames::kNone) continue;
      const size_t view = view_of(input.draft, reader);
      drafts_[correlation].correlation.inputs[k].draft = view;
      if (drafts_[view].kind == DocumentKind::Correlation) {
        narrow_members(view, reader);
      } else {
        narrow(view);
      }
    }
  }

  // A view made by an earlier filter on the same correlation is narrowed further, not copied again.
  size_t view_of(size_t base, const RuleMeta& reader) {
    const std::string suffix = "@" + reader.name;
    if (drafts_[base].view && drafts_[base].meta.name.ends_with(suffix)) return base;
    RuleDraft copy = drafts_[base];
    copy.view = true;
    copy.meta.id += "@" + reader.id;
    copy.meta.name += suffix;
    drafts_.push_back(std::move(copy));
    return drafts_.size() - 1;
  }

  std::vector<RuleDraft>& drafts_;
  size_t filter_;
};

bool expired(const RuleDraft& draft, const LoadOptions& options) {
  return !draft.filter.expires.empty() && !options.today.empty() && draft.filter.expires < options.today;
}

std::vector<size_t> targets_of(RuleDraft& draft, const std::vector<RuleDraft>& drafts, const RuleNames& names,
                               const std::set<std::string, std::less<>>& skipped) {
  std::vector<size_t> targets;
  if (draft.filter.any_rule) {
    for (size_t i = 0; i < drafts.size(); ++i) {
      const bool detection = drafts[i].kind == DocumentKind::Detection && !drafts[i].view;
      if (detection && !drafts[i].extension.exempt_never) targets.push_back(i);
    }
  }
  for (const NameAt& rule : draft.filter.rules) {
    const size_t target = names.find(rule.text);
    if (target == RuleNames::kNone) {
      if (skipped.contains(rule.text)) continue;
      const std::string close = names.nearest_to(rule.text);
      draft.diagnostics.error("unknown-rule", "no rule has the id or name \"" + printable(rule.text) + "\"", rule.span,
                              close.empty() ? "" : "did you mean \"" + close + "\"?");
    } else if (drafts[target].extension.exempt_never) {
      draft.diagnostics.error("exempt-never", "the rule \"" + printable(rule.text) + "\" allows no exceptions",
                              rule.span, "it says `exempt: never`; remove it from this filter");
    } else {
      targets.push_back(target);
    }
  }
  // A filter that is wrong in one rule is not trusted with the others.
  return draft.diagnostics.has_errors() ? std::vector<size_t>{} : targets;
}

}  // namespace

void apply_filters(std::vector<RuleDraft>& drafts, const RuleNames& names, const LoadOptions& options,
                   const std::set<std::string, std::less<>>& skipped, std::vector<std::string>& skipped_lines) {
  const size_t count = drafts.size();
  for (size_t i = 0; i < count; ++i) {
    if (drafts[i].kind != DocumentKind::Filter || drafts[i].out || drafts[i].site.disabled) continue;
    if (!drafts[i].diagnostics.has_errors() && expired(drafts[i], options)) {
      const std::string text =
          "filter \"" + printable(drafts[i].meta.title) + "\" expired on " + drafts[i].filter.expires;
      drafts[i].diagnostics.warning("filter-expired", text + " and is off", drafts[i].meta.span, "renew or remove it");
      const SourceSpan& span = drafts[i].meta.span;
      skipped_lines.push_back(span.file + ":" + std::to_string(span.line) + ": " + text + ": off");
      continue;
    }
    for (const size_t target : targets_of(drafts[i], drafts, names, skipped)) Application(drafts, i).apply(target);
  }
}

}  // namespace kubevigil
