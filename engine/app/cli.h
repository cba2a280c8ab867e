// The command line: one CLI11 tree. Each subcommand adds itself in a file of its own and does its work in a callback;
// completions are generated from the same tree.
#pragma once

#include "engine/app/context.h"

namespace CLI {
class App;
}

namespace kubevigil {

// Runs the program: parses, dispatches, returns the exit code. Nothing throws.
int run_command_line(int argc, const char* const* argv, Context& context);

void add_replay(CLI::App& root, Context& context);
void add_serve(CLI::App& root, Context& context);
void add_rules(CLI::App& root, Context& context);
void add_policy(CLI::App& root, Context& context);
void add_baseline(CLI::App& root, Context& context);
void add_demo(CLI::App& root, Context& context);
void add_config(CLI::App& root, Context& context);
void add_sinks(CLI::App& root, Context& context);
void add_doctor(CLI::App& root, Context& context);
void add_schema(CLI::App& root, Context& context);
void add_completion(CLI::App& root, Context& context);
void add_version(CLI::App& root, Context& context);

// `kubevigil __complete WORD...`, what completion scripts ask; `words` as in completion.h.
void print_completion(const CLI::App& root, const std::vector<std::string>& words, Context& context);

// Below `rules`.
void add_rules_list(CLI::App& rules, Context& context);
void add_rules_check(CLI::App& rules, Context& context);
void add_rules_test(CLI::App& rules, Context& context);
void add_rules_show(CLI::App& rules, Context& context);
void add_rules_explain(CLI::App& rules, Context& context);
void add_rules_except(CLI::App& rules, Context& context);
void add_rules_fields(CLI::App& rules, Context& context);
void add_rules_pages(CLI::App& rules, Context& context);

}  // namespace kubevigil
