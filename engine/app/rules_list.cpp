// `kubevigil rules` itself, and `rules list`.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "engine/app/cli.h"
#include "engine/app/rule_facts.h"
#include "engine/app/rule_selection.h"
#include "engine/base/json_writer.h"
#include "engine/base/terminal.h"
#include "engine/base/text.h"

namespace kubevigil {
namespace {

struct ListFlags {
  RuleSelection rules;
  std::string format = "table", min_level = "informational";
};

std::string kind_of(const Rule& rule) {
  return rule.is_detection() ? std::string("detection") : std::string(to_text(rule.correlation().type));
}

// A user's own rules run in every preset.
std::string_view preset_of(const Rule& rule) { return rule.meta.builtin ? to_text(rule.extension.preset) : "own"; }

constexpr const char* kRow = "{:<44}{:<17}{:<9}{:<10}{:<17}{}";

std::string as_table(const std::vector<const Rule*>& listed, const RuleSet& rules, const Context& context) {
  std::string out;
  const size_t width = context.console.out_is_terminal() ? context.console.width() : 0;
  const auto row = [&](std::string_view level, std::string_view color, std::string_view rest) {
    std::string line = fmt::format("{:<14}", level);
    if (!color.empty() && context.color_out()) line = std::string(color) + line + std::string(kColorReset);
    line += rest;
    out += (width == 0 ? line : cut_to_width(line, width)) + "\n";
  };
  row("LEVEL", "", fmt::format(kRow, "NAME", "KIND", "STAGE", "PRESET", "NEEDS", "TITLE"));
  for (const Rule* rule : listed) {
    std::string title = printable(rule->meta.title);
    if (rule->site.disabled) {
      title += " (disabled by an overlay)";
    } else if (!rule->alerts) {
      title += " (read by correlations only)";
    }
    if (!rule->dead.empty()) title += " (DEAD: " + printable(rule->dead) + ")";
    row(to_text(rule->meta.level), level_color(rule->meta.level),
        fmt::format(kRow, printable(rule->meta.name), kind_of(*rule), to_text(rule->extension.stage), preset_of(*rule),
                    facts_of(*rule, rules).needed_level, title));
  }
  return out;
}

std::string as_json(const std::vector<const Rule*>& listed, const RuleSet& rules) {
  JsonWriter json;
  json.begin_object().member("schema", "kubevigil.rules/v1").member("hash", rules.hash).key("rules").begin_array();
  for (const Rule* rule : listed) {
    const RuleFacts facts = facts_of(*rule, rules);
    json.begin_object().member("id", rule->meta.id).member("name", rule->meta.name).member("title", rule->meta.title);
    json.member("level", to_text(rule->meta.level)).member("kind", kind_of(*rule));
    json.optional("stage", to_text(rule->extension.stage)).optional("status", rule->meta.status);
    json.member("preset", preset_of(*rule));
    json.member("tags", rule->meta.tags).member("fields", facts.fields).member("needs_level", facts.needed_level);
    json.member("alerts", rule->alerts).member("builtin", rule->meta.builtin).optional("dead", rule->dead);
    json.member("file", rule->meta.span.file).member("line", rule->meta.span.line);
    json.member("hash", rule->semantic_hash).end_object();
  }
  json.end_array().end_object();
  return json.take() + "\n";
}

void run(const ListFlags& flags, Context& context) {
  LoadedRules loaded;
  if (!load_selection(flags.rules, context, loaded)) return;
  const Level least = parse_level(flags.min_level).value_or(Level::Informational);
  std::vector<const Rule*> listed;
  for (const Rule& rule : loaded.rules.rules) {
    if (rule.meta.level >= least) listed.push_back(&rule);
  }
  std::stable_sort(listed.begin(), listed.end(), [](const Rule* a, const Rule* b) {
    return a->meta.level != b->meta.level ? a->meta.level > b->meta.level : a->meta.name < b->meta.name;
  });
  if (flags.format == "json") return context.console.data(as_json(listed, loaded.rules));
  if (flags.format == "table") return context.console.data(as_table(listed, loaded.rules, context));
  for (const Rule* rule : listed) context.console.data(rule->meta.name + "\n");
}

}  // namespace

void add_rules_list(CLI::App& rules, Context& context) {
  CLI::App* command = rules.add_subcommand("list", "List the rules");
  command->footer(
      "Examples:\n  kubevigil rules list --min-level high\n  kubevigil rules list --rules mine/ --no-builtin -o json");
  auto flags = std::make_shared<ListFlags>();
  flags->rules.preset.reset();
  add_rule_options(*command, flags->rules);
  command->add_option("-o,--output", flags->format, "table, json or name")
      ->check(CLI::IsMember({"table", "json", "name"}))
      ->type_name("FORMAT");
  command->add_option("--min-level", flags->min_level, "Only rules of this level and above")
      ->check(CLI::IsMember(std::vector<std::string>(kLevelNames.begin(), kLevelNames.end())))
      ->type_name("LEVEL");
  command->callback([flags, &context] { run(*flags, context); });
}

void add_rules(CLI::App& root, Context& context) {
  CLI::App* rules = root.add_subcommand("rules", "List, check, test and explain rules");
  rules->footer(
      "Examples:\n  kubevigil rules check my-rules/\n  kubevigil rules test my-rules/\n"
      "  kubevigil rules explain privileged_pod_created --event event.json");
  rules->require_subcommand(1);
  rules->fallthrough();
  add_rules_list(*rules, context);
  add_rules_check(*rules, context);
  add_rules_test(*rules, context);
  add_rules_show(*rules, context);
  add_rules_explain(*rules, context);
  add_rules_except(*rules, context);
  add_rules_fields(*rules, context);
  add_rules_pages(*rules, context);
}

}  // namespace kubevigil
