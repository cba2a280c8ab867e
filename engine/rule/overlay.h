// Overlays: what a site changes about rules, filters and lists without copying them. A file overlay.yaml (or
// NAME.overlay.yaml) among the user's rules, one document:
//
//   disable: [{rule: NAME, owner: ..., reason: ..., expires: 2026-12-31}]   # or {filter: NAME, ...}
//   replace: [{rule: NAME, owner: ..., reason: ...}]   # the site's own rule of that name or id takes its place
//   enable:  [NAME]                                    # alerts in every preset
//   levels:  {NAME: low}
//   lists:   {NAME: {add: [...], remove: [...]}}       # or {replace: [...]}
//
// Rules and filters are named by name or id. An entry with an error changes nothing: the rule stays as it was. Several
// overlays apply in the order of their files; of two levels the last one counts.
//
// Codes: bad-overlay, unknown-key, bad-value, unknown-rule, unknown-list, bad-list, overlay-expired, overlay-idle.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "engine/rule/rule_draft.h"

namespace kubevigil {

bool is_overlay_file(std::string_view path);

// One entry of `disable` or `replace`.
struct SiteEntry {
  NameAt name;
  bool is_filter = false;
  std::string owner, reason, expires;
};

struct LevelChange {
  NameAt rule;
  Level level = Level::Medium;
};

struct ListRowAt {
  std::vector<std::string> row;
  SourceSpan span;
};

struct ListChange {
  NameAt list;
  bool replaces = false;  // `add` is the whole list
  std::vector<ListRowAt> add, remove;
};

// What of an overlay took effect.
struct OverlayTally {
  size_t disabled = 0, filters_disabled = 0, replaced = 0, enabled = 0, levels = 0, lists = 0;
  size_t idle = 0;  // entries that changed nothing: wrong, expired, or of what is so anyway
};

struct Overlay {
  std::string file;
  std::vector<SiteEntry> disable, replace;
  std::vector<NameAt> enable;
  std::vector<LevelChange> levels;
  std::vector<ListChange> lists;
  OverlayTally tally;  // parse_overlay() counts what it refuses, change_lists() and change_rules() the rest
};

Overlay parse_overlay(const RuleSource& source, Diagnostics& diagnostics);

// Name of a list -> notes on what was changed about it.
using ListNotes = std::map<std::string, std::vector<std::string>, std::less<>>;

// Changes the texts of `lists` (LoadOptions::lists), before rules are read. Rows that come in must be as wide as those
// that are there.
ListNotes change_lists(std::vector<Overlay>& overlays, std::map<std::string, std::string>& lists,
                       Diagnostics& diagnostics);

// Changes the drafts, before their names are resolved. `skipped`: ids and names of rules for other log sources. What
// has expired before `today` changes nothing and is said in `skipped_lines`.
void change_rules(std::vector<Overlay>& overlays, std::vector<RuleDraft>& drafts,
                  const std::set<std::string, std::less<>>& skipped, const std::string& today, Diagnostics& diagnostics,
                  std::vector<std::string>& skipped_lines);

// A rule that uses a changed list says so.
void note_lists(const ListNotes& notes, std::vector<RuleDraft>& drafts);

// One line an overlay: what took effect of each kind, and how many entries did not.
std::string overlay_line(const Overlay& overlay);

}  // namespace kubevigil
