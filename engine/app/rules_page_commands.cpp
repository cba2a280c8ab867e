// `kubevigil rules catalogue` and `navigator`: pages about the rules that are loaded.
#include <CLI/CLI.hpp>
#include <memory>

#include "engine/app/cli.h"
#include "engine/app/rule_selection.h"
#include "engine/app/rules_pages.h"

namespace kubevigil {
namespace {

using MakePage = std::string (*)(const RuleSet&);

void add_page(CLI::App& rules, const char* name, const char* help, const char* example, MakePage make,
              Context& context) {
  CLI::App* command = rules.add_subcommand(name, help);
  command->footer(std::string("Example:\n  ") + example);
  auto selection = std::make_shared<RuleSelection>();
  selection->preset.reset();
  add_rule_options(*command, *selection);
  command->callback([selection, make, &context] {
    LoadedRules loaded;
    if (load_selection(*selection, context, loaded)) context.console.data(make(loaded.rules));
  });
}

}  // namespace

void add_rules_pages(CLI::App& rules, Context& context) {
  add_page(rules, "catalogue", "Print all rules as a Markdown page: level, technique, audit level, preset",
           "kubevigil rules catalogue --preset core", catalogue_page, context);
  add_page(rules, "navigator", "Print a layer for the ATT&CK Navigator (format 4.5)",
           "kubevigil rules navigator --rules mine/ > layer.json", navigator_layer, context);
}

}  // namespace kubevigil
