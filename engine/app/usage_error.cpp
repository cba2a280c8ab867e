#include "engine/app/usage_error.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "engine/app/command_tree.h"
#include "engine/base/text.h"

namespace kubevigil {
namespace {

// The command line walked as far as it makes sense.
struct Walk {
  const CLI::App* command;           // the deepest subcommand that was named
  std::string path;                  // "kubevigil rules"
  std::string unknown_command;       // a word where a subcommand was expected
  std::string unknown_option;        // with its dashes, without a value
  std::vector<std::string> options;  // that `command` understands, with their dashes
};

std::vector<std::string> names_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* child : children_of(app)) names.push_back(child->get_name());
  return names;
}

std::vector<std::string> options_of(const CLI::App* app) {
  std::vector<std::string> names;
  for (; app != nullptr; app = app->get_parent()) {
    for (const CLI::Option* option : app->get_options()) {
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    }
  }
  return names;
}

Walk walk(const CLI::App& root, const std::vector<std::string>& arguments) {
  Walk at{&root, root.get_name(), {}, {}, {}};
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    if (word == "--") break;
    if (word.size() > 1 && word.front() == '-') {
      const size_t equals = word.find('=');
      const CLI::Option* option = option_of(at.command, word.substr(0, equals));
      if (option == nullptr && word.starts_with("--")) {
        at.unknown_option = word.substr(0, equals);
        break;
      }
      if (option != nullptr && takes_value(*option) && equals == std::string::npos) ++i;
    } else if (!children_of(*at.command).empty()) {
      const CLI::App* child = child_of(*at.command, word);
      if (child == nullptr) {
        at.unknown_command = word;
        break;
      }
      at.command = child;
      at.path += " " + child->get_name();
    }
  }
  at.options = options_of(at.command);
  return at;
}

std::string_view nearest_of(const std::string& word, const std::vector<std::string>& names) {
  const std::vector<std::string_view> candidates(names.begin(), names.end());
  return nearest(word, candidates);
}

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

}  // namespace

std::string usage_message(const CLI::App& root, const std::vector<std::string>& arguments,
                          const CLI::ParseError& error) {
  const Walk at = walk(root, arguments);
  const std::string help = fmt::format(" (see {} --help)", at.path);
  if (!at.unknown_command.empty()) {
    const std::vector<std::string> names = names_of(*at.command);
    const std::string_view near = nearest_of(at.unknown_command, names);
    return fmt::format("{} has no subcommand \"{}\": {}{}", at.path, printable(at.unknown_command),
                       near.empty() ? "there are " + joined(names) : fmt::format("did you mean {}?", near), help);
  }
  if (!at.unknown_option.empty()) {
    const std::string_view near = nearest_of(at.unknown_option, at.options);
    return fmt::format("{} has no option {}{}{}", at.path, printable(at.unknown_option),
                       near.empty() ? "" : fmt::format(": did you mean {}?", near), help);
  }
  if (!children_of(*at.command).empty()) {
    return fmt::format("{} needs a subcommand: {}{}", at.path, joined(names_of(*at.command)), help);
  }
  return printable(error.what()) + help;
}

}  // namespace kubevigil
