// Looking things up in the tree of subcommands: for complaints about wrong usage and for completion.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace kubevigil {

std::vector<const CLI::App*> children_of(const CLI::App& app);
const CLI::App* child_of(const CLI::App& app, const std::string& name);  // or null

// By a name with its dashes; of the command and of those above it, whose options it takes, too. Null: there is none.
const CLI::Option* option_of(const CLI::App* app, const std::string& name);
bool takes_value(const CLI::Option& option);

}  // namespace kubevigil
