// `kubevigil sinks`: list the outputs of a configuration, and send a test alert through one.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <optional>

#include "engine/app/cli.h"
#include "engine/app/config_load.h"
#include "engine/app/sink_trial.h"
#include "engine/base/json_writer.h"
#include "engine/base/text.h"

namespace kubevigil {
namespace {

constexpr std::string_view kTransportNames[] = {"stdout", "file", "http", "syslog", "kafka"};

struct SinksFlags {
  std::string config, name;
  std::string level = "informational";
  std::string format = "table";
};

// Nothing, after saying why, when the file cannot be used.
std::optional<Config> load(const std::string& path, Context& context) {
  Result<LoadedConfig> loaded = load_config(path, environment());
  if (!loaded) {
    context.fail(kExitUsage, loaded.error().message);
    return std::nullopt;
  }
  if (loaded->diagnostics.has_errors()) {
    context.console.say(render(loaded->diagnostics, loaded->sources));
    context.fail(kExitUsage, "the configuration has errors; kubevigil config check says all");
    return std::nullopt;
  }
  return std::move(loaded->config);
}

std::string filter_words(const FilterConfig& filter) {
  std::string out(to_text(filter.min_level));
  if (filter.min_level == Level::Informational) out = "all levels";
  if (filter.min_level > Level::Informational && filter.min_level < Level::Critical) out += " and above";
  const auto add = [&](std::string_view what, const std::vector<std::string>& names) {
    if (names.empty()) return;
    out += fmt::format(", {} {}", what, printable(fmt::format("{}", fmt::join(names, " "))));
  };
  add("rules", filter.rules);
  add("not rules", filter.not_rules);
  add("clusters", filter.clusters);
  return out;
}

std::string as_json(const std::vector<OutputConfig>& outputs) {
  JsonWriter json;
  json.begin_array();
  for (const OutputConfig& output : outputs) {
    json.begin_object().member("name", output.name);
    json.member("transport", kTransportNames[static_cast<size_t>(output.transport)]);
    json.member("encoding", output.encoding).member("destination", destination(output));
    json.member("filter", filter_words(output.filter)).end_object();
  }
  return json.end_array().text() + "\n";
}

std::string as_table(const std::vector<OutputConfig>& outputs) {
  size_t name = 4, encoding = 8;
  for (const OutputConfig& output : outputs) {
    name = std::max(name, output.name.size());
    encoding = std::max(encoding, output.encoding.size());
  }
  std::string out;
  for (const OutputConfig& output : outputs) {
    out += fmt::format("{:<{}}  {:<{}}  {:<6}  {}\n", printable(output.name), name, output.encoding, encoding,
                       kTransportNames[static_cast<size_t>(output.transport)], destination(output));
    out += fmt::format("{:<{}}  {}\n", "", name, filter_words(output.filter));
  }
  return out;
}

void run_list(const SinksFlags& flags, Context& context) {
  const auto config = load(flags.config, context);
  if (!config) return;
  context.console.data(flags.format == "json" ? as_json(config->outputs) : as_table(config->outputs));
  if (config->outputs.empty()) context.console.say("the configuration names no outputs: alerts go nowhere");
}

void run_test(const SinksFlags& flags, Context& context) {
  const auto config = load(flags.config, context);
  if (!config) return;
  const auto named = std::find_if(config->outputs.begin(), config->outputs.end(),
                                  [&](const OutputConfig& output) { return output.name == flags.name; });
  if (named == config->outputs.end()) {
    std::vector<std::string_view> names;
    for (const OutputConfig& output : config->outputs) names.push_back(output.name);
    return context.fail(kExitUsage, fmt::format("there is no output {}; the configuration has: {}",
                                                printable(flags.name), fmt::join(names, ", ")));
  }
  context.console.flush();  // an output to standard output writes by itself
  const Trial trial = try_output(*named, config->instance, *parse_level(flags.level), posix_disk(), context.env);
  const std::string words =
      fmt::format("{} ({} to {}): {}", named->name, named->encoding, destination(*named), trial.words);
  if (trial.delivered) return context.console.say(words);
  context.fail(kExitGate, words);
}

void add_list(CLI::App& sinks, Context& context) {
  CLI::App* command = sinks.add_subcommand("list", "Print where alerts go");
  command->footer("Example:\n  kubevigil sinks list -c /etc/kubevigil/kubevigil.yaml");
  auto flags = std::make_shared<SinksFlags>();
  command->add_option("-c,--config", flags->config, "The configuration")->required()->type_name("FILE");
  command->add_option("-o,--output", flags->format, "table or json")
      ->check(CLI::IsMember({"table", "json"}))
      ->type_name("FORMAT");
  command->callback([flags, &context] { run_list(*flags, context); });
}

void add_test(CLI::App& sinks, Context& context) {
  CLI::App* command =
      sinks.add_subcommand("test", "Send one marked test alert through one output; exit 1 when it was not delivered");
  command->footer("Example:\n  kubevigil sinks test soc -c /etc/kubevigil/kubevigil.yaml --level high");
  auto flags = std::make_shared<SinksFlags>();
  command->add_option("NAME", flags->name, "An output of the configuration")->required()->type_name("");
  command->add_option("-c,--config", flags->config, "The configuration")->required()->type_name("FILE");
  command->add_option("--level", flags->level, "Level of the test alert, where the receiver passes on some only")
      ->check(CLI::IsMember(std::vector<std::string>(kLevelNames.begin(), kLevelNames.end())))
      ->type_name("LEVEL");
  command->callback([flags, &context] { run_test(*flags, context); });
}

}  // namespace

void add_sinks(CLI::App& root, Context& context) {
  CLI::App* sinks = root.add_subcommand("sinks", "List and test where alerts go");
  sinks->require_subcommand(1);
  add_list(*sinks, context);
  add_test(*sinks, context);
}

}  // namespace kubevigil
