// Which rules a command runs with: the built-in pack and what --rules adds. The same options for all commands.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/app/context.h"
#include "engine/rule/rule_loader.h"

namespace CLI {
class App;
}

namespace kubevigil {

struct RuleSelection {
  std::vector<std::string> paths;  // --rules
  bool no_builtin = false;
  bool strict = false;                       // --strict-rules
  std::vector<std::string> trusted_proxies;  // --trusted-proxy
  // --preset. Nothing: every rule, also those that would not run; for commands that show rules.
  std::optional<Preset> preset = Preset::Core;
};

// `selection` holds the default preset.
void add_rule_options(CLI::App& command, RuleSelection& selection);

// What a selection resolves to, as it is on the disk at this moment.
struct SelectedRules {
  std::vector<RuleSource> sources;  // the built-in pack first
  LoadOptions options;              // lists: those beside the paths win over built-in ones
  Diagnostics unreadable;           // paths and files; also when the paths hold no rule at all
};
SelectedRules read_selection(const RuleSelection& selection, Timestamp now);

// Loads the selection. Says each problem in one line on standard error; false (and exit code 2) when no rule is left,
// a path gave nothing, or with `strict` when anything is wrong.
bool load_selection(const RuleSelection& selection, Context& context, LoadedRules& out);

// The same without a word: what can be loaded.
LoadedRules load_quietly(const RuleSelection& selection, const Context& context);

// The rule of that name (- counts as _) or id; null after saying what was meant perhaps (exit code 2).
const Rule* find_rule_or_say(const LoadedRules& loaded, const std::string& id_or_name, Context& context);

// SelectedRules::options alone, of all rules: without a preset.
LoadOptions load_options(const RuleSelection& selection, const Context& context);

}  // namespace kubevigil
