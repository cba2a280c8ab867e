// `kubevigil replay`: options and checks; the work is in replay_run.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "engine/app/cli.h"
#include "engine/app/open_files.h"
#include "engine/app/private_file.h"
#include "engine/app/redact_option.h"
#include "engine/app/replay_journal.h"
#include "engine/app/replay_run.h"
#include "engine/app/signals.h"
#include "engine/app/time_option.h"
#include "engine/base/text.h"
#include "inputs/file_set.h"

namespace kubevigil {
namespace {

constexpr const char* kExamples = R"(Examples:
  kubevigil replay /var/log/kubernetes/audit/ --from 2026-01-01T00:00Z --to 2026-01-02
  zstdcat old.log.zst | kubevigil replay - -o jsonl --min-level high
  kubevigil replay 'logs/*.gz' --rules my-rules/ --fail-on high
  kubevigil replay case/ --evidence evidence/ --stats-json stats.json --bad-lines bad.txt
  kubevigil replay case/ --from -48h --warm-up 24h --baseline usual.kvb
  kubevigil replay --journal /var/lib/kubevigil -o jsonl)";

struct ReplayFlags {
  std::vector<std::string> paths;
  RuleSelection rules;
  OutputFlags output;
  std::string from, to, warm_up, learn_until, baseline, cluster, journal, config;
  RedactFlags redact;
  std::string stats_file, bad_lines_file, evidence_folder;
  size_t threads = default_threads(), batch_kib = 0;
  bool strict = false, profile = false;
};

void add_input_flags(CLI::App& command, ReplayFlags& flags) {
  command.add_option("PATH", flags.paths, "Files, directories, globs, or - for standard input")->type_name("");
  command
      .add_option(
          "--journal", flags.journal,
          "Instead of PATH: the data folder of a `serve` that has ended, run again and held against its journal")
      ->type_name("DIR");
  command
      .add_option("--config", flags.config, "With --journal: that `serve`'s configuration, to reach its Kafka brokers")
      ->type_name("FILE");
  command.add_option("--from", flags.from, "First event time: 2026-01-02, RFC 3339, or -2h")->type_name("TIME");
  command.add_option("--to", flags.to, "Event time to stop before")->type_name("TIME");
  command.add_option("--warm-up", flags.warm_up, "Read so much before --from to fill state, without alerts")
      ->type_name("DURATION");
  command.add_option("--learn-until", flags.learn_until, "Rules for new values only learn before this time")
      ->type_name("TIME");
  command.add_option("--baseline", flags.baseline, "Learned values from `kubevigil baseline build`")->type_name("FILE");
  command.add_option("--cluster", flags.cluster, "Name of the cluster, where the log does not tell")->type_name("NAME");
  add_threads_option(command, flags.threads);
  command.add_option("--batch-kib", flags.batch_kib, "Size of a batch; changes nothing but the speed")
      ->check(CLI::Range(1, 16384))
      ->type_name("N");
}

void add_result_flags(CLI::App& command, ReplayFlags& flags) {
  command.add_flag("--strict", flags.strict, "Stop at the first bad line (exit 3)");
  add_redact_options(command, flags.redact);
  command.add_option("--stats-json", flags.stats_file, "Write everything about the run, with SHA-256 of the files")
      ->type_name("FILE");
  command.add_option("--bad-lines", flags.bad_lines_file, "Write the beginnings of bad lines (0600)")
      ->type_name("FILE");
  command.add_option("--evidence", flags.evidence_folder, "Write the raw records of each alert (0700)")
      ->type_name("DIR");
  command.add_flag("--profile-rules", flags.profile,
                   "Say at the end which rules and fields took the time, and how often each was evaluated and hit");
}

// Fills times and baseline; false after saying what is wrong.
bool fill_options(const ReplayFlags& flags, Context& context, ReplayOptions& options) {
  const auto time = [&](const std::string& text, const char* flag, Timestamp& out) {
    if (text.empty()) return true;
    const auto parsed = parse_time_option(text, context.env.now());
    if (!parsed) context.fail(kExitUsage, fmt::format("{}: {}", flag, parsed.error().message));
    if (parsed) out = *parsed;
    return parsed.has_value();
  };
  if (!time(flags.from, "--from", options.range.from) || !time(flags.to, "--to", options.range.to) ||
      !time(flags.learn_until, "--learn-until", options.learn_until)) {
    return false;
  }
  if (options.range.from >= options.range.to) return context.fail(kExitUsage, "--from is not before --to"), false;
  if (!flags.warm_up.empty()) {
    const auto span = parse_duration(flags.warm_up);
    if (!span) return context.fail(kExitUsage, "--warm-up: write a duration such as 24h or 30m"), false;
    if (flags.from.empty()) return context.fail(kExitUsage, "--warm-up needs --from"), false;
    options.warm_up = *span;
  }
  if (!flags.baseline.empty()) {
    auto bytes = read_whole_file(flags.baseline);
    if (!bytes) return context.fail(kExitUsage, printable("--baseline: " + bytes.error().message)), false;
    options.baseline = std::move(*bytes);
  }
  options.cluster = flags.cluster;
  options.threads = flags.threads;
  options.strict = flags.strict;
  options.profile = flags.profile;
  auto redactor = make_redactor(flags.redact);
  if (!redactor) return context.fail(kExitUsage, redactor.error().message), false;
  options.redactor = *redactor;
  return true;
}

InputOptions input_options(const ReplayFlags& flags, const ReplayOptions& options) {
  InputOptions input;
  input.from = options.range.from == Timestamp::min() ? options.range.from : options.range.from - options.warm_up;
  input.to = options.range.to;
  input.sha256 = !flags.stats_file.empty();
  input.stop = &watch_signals();
  if (flags.batch_kib > 0) input.batch_bytes = flags.batch_kib << 10;
  return input;
}

void run(const ReplayFlags& flags, Context& context) {
  if (!flags.evidence_folder.empty() && std::any_of(flags.paths.begin(), flags.paths.end(), is_read_once)) {
    return context.fail(kExitUsage,
                        "--evidence reads the logs a second time, which standard input or a pipe cannot do");
  }
  RunRequest request;
  request.name = "replay";
  if (!fill_options(flags, context, request.options)) return;
  LoadedRules loaded;
  if (!load_selection(flags.rules, context, loaded)) return;
  request.rules = std::make_shared<const RuleSet>(std::move(loaded.rules));
  const InputOptions input = input_options(flags, request.options);
  auto opened = open_files(flags.paths, input);
  for (const std::string& problem : opened.problems) context.console.error(printable(problem));
  for (const std::string& note : opened.notes) context.console.say(printable(note));
  if (opened.inputs.empty()) context.fail(kExitInput, "there is nothing to read");
  if (opened.inputs.empty() && flags.stats_file.empty()) return;
  request.inputs = std::move(opened.inputs);
  request.unreadable = opened.problems;
  request.reopen = [&] {
    InputOptions again = input;
    again.stop = nullptr;  // after a first Ctrl-C, too, what was found gets its evidence; a second one ends everything
    again.sha256 = false;
    return open_files(flags.paths, again).inputs;
  };
  request.output = flags.output;
  request.stats_file = flags.stats_file;
  request.bad_lines_file = flags.bad_lines_file;
  request.evidence_folder = flags.evidence_folder;
  request.baseline_file = flags.baseline;
  run_replay(request, context);
}

// All that decides what comes out stands in the data folder.
void run_journal(const ReplayFlags& flags, const CLI::App& command, Context& context) {
  static constexpr std::string_view kAllowed[] = {"--journal",   "--config",          "--output",
                                                  "--min-level", "--fail-on",         "--progress",
                                                  "--quiet",     "--redact-key-file", "--help"};
  for (const CLI::Option* option : command.get_options([](const CLI::Option* o) { return o->count() > 0; })) {
    const std::string name = option->get_name(false, false);
    if (std::find(std::begin(kAllowed), std::end(kAllowed), name) != std::end(kAllowed)) continue;
    return context.fail(kExitUsage, fmt::format("--journal and {} do not go together: inputs, rules and their settings "
                                                "are those of the data folder",
                                                name));
  }
  replay_journal({flags.journal, flags.output, flags.config, flags.redact}, context);
}

}  // namespace

void add_replay(CLI::App& root, Context& context) {
  CLI::App* command = root.add_subcommand("replay", "Find intrusions in archived audit logs");
  command->footer(kExamples);
  auto flags = std::make_shared<ReplayFlags>();
  add_input_flags(*command, *flags);
  add_rule_options(*command, flags->rules);
  add_output_flags(*command, flags->output, "table on a terminal, else jsonl");
  add_result_flags(*command, *flags);
  command->callback([flags, command, &context] {
    if (flags->journal.empty() && flags->paths.empty()) throw CLI::RequiredError("PATH");
    if (flags->journal.empty() && !flags->config.empty()) throw CLI::ValidationError("--config", "goes with --journal");
    flags->journal.empty() ? run(*flags, context) : run_journal(*flags, *command, context);
  });
}

}  // namespace kubevigil
