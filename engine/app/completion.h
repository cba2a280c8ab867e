// What may stand at the cursor of a command line: subcommands, options, values of options, names of rules. Asked by the
// completion scripts through `kubevigil __complete WORD... CURRENT` (WORD without the program's name), which prints
//
//   output    = { candidate '\t' description '\n' } directive '\n'
//   directive = ":files" | ":folders" | ":none"     what the shell may add by itself
//
// so that the three scripts hold no words of their own. bash hands on "--option=value" as three words; others as one.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace kubevigil {

struct Candidate {
  std::string word, description;
};

struct Completion {
  enum class Also : uint8_t { None, Files, Folders };
  std::vector<Candidate> candidates;  // all of them begin with the word at the cursor
  Also also = Also::None;
};

// Names of the rules that a command with these --rules (and --no-builtin) runs with.
struct RuleQuestion {
  std::vector<std::string> paths;
  bool no_builtin = false;
};
using RuleNames = std::function<std::vector<Candidate>(const RuleQuestion&)>;

// `words`: what stands on the command line behind the program's name; the last is the one at the cursor, perhaps empty.
Completion complete(const CLI::App& root, const std::vector<std::string>& words, const RuleNames& rule_names);
std::string to_text(const Completion& completion);

}  // namespace kubevigil
