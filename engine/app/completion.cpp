#include "engine/app/completion.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "engine/app/command_tree.h"
#include "engine/base/text.h"

namespace kubevigil {
namespace {

// The command line up to the cursor.
struct Place {
  const CLI::App* command = nullptr;
  const CLI::Option* waiting = nullptr;  // an option whose value comes next
  size_t positionals = 0;                // of `command`, so far
  bool options_ended = false;            // by "--"
  RuleQuestion rules;

  void take(const std::string& word);
  void take_option(const std::string& word);
  void take_value(const CLI::Option& option, const std::string& value);
};

void Place::take_value(const CLI::Option& option, const std::string& value) {
  if (option.check_lname("rules")) rules.paths.push_back(value);
}

void Place::take_option(const std::string& word) {
  const bool is_long = word.starts_with("--");
  const size_t end = is_long ? word.find('=') : 2;
  const CLI::Option* option = option_of(command, word.substr(0, end));
  if (option == nullptr) return;
  if (option->check_lname("no-builtin")) rules.no_builtin = true;
  if (!takes_value(*option)) return;
  if (end >= word.size()) {
    waiting = option;
  } else {
    take_value(*option, word.substr(is_long ? end + 1 : end));
  }
}

void Place::take(const std::string& word) {
  if (waiting != nullptr) {
    if (word == "=") return;
    take_value(*std::exchange(waiting, nullptr), word);
  } else if (!options_ended && word == "--") {
    options_ended = true;
  } else if (!options_ended && word.size() > 1 && word.front() == '-') {
    take_option(word);
  } else if (const CLI::App* child = child_of(*command, word)) {
    command = child;
    positionals = 0;
  } else {
    ++positionals;
  }
}

class Finder {
 public:
  Finder(const Place& place, std::string current, const RuleNames& rule_names)
      : place_(place), current_(std::move(current)), rule_names_(rule_names) {}

  Completion find() {
    const size_t equals = current_.starts_with("--") ? current_.find('=') : std::string::npos;
    if (place_.waiting != nullptr) {
      if (current_ == "=") current_.clear();
      values(*place_.waiting);
    } else if (!place_.options_ended && equals != std::string::npos) {
      prefix_ = current_.substr(0, equals + 1);
      const CLI::Option* option = option_of(place_.command, current_.substr(0, equals));
      if (option != nullptr && takes_value(*option)) values(*option);
    } else if (!place_.options_ended && current_.starts_with('-')) {
      options();
    } else {
      arguments();
    }
    return std::move(out_);
  }

 private:
  void add(const std::string& word, const std::string& description) {
    std::string whole = prefix_ + word;
    if (whole.starts_with(current_)) out_.candidates.push_back({std::move(whole), description});
  }

  void options() {
    for (const CLI::App* app = place_.command; app != nullptr; app = app->get_parent()) {
      for (const CLI::Option* option : app->get_options()) {
        const bool hidden = app != place_.command && option->check_lname("help");
        if (hidden) continue;
        for (const std::string& name : option->get_lnames()) add("--" + name, option->get_description());
        if (current_ != "-") continue;
        for (const std::string& name : option->get_snames()) add("-" + name, option->get_description());
      }
    }
  }

  // The values are those that the option's check allows, as its type says them: "FORMAT:{table,jsonl}".
  void values(const CLI::Option& option) {
    const std::string type = option.get_type_name();
    const size_t open = type.find('{'), close = type.rfind('}');
    if (open != std::string::npos && close != std::string::npos) {
      for (const std::string_view value : split(std::string_view(type).substr(open + 1, close - open - 1), ',')) {
        add(std::string(value), "");
      }
      return;
    }
    const std::string name = option.get_positional() ? option.get_name(true) : "";
    if (name == "ID") {
      for (const Candidate& rule : rule_names_(place_.rules)) add(rule.word, rule.description);
    } else if (type == "FILE" || type == "PATH" || name == "PATH") {
      out_.also = Completion::Also::Files;
    } else if (type == "DIR") {
      out_.also = Completion::Also::Folders;
    }
  }

  void arguments() {
    for (const CLI::App* child : children_of(*place_.command)) add(child->get_name(), child->get_description());
    size_t before = place_.positionals;
    for (const CLI::Option* option : place_.command->get_options()) {
      if (!option->get_positional()) continue;
      const auto room = static_cast<size_t>(std::max(0, option->get_items_expected_max()));
      if (before < room) return values(*option);
      before -= room;
    }
  }

  const Place& place_;
  std::string current_, prefix_;
  const RuleNames& rule_names_;
  Completion out_;
};

}  // namespace

Completion complete(const CLI::App& root, const std::vector<std::string>& words, const RuleNames& rule_names) {
  Place place;
  place.command = &root;
  for (size_t i = 0; i + 1 < words.size(); ++i) place.take(words[i]);
  return Finder(place, words.empty() ? "" : words.back(), rule_names).find();
}

std::string to_text(const Completion& completion) {
  std::string out;
  for (const Candidate& candidate : completion.candidates) {
    out += candidate.word + '\t' + printable(candidate.description) + '\n';
  }
  constexpr std::string_view kDirectives[] = {":none", ":files", ":folders"};
  return out.append(kDirectives[static_cast<size_t>(completion.also)]) + '\n';
}

}  // namespace kubevigil
