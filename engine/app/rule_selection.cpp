#include "engine/app/rule_selection.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "engine/app/pack.h"
#include "engine/base/network.h"
#include "engine/base/text.h"

namespace kubevigil {
namespace {

// What is said about the load: broken and skipped rules, one line each. Returns false when strict forbids to go on.
bool say_problems(const RuleSelection& selection, Context& context, const LoadedRules& loaded) {
  for (const std::string& line : loaded.overlays) context.console.say("rules: " + printable(line));
  for (const std::string& line : loaded.skipped) context.console.say("rules: " + printable(line));
  const auto said = [&](const std::string& file) {
    return std::any_of(loaded.skipped.begin(), loaded.skipped.end(),
                       [&](const std::string& line) { return line.starts_with(file + ":"); });
  };
  size_t warnings = 0;
  for (const Diagnostic& d : loaded.diagnostics.entries()) {
    if (d.severity == Severity::Error && !said(d.span.file)) {
      context.console.say(
          fmt::format("rules: {}:{}:{}: {}", printable(d.span.file), d.span.line, d.span.column, printable(d.message)));
    }
    warnings += d.severity == Severity::Warning ? 1 : 0;
  }
  if (warnings > 0)
    context.console.say(
        fmt::format("rules: {} warning{} (see kubevigil rules check)", warnings, warnings == 1 ? "" : "s"));
  if (!selection.strict || (!loaded.diagnostics.has_errors() && warnings == 0)) return true;
  context.fail(kExitUsage, "--strict-rules: not all rules are sound");
  return false;
}

std::string no_network(const std::string& text) {
  if (parse_network(text)) return {};
  return "\"" + printable(text) + "\" is no address or network: write 10.0.0.1, 10.0.0.0/8 or fd00::/8";
}

void add_preset_option(CLI::App& command, RuleSelection& selection) {
  const std::string usual = selection.preset ? std::string(to_text(*selection.preset)) : "all, and those of no use";
  command
      .add_option_function<std::string>(
          "--preset", [&selection](const std::string& name) { selection.preset = parse_preset(name); },
          "How much of the built-in rules alerts: core is quiet, all are streams, too (default " + usual + ")")
      ->check(CLI::IsMember(std::vector<std::string>(kPresetNames.begin(), kPresetNames.end())))
      ->type_name("PRESET");
}

}  // namespace

void add_rule_options(CLI::App& command, RuleSelection& selection) {
  command.add_option("--rules", selection.paths, "Add rules: a file, directory or glob (repeatable)")
      ->type_name("PATH")
      ->take_all()
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command.add_flag("--no-builtin", selection.no_builtin, "Leave the built-in rules out");
  add_preset_option(command, selection);
  command.add_flag("--strict-rules", selection.strict, "Refuse to start when a rule is broken or warned about");
  command
      .add_option("--trusted-proxy", selection.trusted_proxies,
                  "Address or network that peerIP steps over (repeatable); part of what rules over peerIP mean")
      ->type_name("CIDR")
      ->check(no_network)
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

const Rule* find_rule_or_say(const LoadedRules& loaded, const std::string& id_or_name, Context& context) {
  const RuleSet& rules = loaded.rules;
  if (const Rule* rule = rules.find(id_or_name)) return rule;
  std::string name = id_or_name;
  std::replace(name.begin(), name.end(), '-', '_');
  if (const Rule* rule = rules.find(name)) return rule;
  if (std::find(rules.left_out.begin(), rules.left_out.end(), name) != rules.left_out.end()) {
    context.fail(kExitUsage, fmt::format("the preset {} leaves \"{}\" out: choose a larger one with --preset",
                                         to_text(rules.preset.value_or(Preset::All)), printable(name)));
    return nullptr;
  }
  if (const auto off = loaded.disabled.find(name); off != loaded.disabled.end()) {
    context.fail(kExitUsage, printable(fmt::format("an overlay took \"{}\" out: {}; without --preset it is shown", name,
                                                   off->second)));
    return nullptr;
  }
  std::vector<std::string_view> names;
  for (const Rule& rule : rules.rules) names.push_back(rule.meta.name);
  const std::string_view near = nearest(name, names);
  const std::string hint = near.empty() ? "see kubevigil rules list" : "did you mean " + std::string(near) + "?";
  context.fail(kExitUsage, fmt::format("no rule \"{}\": {}", printable(id_or_name), printable(hint)));
  return nullptr;
}

namespace {

LoadOptions options_of(const RuleSelection& selection, Timestamp now) {
  LoadOptions options;
  options.strict = selection.strict;
  options.preset = selection.preset;
  options.derived.trusted_proxies = selection.trusted_proxies;
  options.today = format_rfc3339(now).substr(0, 10);
  Diagnostics ignored;  // the same paths are read for rules, and complained about there
  options.lists = find_rule_lists(selection.paths, ignored);
  options.lists.merge(builtin_lists());
  return options;
}

}  // namespace

SelectedRules read_selection(const RuleSelection& selection, Timestamp now) {
  SelectedRules read;
  if (!selection.no_builtin) read.sources = builtin_rules();
  std::vector<RuleSource> own = find_rule_files(selection.paths, read.unreadable);
  if (!selection.paths.empty() && own.empty() && !read.unreadable.has_errors()) {
    read.unreadable.error("rule-file", "no .yml or .yaml file there", {selection.paths.front(), 0, 0, 0});
  }
  read.sources.insert(read.sources.end(), std::make_move_iterator(own.begin()), std::make_move_iterator(own.end()));
  read.options = options_of(selection, now);
  return read;
}

LoadOptions load_options(const RuleSelection& selection, const Context& context) {
  LoadOptions options = options_of(selection, context.env.now());
  options.preset.reset();
  return options;
}

LoadedRules load_quietly(const RuleSelection& selection, const Context& context) {
  const SelectedRules read = read_selection(selection, context.env.now());
  return load_rules(read.sources, read.options);
}

bool load_selection(const RuleSelection& selection, Context& context, LoadedRules& out) {
  const SelectedRules read = read_selection(selection, context.env.now());
  if (read.unreadable.has_errors()) {
    for (const Diagnostic& d : read.unreadable.entries())
      context.console.error("--rules " + printable(d.span.file + ": " + d.message));
    context.exit_code = kExitUsage;
    return false;
  }
  out = load_rules(read.sources, read.options);
  if (!say_problems(selection, context, out)) return false;
  if (!out.rules.rules.empty()) return true;
  context.fail(kExitUsage, "no rule is left to run: add some with --rules PATH, or drop --no-builtin");
  return false;
}

}  // namespace kubevigil
