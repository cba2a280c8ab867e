// Loading rules: files, directories and texts in, one RuleSet and all Diagnostics out. Reads files; keeps nothing.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/base/diagnostics.h"
#include "engine/rule/rule.h"

namespace kubevigil {

struct RuleSource {
  std::string name;  // file name for diagnostics
  std::string text;
  bool builtin = false;
};

struct LoadOptions {
  bool strict = false;  // any warning that makes a test constant false is an error
  // Lists for the `expand` modifier and `seed`: name -> YAML text, e.g. "lists/known-readers".
  std::map<std::string, std::string> lists;
  DerivedConfig derived;
  std::string today;             // "2026-01-31": decides which filters have expired; empty: none has
  std::optional<Preset> preset;  // how much of the built-in rules is chosen (choice.h); nothing: every rule stays
};

struct LoadedRules {
  RuleSet rules;                  // without the broken ones
  std::vector<RuleMeta> filters;  // also those that are off
  Diagnostics diagnostics;
  SourceTexts sources;
  std::vector<std::string> skipped;             // one line each: other log source, broken rule left out, expired filter
  std::vector<std::string> overlays;            // one line each: what it changes
  std::map<std::string, std::string> disabled;  // rules that an overlay disabled, by name and by id: who and why
};

// Sources may be overlays: these are not built in, and known by their names.
LoadedRules load_rules(const std::vector<RuleSource>& sources, const LoadOptions& options);

// What a path names: itself, or the matches of a glob, sorted.
std::vector<std::string> matches_of(const std::string& path);

// Collects *.yml and *.yaml, overlays (overlay.h), too, under files, directories and globs, in a fixed order;
// *.test.yaml and lists/ apart. Errors (unreadable, too large) go to `diagnostics`.
std::vector<RuleSource> find_rule_files(const std::vector<std::string>& paths, Diagnostics& diagnostics);
// The lists beside them, for LoadOptions::lists: files in folders named lists/, below directories and beside files.
std::map<std::string, std::string> find_rule_lists(const std::vector<std::string>& paths, Diagnostics& diagnostics);

}  // namespace kubevigil
