// `kubevigil version` and `kubevigil schema`: they only print.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "engine/alert/alert.h"
#include "engine/alert/attack.h"
#include "engine/app/cli.h"
#include "engine/app/pack.h"
#include "engine/base/json_writer.h"
#include "engine/base/metric_table.h"
#include "engine/event/event_reader.h"
#include "engine/event/formats.h"
#include "engine/event/json_block.h"
#include "engine/run/self_alert.h"

namespace kubevigil {

void add_version(CLI::App& root, Context& context) {
  CLI::App* command = root.add_subcommand("version", "Print the version");
  command->footer("Example:\n  kubevigil version -o json");
  auto format = std::make_shared<std::string>("text");
  command->add_option("-o,--output", *format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->type_name("FORMAT");
  command->callback([format, &context] {
    if (*format == "text") return context.console.data("kubevigil " + version_text() + "\n");
    LoadOptions options;
    options.lists = builtin_lists();
    JsonWriter json;
    json.begin_object().member("name", "kubevigil").member("version", version_text());
    json.member("alert_schema", "kubevigil.alert/v1").member("attack_version", kAttackVersion);
    json.optional("commit", commit_text()).member("rules_hash", load_rules(builtin_rules(), options).rules.hash);
    json.member("json_kernel", simdjson_kernel())
        .member("block_kernel", json_block_kernel())
        .member("compiler", __VERSION__)
        .end_object();
    context.console.data(json.text() + "\n");
  });
}

std::string commit_text() { return KUBEVIGIL_COMMIT; }

namespace {

struct Page {
  std::string_view name;
  std::string (*make)();
};
constexpr Page kPages[] = {
    {"alert", alert_schema}, {"formats", formats_page}, {"metrics", metrics_page}, {"self-alerts", self_alerts_page}};

}  // namespace

void add_schema(CLI::App& root, Context& context) {
  CLI::App* command = root.add_subcommand(
      "schema", "Print what is published: JSON Schema of alerts, the tables of formats, metrics and self-alerts");
  command->footer("Example:\n  kubevigil schema alert > alert.schema.json");
  auto name = std::make_shared<std::string>();
  command->add_option("NAME", *name, "alert: JSON Schema; formats, metrics, self-alerts: Markdown")
      ->required()
      ->check(CLI::IsMember({"alert", "formats", "metrics", "self-alerts"}))
      ->type_name("");
  // `name` lives as long as the callback: the option writes into it.
  command->callback([name, &context] {
    const auto* const found = std::ranges::find(kPages, *name, &Page::name);
    context.console.data(found->make());
  });
}

}  // namespace kubevigil
