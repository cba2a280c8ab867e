#include "engine/app/cli.h"

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstring>

#include "engine/app/usage_error.h"

namespace kubevigil {
namespace {

constexpr const char* kExamples = R"(Examples:
  kubevigil replay /var/log/kubernetes/audit/ --from 2026-01-01T00:00Z --to 2026-01-02
  zstdcat old.log.zst | kubevigil replay - -o jsonl --min-level high
  kubevigil rules list
  kubevigil demo

Exit codes: 0 done; 1 a gate (--fail-on, failing rule tests or checks); 2 usage, configuration or rules;
3 input unreadable or partly so, or results not written; 130, 143 interrupted, 141 closed pipe.)";

// Help goes to standard output, complaints to standard error; every wrong usage exits 2.
int report(const CLI::App& root, const CLI::ParseError& error, const std::vector<std::string>& arguments,
           Console& console) {
  if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) {
    std::ostringstream out, err;
    root.exit(error, out, err);
    console.data(out.str());
    return kExitDone;
  }
  console.error(usage_message(root, arguments, error));
  return kExitUsage;
}

// Who closes a pipe (`| head -1`) has seen enough; anything else has lost what was to be kept.
void say_lost_output(Context& context) {
  const int error = context.console.output_error();
  if (error == EPIPE) {
    context.exit_code = kExitClosedPipe;
  } else {
    context.fail(kExitInput, std::string("standard output could not be written to its end: ") + std::strerror(error));
  }
}

}  // namespace

int run_command_line(int argc, const char* const* argv, Context& context) {
  CLI::App root("kubevigil finds intrusions in Kubernetes API-server audit logs with Sigma rules.", "kubevigil");
  root.footer(kExamples);
  root.require_subcommand(1);
  root.fallthrough();
  root.set_version_flag("--version", "kubevigil " + version_text(), "Print the version (version -o json says more)");
  root.get_formatter()->column_width(34);
  root.add_option("--color", context.color, "Colour: auto (a terminal, and NO_COLOR not set), always, never")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->type_name("WHEN");
  add_replay(root, context);
  add_serve(root, context);
  add_rules(root, context);
  add_policy(root, context);
  add_baseline(root, context);
  add_demo(root, context);
  add_config(root, context);
  add_sinks(root, context);
  add_doctor(root, context);
  add_schema(root, context);
  add_completion(root, context);
  add_version(root, context);
  try {
    if (argc > 1 && std::string_view(argv[1]) == "__complete") {
      print_completion(root, {argv + 2, argv + argc}, context);
    } else {
      root.parse(argc, argv);
    }
  } catch (const CLI::ParseError& error) {
    context.exit_code = report(root, error, {argv + 1, argv + argc}, context.console);
  }
  context.console.flush();
  if (context.console.output_error() != 0) say_lost_output(context);
  return context.exit_code;
}

}  // namespace kubevigil
