// What `replay` and `demo` share: running the pipeline with output, progress, summary and files, and the exit code.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/app/context.h"
#include "engine/app/rule_selection.h"
#include "engine/run/replay.h"

namespace CLI {
class App;
}

namespace kubevigil {

// Options of the alerts' way out.
struct OutputFlags {
  std::string format;  // "": table on a terminal, else jsonl
  std::string min_level = "informational";
  std::string fail_on;  // "": no gate
  std::string progress = "auto";
  bool quiet = false;  // no summary
};
// `usual_form`: words for the help, what comes without -o.
void add_output_flags(CLI::App& command, OutputFlags& flags, const std::string& usual_form);

struct RunRequest {
  std::string name;  // "replay"
  std::vector<std::unique_ptr<Input>> inputs;
  std::shared_ptr<const RuleSet> rules;
  ReplayOptions options;
  OutputFlags output;
  std::vector<std::string> unreadable;  // paths that gave no input, each with the reason
  std::string stats_file, bad_lines_file, evidence_folder, baseline_file;
  std::function<std::vector<std::unique_ptr<Input>>()> reopen;  // for evidence
};

// Leaves the exit code in `context`.
void run_replay(RunRequest& request, Context& context);

// Threads to use by default: as many as the machine has.
size_t default_threads();
// --threads: the same words and bounds for all commands that read logs. `threads` holds the default.
void add_threads_option(CLI::App& command, size_t& threads);

}  // namespace kubevigil
