// `kubevigil demo`: the bundled five-stage intrusion among the events of a normal morning, made in memory and sent
// through the same pipeline as a log on disk.
#include <CLI/CLI.hpp>
#include <memory>

#include "engine/app/cli.h"
#include "engine/app/demo_stream.h"
#include "engine/app/replay_run.h"
#include "engine/base/text.h"
#include "engine/run/memory_input.h"

namespace kubevigil {
namespace {

struct DemoFlags {
  RuleSelection rules;
  OutputFlags output;
  std::string stats_file;
  bool benign = false, events = false;
  size_t threads = default_threads();
};

std::vector<std::string> lines_of(const std::string& stream) {
  std::vector<std::string> lines;
  for (const std::string_view line : split(stream, '\n')) {
    if (!line.empty()) lines.emplace_back(line);
  }
  return lines;
}

void run(const DemoFlags& flags, Context& context) {
  const std::string stream = demo_stream(flags.benign ? DemoPart::BenignOnly : DemoPart::WithIntrusion);
  if (flags.events) return context.console.data(stream);
  LoadedRules loaded;
  if (!load_selection(flags.rules, context, loaded)) return;
  RunRequest request;
  request.name = "demo";
  request.rules = std::make_shared<const RuleSet>(std::move(loaded.rules));
  request.inputs.push_back(std::make_unique<MemoryInput>("demo", 0, lines_of(stream)));
  request.options.threads = flags.threads;
  request.output = flags.output;
  if (request.output.format.empty()) request.output.format = "table";
  request.stats_file = flags.stats_file;
  run_replay(request, context);
}

}  // namespace

void add_demo(CLI::App& root, Context& context) {
  CLI::App* command = root.add_subcommand("demo", "Find the bundled five-stage intrusion; needs no file");
  command->footer(
      "Examples:\n  kubevigil demo\n  kubevigil demo -o jsonl | head -1\n"
      "  kubevigil demo --events > demo.log && kubevigil replay demo.log");
  auto flags = std::make_shared<DemoFlags>();
  add_output_flags(*command, flags->output, "table");
  command->add_flag("--benign", flags->benign, "Only the normal part, without the intrusion");
  command->add_flag("--events", flags->events, "Print the audit events themselves, one a line");
  command->add_option("--stats-json", flags->stats_file, "Write everything about the run")->type_name("FILE");
  add_threads_option(*command, flags->threads);
  add_rule_options(*command, flags->rules);
  command->callback([flags, &context] { run(*flags, context); });
}

}  // namespace kubevigil
