// `kubevigil rules except`: the narrowest filter for an alert, tried out on the log that it came from.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <memory>
#include <optional>

#include "engine/app/cli.h"
#include "engine/app/exception_draft.h"
#include "engine/app/open_files.h"
#include "engine/app/private_file.h"
#include "engine/app/replay_run.h"
#include "engine/app/rule_facts.h"
#include "engine/app/rule_selection.h"
#include "engine/base/text.h"
#include "engine/base/timestamp.h"
#include "engine/event/record_reader.h"

namespace kubevigil {
namespace {

constexpr size_t kShortestId = 6;      // characters of an alert's id
constexpr size_t kSilencedShown = 20;  // alerts
constexpr Duration kUsualExpiry = Duration::hours(90 * 24);

struct ExceptFlags {
  std::string alert_id, owner, reason, expires, baseline, cluster;
  std::vector<std::string> logs;
  RuleSelection rules;
  size_t threads = default_threads();
};

// What is compared between a run with the filter and one without: ids change with the meaning of the rule.
struct SeenAlert {
  std::string rule, dedup_key, message;
  Timestamp first, last;
  Level level;
};

struct Run {
  std::vector<SeenAlert> alerts;
  std::optional<Alert> wanted;
  size_t of_that_id = 0;
};

std::optional<Run> run_over(const ExceptFlags& flags, std::shared_ptr<const RuleSet> rules, Context& context) {
  auto opened = open_files(flags.logs, {});
  for (const std::string& problem : opened.problems) context.fail(kExitInput, printable(problem));
  if (opened.inputs.empty()) return context.fail(kExitInput, "there is nothing to read"), std::nullopt;
  ReplayOptions options;
  options.threads = flags.threads;
  options.cluster = flags.cluster;
  if (!flags.baseline.empty()) {
    auto bytes = read_whole_file(flags.baseline);
    if (!bytes) return context.fail(kExitUsage, printable("--baseline: " + bytes.error().message)), std::nullopt;
    options.baseline = std::move(*bytes);
  }
  Run run;
  ReplayHooks hooks;
  hooks.alert = [&](const Alert& alert) {
    run.alerts.push_back(
        {alert.rule_name, alert.dedup_key, alert.message, alert.first_seen, alert.last_seen, alert.level});
    if (!alert.id.starts_with(flags.alert_id)) return;
    ++run.of_that_id;
    run.wanted = alert;
  };
  const auto report = replay(opened.inputs, Program::compile(std::move(rules)), options, hooks, context.env);
  if (!report) return context.fail(kExitUsage, printable("--baseline: " + report.error().message)), std::nullopt;
  return run;
}

// Hands the events that the alert lists to the draft.
class EvidenceReader : public EventSink {
 public:
  EvidenceReader(const Alert& alert, const DerivedConfig& config, ExceptionDraft& draft)
      : alert_(alert), fields_(config), draft_(draft) {}

  void read(const ExceptFlags& flags) {
    auto opened = open_files(flags.logs, {});
    RecordReader reader(flags.cluster);
    for (const auto& input : opened.inputs) {
      Batch batch;
      for (batch = {}; input->next(batch); batch = {}) {
        for (const Record& record : batch.records) {
          const std::string& file = input->files()[record.position.file - input->first_file()].path;
          if (is_listed(file, record.position.offset)) reader.read(batch, record, Timestamp{}, *this);
        }
      }
    }
  }
  size_t found() const { return found_; }

  void event(const Event& event) override {
    const std::string_view audit_id = event.text(FieldId::AuditId);
    const bool listed = std::any_of(alert_.events.begin(), alert_.events.end(),
                                    [&](const AlertEvent& e) { return e.audit_id == audit_id; });
    if (!listed) return;  // another event of the same record
    ++found_;
    fields_.begin(event);
    draft_.add(event, fields_);
  }
  void bad(BadRecord) override {}

 private:
  bool is_listed(const std::string& file, uint64_t offset) const {
    return std::any_of(alert_.events.begin(), alert_.events.end(),
                       [&](const AlertEvent& e) { return e.file == file && e.offset == offset; });
  }

  const Alert& alert_;
  FieldLookup fields_;
  ExceptionDraft& draft_;
  size_t found_ = 0;
};

bool still_there(const Run& run, const Alert& alert) {
  return std::any_of(run.alerts.begin(), run.alerts.end(), [&](const SeenAlert& seen) {
    return seen.rule == alert.rule_name && seen.dedup_key == alert.dedup_key && seen.first <= alert.last_seen &&
           seen.last >= alert.first_seen;
  });
}

// Alerts of `before` that nothing in `after` stands for.
std::vector<const SeenAlert*> silenced(const Run& before, const Run& after) {
  std::map<std::tuple<std::string_view, std::string_view, int64_t>, size_t> left;
  for (const SeenAlert& seen : after.alerts) ++left[{seen.rule, seen.dedup_key, seen.first.micros}];
  std::vector<const SeenAlert*> gone;
  for (const SeenAlert& seen : before.alerts) {
    const auto at = left.find({seen.rule, seen.dedup_key, seen.first.micros});
    if (at != left.end() && at->second > 0) {
      --at->second;
      continue;
    }
    gone.push_back(&seen);
  }
  return gone;
}

// Comment lines, so that the whole output is a rule file.
std::string report_text(const Run& before, const Run& after, const std::vector<std::string>& notes) {
  const std::vector<const SeenAlert*> gone = silenced(before, after);
  std::string out = fmt::format("# In this log it silences {} of {} alerts", gone.size(), before.alerts.size());
  if (after.alerts.size() + gone.size() > before.alerts.size()) {
    out +=
        fmt::format("; {} begin later or under another key", after.alerts.size() + gone.size() - before.alerts.size());
  }
  out += gone.empty() ? ".\n" : ":\n";
  for (size_t i = 0; i < std::min(gone.size(), kSilencedShown); ++i) {
    out += fmt::format("#   {} {:<13} {}: {}\n", format_rfc3339(gone[i]->first), to_text(gone[i]->level),
                       printable(gone[i]->rule), printable(gone[i]->message));
  }
  if (gone.size() > kSilencedShown) out += fmt::format("#   and {} more\n", gone.size() - kSilencedShown);
  for (const std::string& note : notes) out += "# " + printable(note) + "\n";
  return out;
}

std::string cannot_except(const Rule& rule, const ExceptionDraft& draft, size_t found) {
  if (rule.extension.exempt_never) {
    return rule.meta.name + " allows no exception (exempt: never): what it finds is wrong whoever does it";
  }
  if (!draft.refused().empty()) return draft.refused();
  if (found == 0)
    return "the events of the alert were not found again: it was opened by time passing, or the logs changed";
  return "";
}

// The rules with the filter added, or nothing after saying why.
std::shared_ptr<const RuleSet> rules_with(const ExceptFlags& flags, const std::string& filter, Context& context) {
  SelectedRules read = read_selection(flags.rules, context.env.now());
  read.sources.push_back({"exception.yaml", filter, false});
  LoadedRules loaded = load_rules(read.sources, read.options);
  if (!loaded.diagnostics.has_errors()) return std::make_shared<const RuleSet>(std::move(loaded.rules));
  context.console.say(render(loaded.diagnostics, loaded.sources));
  context.fail(kExitUsage, "the rules do not load with the filter");
  return nullptr;
}

std::string expiry(const ExceptFlags& flags, const Context& context) {
  return flags.expires.empty() ? format_rfc3339(context.env.now() + kUsualExpiry).substr(0, 10) : flags.expires;
}

// Widens the filter until the alert is gone; the last run is the one to report.
void try_out(const ExceptFlags& flags, const Run& before, ExceptionDraft& draft, Context& context) {
  const Alert& alert = *before.wanted;
  const ExceptionFacts facts{alert.rule_name, alert.id, flags.owner, flags.reason, expiry(flags, context)};
  std::vector<std::string> notes;
  if (draft.cut()) {
    notes.push_back(fmt::format("Only {} different events became tuples; the alert lists more.", draft.tuples()));
  }
  const std::string narrowest = draft.yaml(facts);
  while (true) {
    const std::string filter = draft.yaml(facts);
    auto rules = rules_with(flags, filter, context);
    if (!rules) return;
    const std::optional<Run> after = run_over(flags, std::move(rules), context);
    if (!after) return;
    const bool there = still_there(*after, alert);
    const std::string left_out = there ? draft.widen() : "";
    if (!left_out.empty()) {
      notes.push_back("Wider than the listed events, or the alert would stay: " + left_out + " are left out.");
      continue;
    }
    if (there)
      notes = {"The alert STAYS, even with wider filters: further events than those listed carry it; edit the filter."};
    context.console.data(report_text(before, *after, notes) + (there ? narrowest : filter));
    if (there) context.exit_code = kExitGate;
    return;
  }
}

// What is wrong with the flags, before logs are read for it.
std::string wrong_flag(const ExceptFlags& flags, const Context& context) {
  if (flags.alert_id.size() < kShortestId)
    return fmt::format("give at least {} characters of the alert's id", kShortestId);
  if (std::find(flags.logs.begin(), flags.logs.end(), "-") != flags.logs.end()) {
    return "the log is read more than once, which standard input cannot be: give a file";
  }
  if (flags.expires.empty()) return "";
  const auto date = flags.expires.size() == 10 ? parse_date_or_time(flags.expires) : std::nullopt;
  if (!date) return "--expires " + printable(flags.expires) + " is no date such as 2026-12-31";
  const bool past = flags.expires < format_rfc3339(context.env.now()).substr(0, 10);
  return past ? "--expires " + flags.expires + " is over: the exception would be off from the start" : "";
}

std::vector<FieldRef> fields_read(const Rule& rule, const RuleSet& rules) {
  std::vector<FieldRef> fields;
  for (const std::string& name : facts_of(rule, rules).fields) {
    if (const auto field = parse_field(name)) fields.push_back(*field);
  }
  return fields;
}

void run(const ExceptFlags& flags, Context& context) {
  if (const std::string wrong = wrong_flag(flags, context); !wrong.empty()) return context.fail(kExitUsage, wrong);
  LoadedRules loaded;
  if (!load_selection(flags.rules, context, loaded)) return;
  const auto rules = std::make_shared<const RuleSet>(std::move(loaded.rules));
  const std::optional<Run> before = run_over(flags, rules, context);
  if (!before) return;
  if (before->of_that_id != 1) {
    return context.fail(
        kExitUsage,
        before->of_that_id > 1
            ? fmt::format("{} alerts have an id that begins so: give more of it", before->of_that_id)
            : fmt::format(
                  "none of the {} alerts of that log has this id; ids follow from the log and the rules, so give "
                  "the log, --preset, --rules, --cluster, --baseline and --trusted-proxy of the run that made it",
                  before->alerts.size()));
  }
  const Rule* rule = rules->find(before->wanted->rule_name);
  if (rule == nullptr) return context.fail(kExitUsage, "the rule of that alert is gone");
  const Redactor redactor;
  ExceptionDraft draft(redactor, fields_read(*rule, *rules));
  EvidenceReader evidence(*before->wanted, rules->derived, draft);
  evidence.read(flags);
  const std::string refused = cannot_except(*rule, draft, evidence.found());
  if (!refused.empty()) return context.fail(kExitGate, printable(refused));
  try_out(flags, *before, draft, context);
}

}  // namespace

void add_rules_except(CLI::App& rules, Context& context) {
  CLI::App* command =
      rules.add_subcommand("except", "Print the narrowest filter for an alert, and what it would silence");
  command->footer(
      "Examples:\n  kubevigil rules except 01998a2c --log /var/log/kubernetes/audit/ --owner platform --reason 'node "
      "agent'\n"
      "  kubevigil rules except 01998a2c --log audit.log > my-rules/filters/node-agent.yaml");
  auto flags = std::make_shared<ExceptFlags>();
  command->add_option("ALERT_ID", flags->alert_id, "Id of the alert, or its beginning")->required()->type_name("");
  command->add_option("--log", flags->logs, "The log that gives the alert: a file, directory or glob (repeatable)")
      ->required()
      ->type_name("PATH")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  command->add_option("--owner", flags->owner, "Who answers for the exception")->default_val("not named yet");
  command->add_option("--reason", flags->reason, "Why it is no threat")->default_val("not given yet");
  command->add_option("--expires", flags->expires, "Last day of the exception: 2026-12-31; default in 90 days")
      ->type_name("DATE");
  command->add_option("--baseline", flags->baseline, "Learned values, as for replay")->type_name("FILE");
  command->add_option("--cluster", flags->cluster, "Name of the cluster, where the log does not tell")
      ->type_name("NAME");
  add_threads_option(*command, flags->threads);
  add_rule_options(*command, flags->rules);
  command->callback([flags, &context] { run(*flags, context); });
}

}  // namespace kubevigil
