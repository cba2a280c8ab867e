// What one document of a rule file says, before references between rules are resolved. Internal to engine/rule:
// made by rule_document.cpp, consumed by link.cpp and filters.cpp.
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/rule/rule.h"
#include "engine/rule/rule_loader.h"

namespace kubevigil {

struct NameAt {
  std::string text;
  SourceSpan span;
};

struct AliasDraft {
  std::string name;
  std::vector<std::pair<NameAt, NameAt>> fields;  // rule, field
};

// A rule that a correlation reads, as written; `draft` is filled when names are resolved.
struct InputDraft {
  NameAt name;
  CorrelationInput::Role role = CorrelationInput::Role::Member;
  size_t draft = 0;
  size_t base = 0;  // what `draft` was before a filter put a view in its place
  bool from_hits = false;
  uint32_t link = 0;
};

struct CorrelationDraft {
  Correlation shape;  // everything but `inputs`
  std::vector<InputDraft> inputs;
  std::vector<NameAt> group_by, condition_fields;
  std::vector<AliasDraft> aliases;
  SourceSpan section;  // the `correlation` mapping
};

struct FilterDraft {
  bool any_rule = false;  // `rules: any`
  std::vector<NameAt> rules;
  Expr excluded;  // events for which this is true are dropped
  std::string owner, reason, expires;
};

enum class DocumentKind : uint8_t { Detection, Correlation, Filter };

struct RuleDraft {
  DocumentKind kind = DocumentKind::Detection;
  RuleMeta meta;
  Extension extension;
  SiteChanges site;
  std::set<std::string> lists;  // that it uses, as LoadOptions::lists names them
  SourceSpan title_span, id_span, name_span, stage_span;
  bool name_derived = false;
  Expr condition;  // Detection
  bool names_stage = false;
  CorrelationDraft correlation;
  FilterDraft filter;
  std::vector<std::string> impossible;  // why tests became constant false, in order
  std::string not_portable;             // first reason, or ""
  bool view = false;                    // a copy as seen through a filter on a correlation; never alerts
  bool damaged = false;                 // its YAML had errors, which were reported
  bool out = false;                     // left out: broken, or it reads something that is
  Diagnostics diagnostics;
};

// What the parsers of one document share.
struct RuleContext {
  const LoadOptions& options;
  RuleDraft& draft;
  bool strict = false;    // built-in source, or LoadOptions::strict
  int sigma_version = 2;  // `sigma-version`; array matching from 3

  Diagnostics& diagnostics() { return draft.diagnostics; }
  // Something that can never hold: a warning, an error when strict.
  void impossible(std::string code, std::string message, const SourceSpan& span, std::string hint);
  // Something that other Sigma tools do not have.
  void not_portable(std::string reason);
};

}  // namespace kubevigil
