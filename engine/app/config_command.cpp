// `kubevigil config`: check, show, schema.
#include <CLI/CLI.hpp>
#include <memory>

#include "engine/app/cli.h"
#include "engine/app/config_check.h"
#include "engine/app/config_schema.h"
#include "engine/app/config_show.h"

namespace kubevigil {
namespace {

struct CheckFlags {
  std::string file;
  bool text_only = false;
};

void run_check(const CheckFlags& flags, Context& context) {
  Result<LoadedConfig> loaded = load_config(flags.file, environment());
  if (!loaded) return context.fail(kExitUsage, loaded.error().message);
  check_config(*loaded);
  if (!flags.text_only) check_config_files(*loaded, context.env);
  const Diagnostics& found = loaded->diagnostics;
  context.console.data(render(found, loaded->sources));
  const size_t errors = found.count(Severity::Error), warnings = found.count(Severity::Warning);
  const auto number = [](size_t n, const std::string& what) {
    return std::to_string(n) + ' ' + what + (n == 1 ? "" : "s");
  };
  context.console.data(number(errors, "error") + ", " + number(warnings, "warning") + '\n');
  if (errors > 0) context.exit_code = kExitGate;
}

struct ShowFlags {
  std::string file, format = "yaml";
};

void run_show(const ShowFlags& flags, Context& context) {
  Result<LoadedConfig> loaded = load_config(flags.file, environment());
  if (!loaded) return context.fail(kExitUsage, loaded.error().message);
  if (loaded->diagnostics.has_errors()) {
    context.console.say(render(loaded->diagnostics, loaded->sources));
    return context.fail(kExitUsage, "the configuration has errors; kubevigil config check says all");
  }
  context.console.data(flags.format == "json" ? config_as_json(*loaded) : config_as_yaml(*loaded));
}

void add_check(CLI::App& config, Context& context) {
  CLI::App* command =
      config.add_subcommand("check", "Report every problem of a configuration; exit 1 when there are errors");
  command->footer("Example:\n  kubevigil config check /etc/kubevigil/kubevigil.yaml");
  auto flags = std::make_shared<CheckFlags>();
  command->add_option("FILE,-c,--config", flags->file, "The configuration")->required()->type_name("FILE");
  command->add_flag("--text-only", flags->text_only, "Do not look for the files it names: for another machine's");
  command->callback([flags, &context] { run_check(*flags, context); });
}

void add_show(CLI::App& config, Context& context) {
  CLI::App* command = config.add_subcommand("show", "Print what is in effect, and where each value comes from");
  command->footer("Example:\n  kubevigil config show -c /etc/kubevigil/kubevigil.yaml");
  auto flags = std::make_shared<ShowFlags>();
  command->add_option("FILE,-c,--config", flags->file, "The configuration")->required()->type_name("FILE");
  command->add_option("-o,--output", flags->format, "yaml or json")
      ->check(CLI::IsMember({"yaml", "json"}))
      ->type_name("FORMAT");
  command->callback([flags, &context] { run_show(*flags, context); });
}

}  // namespace

void add_config(CLI::App& root, Context& context) {
  CLI::App* config = root.add_subcommand("config", "Check, show and describe the configuration of serve");
  config->require_subcommand(1);
  add_check(*config, context);
  add_show(*config, context);
  CLI::App* schema = config->add_subcommand("schema", "Print the JSON Schema of the configuration file");
  schema->footer("Example:\n  kubevigil config schema > kubevigil.schema.json");
  schema->callback([&context] { context.console.data(config_schema()); });
}

}  // namespace kubevigil
