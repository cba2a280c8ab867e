// `kubevigil rules show`: one rule with everything that is known about it. `rules fields`: the field table.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>

#include "engine/alert/alert_builder.h"
#include "engine/alert/attack.h"
#include "engine/app/cli.h"
#include "engine/app/pack.h"
#include "engine/app/rule_facts.h"
#include "engine/app/rule_selection.h"
#include "engine/base/json_writer.h"
#include "engine/base/text.h"

namespace kubevigil {
namespace {

struct ShowFlags {
  RuleSelection rules;
  std::string id;
};

std::vector<std::string> case_names(const Rule& rule) {
  std::vector<std::string> names;
  Diagnostics ignored;
  const std::string beside = case_file_of(rule.meta.span.file);
  std::error_code missing;
  std::vector<CaseSource> sources;
  if (rule.meta.builtin) sources = builtin_cases();
  if (!rule.meta.builtin && std::filesystem::exists(beside, missing)) sources = find_case_files({beside}, ignored);
  for (const CaseSource& source : sources) {
    const CaseFile file = parse_case_file(source, ignored);
    if (rule.meta.builtin && file.rule_file != rule.meta.span.file) continue;
    for (const Case& c : file.cases) names.push_back(c.name);
  }
  return names;
}

class Sheet {
 public:
  void line(std::string_view name, std::string_view text) {
    if (text.empty()) return;
    for (const std::string_view part : split(text, '\n')) {  // a rule's own line breaks stay
      out_ += trim(part).empty()
                  ? "\n"
                  : fmt::format("{:<14} {}\n", name, printable(part.substr(0, part.find_last_not_of("\r") + 1)));
      name = "";
    }
  }
  void list(std::string_view name, const std::vector<std::string>& texts) {
    for (size_t i = 0; i < texts.size(); ++i) line(i == 0 ? name : "", texts[i]);
  }
  void block(std::string_view text) {
    for (const std::string_view part : split(text, '\n')) out_ += printable(part) + "\n";
  }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

// In which presets it alerts.
std::string_view preset_text(const Rule& rule) {
  if (rule.site.disabled) return "none: an overlay disabled it";
  if (rule.site.enabled) return "every: an overlay enabled it";
  return rule.meta.builtin ? to_text(rule.extension.preset) : "own: runs in every preset";
}

std::string sheet_of(const Rule& rule, const RuleSet& rules) {
  const RuleFacts facts = facts_of(rule, rules);
  Sheet sheet;
  sheet.line("name", rule.meta.name);
  sheet.line("id", rule.meta.id);
  sheet.line("title", rule.meta.title);
  sheet.line("level", to_text(rule.meta.level));
  sheet.line("status", rule.meta.status);
  sheet.line("stage", to_text(rule.extension.stage));
  sheet.line("preset", preset_text(rule));
  sheet.list("changed here", rule.site.notes);
  for (const AlertAttack& a : attack_of_tags(rule.meta.tags)) {
    sheet.line("attack", fmt::format("{} {}{}{} {}", a.tactic_id, a.tactic, a.technique_id.empty() ? "" : ", ",
                                     a.technique_id, a.technique));
  }
  sheet.line("file", fmt::format("{}:{}", rule.meta.span.file, rule.meta.span.line));
  sheet.line("description", std::string(trim(rule.meta.description)));
  sheet.line("condition", condition_text(rule));
  sheet.line("dead", rule.dead);
  sheet.line("needs level", facts.needed_level);
  sheet.list("fields", facts.fields);
  sheet.list("portable", facts.not_portable.empty() ? std::vector<std::string>{"yes"} : facts.not_portable);
  sheet.list("false alarms", rule.meta.falsepositives);
  sheet.list("next steps", rule.meta.next_steps);
  sheet.list("references", rule.meta.references);
  sheet.list("cases", case_names(rule));
  sheet.line("hash", rule.semantic_hash);
  sheet.block("\n" + to_text(rule, rules));
  return sheet.take();
}

void run_show(const ShowFlags& flags, Context& context) {
  LoadedRules loaded;
  if (!load_selection(flags.rules, context, loaded)) return;
  const Rule* rule = find_rule_or_say(loaded, flags.id, context);
  if (rule != nullptr) context.console.data(sheet_of(*rule, loaded.rules));
}

std::string_view shape_text(FieldShape shape) {
  constexpr std::array<std::string_view, 4> kTexts = {"scalar", "list", "map", "tree"};
  return kTexts[static_cast<size_t>(shape)];
}

std::string_view origin_text(FieldOrigin origin) {
  constexpr std::array<std::string_view, 5> kTexts = {"envelope", "body", "derived", "hit", "internal"};
  return kTexts[static_cast<size_t>(origin)];
}

std::vector<const FieldInfo*> public_fields() {
  std::vector<const FieldInfo*> fields;
  for (const FieldInfo& info : field_table()) {
    if (info.origin != FieldOrigin::Internal) fields.push_back(&info);
  }
  return fields;
}

std::string fields_text() {
  std::string out;
  for (const FieldInfo* f : public_fields()) {
    out += fmt::format("{:<28} {:<7} {:<9} {}\n", f->name, shape_text(f->shape), origin_text(f->origin), f->doc);
  }
  return out;
}

// Meaning, other names and values of a field.
std::string full_doc(const FieldInfo& field) {
  std::string out(field.doc);
  const auto add = [&](std::string_view title, const auto& words) {
    for (size_t i = 0; i < words.size(); ++i) out += fmt::format("{} `{}`", i == 0 ? title : ",", words[i]);
  };
  add(". Also:", field.aliases);
  add(". One of:", field.domain);
  return out;
}

std::string fields_markdown() {
  std::string out = "| field | shape | origin | meaning |\n|---|---|---|---|\n";
  for (const FieldInfo* f : public_fields()) {
    std::string doc = full_doc(*f);
    for (size_t at = 0; (at = doc.find('|', at)) != std::string::npos; at += 2) doc.insert(at, "\\");
    out += fmt::format("| `{}` | {} | {} | {} |\n", f->name, shape_text(f->shape), origin_text(f->origin), doc);
  }
  return out;
}

std::string fields_json() {
  JsonWriter json;
  json.begin_object().member("schema", "kubevigil.fields/v1").key("fields").begin_array();
  for (const FieldInfo* f : public_fields()) {
    json.begin_object().member("name", f->name).member("shape", shape_text(f->shape));
    json.member("origin", origin_text(f->origin)).member("derived", f->origin == FieldOrigin::Derived);
    json.member("aliases", std::vector<std::string>(f->aliases.begin(), f->aliases.end()));
    json.member("domain", std::vector<std::string>(f->domain.begin(), f->domain.end()));
    json.member("needs_request_body", f->needs_request_body).member("spoofable", f->spoofable);
    json.member("unbounded", f->unbounded).member("doc", f->doc).end_object();
  }
  json.end_array().end_object();
  return json.take() + "\n";
}

}  // namespace

void add_rules_show(CLI::App& rules, Context& context) {
  CLI::App* command = rules.add_subcommand("show", "Show one rule: meaning, fields, needed audit level, cases");
  command->footer("Example:\n  kubevigil rules show privileged_pod_created");
  auto flags = std::make_shared<ShowFlags>();
  command->add_option("ID", flags->id, "Name or id of the rule")->required()->type_name("");
  flags->rules.preset.reset();
  add_rule_options(*command, flags->rules);
  command->callback([flags, &context] { run_show(*flags, context); });
}

void add_rules_fields(CLI::App& rules, Context& context) {
  CLI::App* command = rules.add_subcommand("fields", "Print the fields that rules may use");
  command->footer("Example:\n  kubevigil rules fields -o markdown");
  auto format = std::make_shared<std::string>("text");
  command->add_option("-o,--output", *format, "text, markdown or json")
      ->check(CLI::IsMember({"text", "markdown", "json"}))
      ->type_name("FORMAT");
  command->callback([format, &context] {
    context.console.data(*format == "json" ? fields_json() : *format == "markdown" ? fields_markdown() : fields_text());
  });
}

}  // namespace kubevigil
