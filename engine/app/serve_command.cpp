// `kubevigil serve`: the configuration, the log, and the exit code; the work is in serve.h.
#include <CLI/CLI.hpp>
#include <memory>

#include "engine/app/cli.h"
#include "engine/app/config_check.h"
#include "engine/app/serve.h"
#include "engine/app/service.h"
#include "engine/app/signals.h"

namespace kubevigil {
namespace {

constexpr const char* kExamples = R"(Example:
  kubevigil config check /etc/kubevigil/kubevigil.yaml && kubevigil serve -c /etc/kubevigil/kubevigil.yaml

SIGTERM and SIGINT end it cleanly (exit 0): what was taken in is processed, the rest waits on the disk.
SIGHUP: rules, certificates and credentials are looked at again; they also are every few seconds.
Exit codes: 0 stopped; 2 configuration; 3 the disk or an input failed: it recovers at a restart.)";

// Every problem at once; false: there are errors.
bool load(const std::string& file, Context& context, LoadedConfig& out) {
  auto loaded = load_config(file, environment());
  if (!loaded) return context.fail(kExitUsage, loaded.error().message), false;
  check_config(*loaded);
  check_config_files(*loaded, context.env, FileProblems::OutputsOnlyWarn);
  out = std::move(*loaded);
  if (!out.diagnostics.empty()) context.console.say(render(out.diagnostics, out.sources));
  if (!out.diagnostics.has_errors()) return true;
  context.fail(kExitUsage, "the configuration has errors; nothing was started");
  return false;
}

void run(const std::string& file, Context& context) {
  const auto& hangups = watch_hangups();  // first: a reload that is asked for now must not end the program
  const auto& stop = watch_signals();
  LoadedConfig loaded;
  if (!load(file, context, loaded)) return;
  const Config& config = loaded.config;
  Log log(context.env, {config.log.level, config.log.format}, context.console.err());
  const uint64_t descriptors = raise_open_files();
  log.info("serve", "starting", {{"version", version_text()}, {"configuration", file}, {"open_files", descriptors}});
  Serve serve(config, posix_disk(), context.env, log);
  const auto served = serve.run(stop, hangups);
  if (served) return;
  log.error("serve", "ended", {{"why", served.error().message}});
  context.exit_code = kExitInput;
}

}  // namespace

void add_serve(CLI::App& root, Context& context) {
  CLI::App* command = root.add_subcommand("serve", "Watch clusters: take audit webhooks, follow logs, send alerts");
  command->footer(kExamples);
  auto file = std::make_shared<std::string>("/etc/kubevigil/kubevigil.yaml");
  command->add_option("-c,--config", *file, "The configuration")->type_name("FILE")->capture_default_str();
  command->callback([file, &context] { run(*file, context); });
}

}  // namespace kubevigil
