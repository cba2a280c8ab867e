// `kubevigil rules coverage`: which threats the rules look for; with a log, what they could see in it.
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

struct CoverageFlags {
  RuleSelection rules;
  std::vector<std::string> logs;
  std::string format = "text";
};

class Requests : public EventSink {
 public:
  explicit Requests(SeenRequests& seen) : seen_(seen) {}
  void event(const Event& event) override { seen_.add(event); }
  void bad(BadRecord) override {}

 private:
  SeenRequests& seen_;
};

std::string page_of_pack(const RuleSet& rules) {
  Diagnostics ignored;  // a test holds the file to be right
  return coverage_page(rules, parse_threats(builtin_threats(), "threats.yaml", ignored));
}

void run(const CoverageFlags& flags, Context& context) {
  LoadedRules loaded;
  if (!load_selection(flags.rules, context, loaded)) return;
  if (flags.logs.empty()) {
    if (flags.format == "json") return context.fail(kExitUsage, "-o json goes with --from-log");
    return context.console.data(page_of_pack(loaded.rules));
  }
  LogCoverageReport report;
  Requests requests(report.log);
  report.unread = read_events(flags.logs, requests, context);
  report.rules = coverage_in(report.log, loaded.rules);
  context.console.data(flags.format == "json" ? log_coverage_json(report, loaded.rules)
                                              : log_coverage_text(report, loaded.rules));
}

}  // namespace

void add_rules_coverage(CLI::App& rules, Context& context) {
  CLI::App* command =
      rules.add_subcommand("coverage", "Which threats the rules look for (Markdown), or what they can see in a log");
  command->footer("Examples:\n  kubevigil rules coverage\n  kubevigil rules coverage --from-log audit.log -o json");
  auto flags = std::make_shared<CoverageFlags>();
  command
      ->add_option("--from-log", flags->logs,
                   "Rule by rule, whether this log lets it see: a file, directory or glob (repeatable)")
      ->type_name("PATH")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command->add_option("-o,--output", flags->format, "Of --from-log: text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->type_name("FORMAT");
  flags->rules.preset.reset();
  add_rule_options(*command, flags->rules);
  command->callback([flags, &context] { run(*flags, context); });
}

}  // namespace kubevigil
