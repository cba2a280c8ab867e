// `kubevigil rules catalogue`, `coverage` and `navigator`: pages about the rules that are loaded.
#include <CLI/CLI.hpp>
#include <memory>

#include "engine/app/cli.h"
#include "engine/app/log_coverage_report.h"
#include "engine/app/log_events.h"
#include "engine/app/pack.h"
#include "engine/app/rule_selection.h"
#include "engine/app/rules_pages.h"

namespace kubevigil {
namespace {

using MakePage = std::string (*)(const RuleSet&);

std::string coverage_of_pack(const RuleSet& rules) {
  Diagnostics ignored;  // a test holds the file to be right
  return coverage_page(rules, parse_threats(builtin_threats(), "threats.yaml", ignored));
}

// Kinds of requests of a log, as the rules need them.
class SeenSink : public EventSink {
 public:
  explicit SeenSink(SeenRequests& log) : log_(log) {}
  void event(const Event& event) override { log_.add(event); }
  void bad(BadRecord) override {}

 private:
  SeenRequests& log_;
};

struct CoverageFlags {
  RuleSelection rules;
  std::vector<std::string> logs;
  std::string format = "text";
};

void run_coverage(const CoverageFlags& flags, Context& context) {
  LoadedRules loaded;
  if (!load_selection(flags.rules, context, loaded)) return;
  if (flags.logs.empty()) return context.console.data(coverage_of_pack(loaded.rules));
  LogCoverageReport report;
  SeenSink sink(report.log);
  report.unread = read_events(flags.logs, sink, context);
  report.rules = coverage_in(report.log, loaded.rules);
  context.console.data(flags.format == "json" ? log_coverage_json(report, loaded.rules)
                                              : log_coverage_text(report, loaded.rules));
}

void add_coverage(CLI::App& rules, Context& context) {
  CLI::App* command = rules.add_subcommand(
      "coverage", "Print which threats the rules look for; or, of a log, which rules could see in it");
  command->footer(
      "Examples:\n  kubevigil rules coverage\n  kubevigil rules coverage --from-log /var/log/kubernetes/audit/\n"
      "  kubevigil rules coverage --from-log cloudwatch.json.gz --preset core -o json");
  auto flags = std::make_shared<CoverageFlags>();
  flags->rules.preset.reset();
  command
      ->add_option("--from-log", flags->logs,
                   "Each rule as this log lets it see (evaluable, learning, part, blind, absent): a file, directory or "
                   "glob (repeatable)")
      ->type_name("PATH")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command->add_option("-o,--output", flags->format, "With --from-log: text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->type_name("FORMAT");
  add_rule_options(*command, flags->rules);
  command->callback([flags, &context] { run_coverage(*flags, context); });
}

void add_page(CLI::App& rules, const char* name, const char* help, const char* example, MakePage make,
              Context& context) {
  CLI::App* command = rules.add_subcommand(name, help);
  command->footer(std::string("Example:\n  ") + example);
  auto selection = std::make_shared<RuleSelection>();
  selection->preset.reset();
  add_rule_options(*command, *selection);
  command->callback([selection, make, &context] {
    LoadedRules loaded;
    if (load_selection(*selection, context, loaded)) context.console.data(make(loaded.rules));
  });
}

}  // namespace

void add_rules_pages(CLI::App& rules, Context& context) {
  add_page(rules, "catalogue", "Print all rules as a Markdown page: level, technique, audit level, preset",
           "kubevigil rules catalogue --preset core", catalogue_page, context);
  add_coverage(rules, context);
  add_page(rules, "navigator", "Print a layer for the ATT&CK Navigator (format 4.5)",
           "kubevigil rules navigator --rules mine/ > layer.json", navigator_layer, context);
}

}  // namespace kubevigil
