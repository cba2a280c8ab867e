// `kubevigil policy check`: an audit policy before an API server runs with it.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "engine/app/cli.h"
#include "engine/app/log_events.h"
#include "engine/app/policy_report.h"
#include "engine/app/private_file.h"
#include "engine/app/rule_selection.h"
#include "engine/base/text.h"

namespace kubevigil {
namespace {

struct PolicyFlags {
  std::string file, format = "text", fail_on = "error";
  std::vector<std::string> logs;
  RuleSelection rules;
  bool all = false;
};

class LogTally : public EventSink {
 public:
  LogTally(PolicyReport& report, const DerivedConfig& config) : report_(report), fields_(config) {}

  void event(const Event& event) override {
    fields_.begin(event);
    report_.tally->add(event, effect_on(report_.policy, event, fields_));
  }
  void bad(BadRecord) override {}

 private:
  PolicyReport& report_;
  FieldLookup fields_;
};

void read_logs(const PolicyFlags& flags, const RuleSet& rules, PolicyReport& report, Context& context) {
  report.tally.emplace(report.policy);
  LogTally tally(report, rules.derived);
  report.unread = read_events(flags.logs, tally, context);
}

void run(const PolicyFlags& flags, Context& context) {
  const auto text = read_whole_file(flags.file);
  if (!text) return context.fail(kExitUsage, printable(text.error().message));
  LoadedRules loaded;
  if (!load_selection(flags.rules, context, loaded)) return;
  PolicyReport report;
  report.file = flags.file;
  report.policy = parse_audit_policy(*text, flags.file, report.diagnostics);
  report.diagnostics.sort();
  report.sources[flags.file] = *text;
  const bool broken = report.diagnostics.has_errors();
  if (!broken) report.sights = rule_sights(loaded.rules, report.policy);
  if (!broken && !flags.logs.empty()) read_logs(flags, loaded.rules, report, context);
  context.console.data(flags.format == "json" ? policy_json(report, loaded.rules)
                                              : policy_text(report, loaded.rules, flags.all));
  const bool warned = report.diagnostics.count(Severity::Warning) > 0;
  const bool blind = !rules_with(report, loaded.rules, Sight::Blind).empty();
  const bool failed = broken || (flags.fail_on != "error" && warned) || (flags.fail_on == "blind" && blind);
  if (failed && context.exit_code == kExitDone) context.exit_code = kExitGate;
}

void add_check(CLI::App& policy, Context& context) {
  CLI::App* command =
      policy.add_subcommand("check", "Check a policy file, and which rules are blind under it; exit 1 on errors");
  command->footer(
      "Examples:\n  kubevigil policy check /etc/kubernetes/audit-policy.yaml\n"
      "  kubevigil policy check policy.yaml --fail-on blind\n"
      "  kubevigil policy check policy.yaml --log /var/log/kubernetes/audit/");
  auto flags = std::make_shared<PolicyFlags>();
  command->add_option("FILE", flags->file, "A policy of audit.k8s.io/v1")->required()->type_name("");
  command
      ->add_option("--log", flags->logs,
                   "Count what each rule of the policy would do to this log: a file, directory or glob (repeatable)")
      ->type_name("PATH")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command->add_flag("--all", flags->all, "Also what rules that see in part do not see");
  command->add_option("--fail-on", flags->fail_on, "Exit 1 on: error, warning, blind (rules, and warnings)")
      ->check(CLI::IsMember({"error", "warning", "blind"}))
      ->type_name("WHAT");
  command->add_option("-o,--output", flags->format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->type_name("FORMAT");
  add_rule_options(*command, flags->rules);
  command->callback([flags, &context] { run(*flags, context); });
}

}  // namespace

void add_policy(CLI::App& root, Context& context) {
  CLI::App* policy = root.add_subcommand("policy", "Check audit policies of API servers");
  policy->footer(
      "Example:\n  kubevigil policy check /etc/kubernetes/audit-policy.yaml --log /var/log/kubernetes/audit/");
  policy->require_subcommand(1);
  policy->fallthrough();
  add_check(*policy, context);
}

}  // namespace kubevigil
