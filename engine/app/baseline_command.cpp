// `kubevigil baseline build`: reads logs of normal days and keeps what the new_value rules learned.
#include <CLI/CLI.hpp>
#include <csignal>
#include <memory>

#include "engine/app/cli.h"
#include "engine/app/open_files.h"
#include "engine/app/private_file.h"
#include "engine/app/progress.h"
#include "engine/app/replay_run.h"
#include "engine/app/signals.h"
#include "engine/app/summary.h"
#include "engine/base/text.h"

namespace kubevigil {
namespace {

struct BaselineFlags {
  std::vector<std::string> paths;
  RuleSelection rules;
  std::string out, cluster;
  size_t threads = default_threads();
};

// What was not learned from.
void say_losses(const ReplayReport& report, const Console& console) {
  for (const InputFile& file : report.files) {
    if (!file.problem.empty()) console.error(printable("not read as a whole: " + file.path + ": " + file.problem));
  }
  if (report.bad_total == 0) return;
  console.error(std::to_string(report.bad_total) +
                " bad lines were left out, the first: " + bad_line_text(report.bad.front(), report.files));
}

void run(const BaselineFlags& flags, Context& context) {
  LoadedRules loaded;
  if (!load_selection(flags.rules, context, loaded)) return;
  const auto rules = std::make_shared<const RuleSet>(std::move(loaded.rules));
  const std::atomic<int>& signal = watch_signals();
  InputOptions input;
  input.stop = &signal;
  auto opened = open_files(flags.paths, input);
  for (const std::string& problem : opened.problems) context.console.error(printable(problem));
  for (const std::string& note : opened.notes) context.console.say(printable(note));
  if (opened.inputs.empty()) return context.fail(kExitInput, "there is nothing to read");
  auto checked = check_not_read(flags.out, opened.inputs);
  if (checked) checked = check_private_file(flags.out);
  if (!checked) return context.fail(kExitUsage, printable(checked.error().message));
  ReplayOptions options;
  options.learn_until = Timestamp::max();
  options.threads = flags.threads;
  options.cluster = flags.cluster;
  ProgressDisplay progress(context.console, "auto");
  ReplayHooks hooks;
  hooks.alert = [](const Alert&) {};
  hooks.progress = [&](const ReplayProgress& p) { progress.show(p); };
  hooks.stop = &signal;
  const auto report = replay(opened.inputs, Program::compile(rules), options, hooks, context.env);
  progress.clear();
  if (!report) return context.fail(kExitUsage, report.error().message);
  if (report->stopped) {
    return context.fail(signal.load() == SIGTERM ? kExitTerminated : kExitInterrupt,
                        "interrupted: no baseline was written");
  }
  if (const auto written = write_private_file(flags.out, report->learned); !written) {
    return context.fail(kExitInput, written.error().message);
  }
  context.console.say("wrote " + printable(flags.out) + ": " + std::to_string(report->tally.events) +
                      " events learned from");
  say_losses(*report, context.console);
  if (input_incomplete(*report) || !opened.problems.empty()) context.exit_code = kExitInput;
}

}  // namespace

void add_baseline(CLI::App& root, Context& context) {
  CLI::App* baseline = root.add_subcommand("baseline", "Learn what is usual, for rules about new values");
  baseline->require_subcommand(1);
  baseline->fallthrough();
  baseline->footer("Example:\n  kubevigil baseline build january/ -o usual.kvb");
  CLI::App* command = baseline->add_subcommand("build", "Read logs of normal days and write what was learned");
  command->footer(
      "Examples:\n  kubevigil baseline build january/ -o usual.kvb\n  kubevigil replay february/ --baseline usual.kvb");
  auto flags = std::make_shared<BaselineFlags>();
  command->add_option("PATH", flags->paths, "Files, directories, globs, or - for standard input")
      ->required()
      ->type_name("");
  command->add_option("-o,--output", flags->out, "Where to write the baseline (0600)")->required()->type_name("FILE");
  command->add_option("--cluster", flags->cluster, "Name of the cluster, where the log does not tell")
      ->type_name("NAME");
  add_threads_option(*command, flags->threads);
  add_rule_options(*command, flags->rules);
  command->callback([flags, &context] { run(*flags, context); });
}

}  // namespace kubevigil
