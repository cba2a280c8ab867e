#include "engine/app/replay_run.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <thread>

#include "engine/app/alert_printer.h"
#include "engine/app/evidence.h"
#include "engine/app/open_files.h"
#include "engine/app/private_file.h"
#include "engine/app/profile_view.h"
#include "engine/app/progress.h"
#include "engine/app/signals.h"
#include "engine/app/summary.h"
#include "engine/base/limits.h"
#include "engine/base/text.h"
#include "outputs/registry.h"

namespace kubevigil {
namespace {

std::vector<std::string> format_names() {
  std::vector<std::string> names;
  for (const EncodingRow& row : encodings()) names.emplace_back(row.name);
  return names;
}

std::vector<std::string> level_names() { return {kLevelNames.begin(), kLevelNames.end()}; }

int exit_code_of(const RunRequest& request, const ReplayReport& report, std::optional<Level> highest, int signal,
                 int output_error) {
  if (output_error != 0) return output_error == EPIPE ? kExitClosedPipe : kExitInput;
  if (report.stopped) return signal == SIGTERM ? kExitTerminated : kExitInterrupt;
  if (input_incomplete(report) || !request.unreadable.empty()) return kExitInput;
  const auto gate = parse_level(request.output.fail_on);
  return gate && highest && *highest >= *gate ? kExitGate : kExitDone;
}

std::string stop_text(int signal) {
  return signal == kStopOutput ? "stopped: nothing can be printed any more; alerts may be missing at the end"
                               : "interrupted: what was found so far was printed";
}

// Bad records as they stood, with secrets of known shapes redacted; a comment line in front of each says where.
std::string bad_lines_text(const ReplayReport& report, const Redactor& redactor) {
  std::string out;
  for (const BadRecord& bad : report.bad) {
    out += fmt::format("# {}\n{}\n", bad_line_text(bad, report.files), printable(redactor.text(bad.kept)));
  }
  if (report.bad_total > report.bad.size()) {
    out += fmt::format("# {} further bad lines are not kept\n", report.bad_total - report.bad.size());
  }
  return out;
}

// A wrong path is said before the logs are read, not hours later.
bool files_can_be_written(const RunRequest& request, Context& context) {
  if (!request.stats_file.empty() && request.stats_file == request.bad_lines_file) {
    return context.fail(kExitUsage, "--stats-json and --bad-lines name the same file"), false;
  }
  for (const std::string* path : {&request.stats_file, &request.bad_lines_file}) {
    if (path->empty()) continue;
    auto checked = check_not_read(*path, request.inputs);
    if (checked) checked = check_private_file(*path);
    if (!checked) {
      return context.fail(kExitUsage, printable(checked.error().message)), false;
    }
  }
  if (request.evidence_folder.empty()) return true;
  const auto made = make_evidence_folder(request.evidence_folder);
  if (!made) context.fail(kExitUsage, printable(made.error().message));
  return made.has_value();
}

void say_failure(Context& context, const Result<void>& written) {
  if (!written) context.fail(kExitInput, printable(written.error().message));
}

void write_evidence_files(RunRequest& request, Context& context, std::vector<EvidenceItem>& evidence) {
  auto inputs = request.reopen();
  const auto missing = write_evidence(request.evidence_folder, evidence, inputs);
  if (!missing) return context.fail(kExitInput, printable(missing.error().message));
  if (*missing == 0) return;
  context.fail(kExitInput, fmt::format("{} records of alerts were not found again: the logs have changed since (found: "
                                       "false in {}/manifest.json)",
                                       *missing, printable(request.evidence_folder)));
}

// The statistics last: their custody block has the exit code.
void write_files(RunRequest& request, Context& context, RunFacts& facts, std::vector<EvidenceItem>& evidence) {
  if (!request.bad_lines_file.empty()) {
    say_failure(context,
                write_private_file(request.bad_lines_file, bad_lines_text(facts.report, request.options.redactor)));
  }
  if (!request.evidence_folder.empty()) write_evidence_files(request, context, evidence);
  facts.exit_code = context.exit_code;
  if (!request.stats_file.empty()) say_failure(context, write_private_file(request.stats_file, stats_json(facts)));
}

}  // namespace

void add_threads_option(CLI::App& command, size_t& threads) {
  command
      .add_option("--threads", threads,
                  "Threads that read and match; changes nothing but the speed. Default: one a core, at most 8")
      ->check(CLI::Range(1, 256))
      ->type_name("N");
}

size_t default_threads() { return std::clamp<size_t>(std::thread::hardware_concurrency(), 1, limits::kDefaultThreads); }

void add_output_flags(CLI::App& command, OutputFlags& flags, const std::string& usual_form) {
  command.add_option("-o,--output", flags.format, "Form of the alerts; default " + usual_form + "\n" + encoding_help())
      ->check(CLI::IsMember(format_names()))
      ->type_name("FORMAT");
  command.add_option("--min-level", flags.min_level, "Print only alerts of this level and above")
      ->check(CLI::IsMember(level_names()))
      ->type_name("LEVEL");
  command.add_option("--fail-on", flags.fail_on, "Exit 1 when an alert of this level or above was found")
      ->check(CLI::IsMember(level_names()))
      ->type_name("LEVEL");
  command.add_option("--progress", flags.progress, "auto, json or none (on standard error)")
      ->check(CLI::IsMember({"auto", "json", "none"}))
      ->type_name("MODE");
  command.add_flag("-q,--quiet", flags.quiet, "No progress and no closing summary");
}

void run_replay(RunRequest& request, Context& context) {
  if (!files_can_be_written(request, context)) return;
  AlertPrinter printer(request.output, false, context);
  ProgressDisplay progress(context.console, request.output.quiet ? "none" : request.output.progress);
  std::vector<EvidenceItem> evidence;
  const bool same_terminal = context.console.out_is_terminal() && context.console.err_is_terminal();
  ReplayHooks hooks;
  hooks.alert = [&](const Alert& alert) {
    if (same_terminal) progress.clear();
    printer.print(alert);
    if (!request.evidence_folder.empty()) evidence.push_back(evidence_of(alert));
  };
  hooks.progress = [&](const ReplayProgress& p) { progress.show(p); };
  const std::atomic<int>& signal = watch_signals();
  hooks.stop = &signal;
  hooks.give_up = [] { stop_run(kStopStrict); };
  const Timestamp started = context.env.now();
  const Duration began = context.env.monotonic();
  const auto program = Program::compile(request.rules);
  const auto report = replay(request.inputs, program, request.options, hooks, context.env);
  progress.clear();
  if (!report) {
    return context.fail(kExitUsage,
                        printable(fmt::format("--baseline {}: {}", request.baseline_file, report.error().message)));
  }
  printer.end();
  RunFacts facts{*report,
                 *request.rules,
                 context.command_line,
                 request.name,
                 request.unreadable,
                 started,
                 context.env.now(),
                 context.env.monotonic() - began,
                 context.env.peak_memory(),
                 exit_code_of(request, *report, printer.highest(), signal.load(), context.console.output_error()),
                 parse_level(request.output.min_level).value_or(Level::Informational)};
  context.exit_code = facts.exit_code;
  write_files(request, context, facts, evidence);
  if (!request.output.quiet) context.console.say(summary_text(facts));
  if (report->profile) context.console.say(profile_text(*report->profile, *request.rules));
  if (report->stopped) context.console.error(stop_text(signal.load()));
  if (report->strict_stop) {
    context.console.error(fmt::format(
        "--strict: stopped at the first bad line, {}; what is printed holds for the events before it (without --strict "
        "it is counted and left out, and everything else is read)",
        bad_line_text(report->bad.front(), report->files)));
  }
}

}  // namespace kubevigil
