#include "engine/rule/rule_loader.h"

#include <algorithm>
#include <set>

#include "engine/base/text.h"
#include "engine/rule/choice.h"
#include "engine/rule/filters.h"
#include "engine/rule/hit_inputs.h"
#include "engine/rule/link.h"
#include "engine/rule/meaning.h"
#include "engine/rule/overlay.h"
#include "engine/rule/parsed_sources.h"

namespace kubevigil {
namespace {

std::string place(const SourceSpan& span) { return span.file + ":" + std::to_string(span.line) + ": "; }

class Load {
 public:
  Load(const LoadOptions& options, LoadedRules& out) : options_(options), out_(out) {}

  void read_overlays(const std::vector<RuleSource>& sources) {
    for (const RuleSource& source : sources) {
      if (!is_overlay(source)) continue;
      out_.sources[source.name] = source.text;
      overlays_.push_back(parse_overlay(source, out_.diagnostics));
    }
    list_notes_ = change_lists(overlays_, options_.lists, out_.diagnostics);
  }
  static bool is_overlay(const RuleSource& source) { return !source.builtin && is_overlay_file(source.name); }

  void read(std::span<const RuleSource* const> sources) {
    for (const RuleSource* source : sources) out_.sources[source->name] = source->text;
    for (ParsedSource& parsed : parse_sources(sources, options_)) {
      out_.diagnostics.append(parsed.diagnostics);
      for (ParsedSource::Document& document : parsed.documents) take(document);
    }
  }

  void finish() {
    change_rules(overlays_, drafts_, skipped_, options_.today, out_.diagnostics, out_.skipped);
    for (const Overlay& overlay : overlays_) out_.overlays.push_back(overlay_line(overlay));
    note_disabled();
    RuleNames names(drafts_);
    resolve_inputs(drafts_, names, skipped_);
    expand_hits(drafts_);
    apply_filters(drafts_, names, options_, skipped_, out_.skipped);
    note_lists(list_notes_, drafts_);
    out_.rules = link_rules(drafts_);
    out_.rules.derived = options_.derived;
    add_hashes();
    for (RuleDraft& draft : drafts_) {
      if (draft.kind == DocumentKind::Filter) out_.filters.push_back(draft.meta);
      report(draft);
    }
    out_.diagnostics.sort();
  }

 private:
  void take(ParsedSource::Document& document);
  void note_disabled();
  void add_hashes();
  void report(RuleDraft& draft);

  LoadOptions options_;  // lists as the overlays have them
  LoadedRules& out_;
  std::vector<Overlay> overlays_;
  ListNotes list_notes_;
  std::vector<RuleDraft> drafts_;
  std::set<std::string, std::less<>> skipped_;  // ids and names of rules for other log sources
};

void Load::take(ParsedSource::Document& document) {
  ParsedDocument& parsed = document.parsed;
  if (!parsed.other_source.empty()) {
    out_.skipped.push_back(place(document.span) + "\"" + printable(parsed.title) + "\" is for " +
                           printable(parsed.other_source));
    for (const std::string& name : {parsed.id, parsed.name}) {
      if (!name.empty()) skipped_.insert(name);
    }
    return;
  }
  parsed.draft->damaged = document.damaged;
  parsed.draft->out = parsed.draft->out || document.damaged;
  drafts_.push_back(std::move(*parsed.draft));
}

void Load::note_disabled() {
  for (const RuleDraft& draft : drafts_) {
    if (!draft.site.disabled || draft.kind == DocumentKind::Filter) continue;
    for (const std::string& name : {draft.meta.name, draft.meta.id}) out_.disabled[name] = draft.site.notes.back();
  }
}

void Load::add_hashes() {
  for (Rule& rule : out_.rules.rules) rule.semantic_hash = semantic_hash(rule, out_.rules);
  choose_rules(out_.rules, options_.preset);
  out_.rules.hash = rule_set_hash(out_.rules.rules);
}

void Load::report(RuleDraft& draft) {
  // A view repeats what its base has said.
  if (draft.view) return;
  for (Diagnostic& d : draft.diagnostics.entries()) d.rule = draft.meta.name;
  out_.diagnostics.append(draft.diagnostics);
  const bool broken = draft.out || draft.diagnostics.has_errors();
  if (!broken) return;
  std::string what = draft.kind == DocumentKind::Filter ? "filter" : "rule";
  what = draft.meta.title.empty() ? "a document" : what + " \"" + printable(draft.meta.title) + "\"";
  std::string why = draft.damaged ? "its YAML is broken" : "it reads a rule that was skipped";
  for (const Diagnostic& d : draft.diagnostics.entries()) {
    if (d.severity != Severity::Error) continue;
    why = d.message;
    break;
  }
  out_.skipped.push_back(place(draft.meta.span) + what + " is left out: " + why);
}

}  // namespace

LoadedRules load_rules(const std::vector<RuleSource>& sources, const LoadOptions& options) {
  LoadedRules out;
  Load load(options, out);
  load.read_overlays(sources);
  std::vector<const RuleSource*> rules;
  for (const RuleSource& source : sources) {
    if (!Load::is_overlay(source)) rules.push_back(&source);
  }
  load.read(rules);
  load.finish();
  return out;
}

}  // namespace kubevigil
