// `kubevigil completion SHELL`: a script that asks the program itself (completion.h) each time, so that it never grows
// old and also knows the names of the rules that --rules adds.
#include <CLI/CLI.hpp>
#include <memory>

#include "engine/app/cli.h"
#include "engine/app/completion.h"
#include "engine/app/rule_selection.h"

namespace kubevigil {
namespace {

constexpr std::string_view kBash = R"SH(# bash completion for kubevigil: source <(kubevigil completion bash)
_kubevigil() {
  local line also='' cur="${COMP_WORDS[COMP_CWORD]}" program="${COMP_WORDS[0]/#\~/$HOME}"
  COMPREPLY=()
  while IFS= read -r line; do
    case "$line" in
      :*) also="$line" ;;
      *) COMPREPLY+=("${line%%$'\t'*}") ;;
    esac
  done < <("$program" __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  [[ "$cur" == '=' ]] && cur=''
  case "$also" in
    :files) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
    :folders) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
  esac
}
complete -F _kubevigil kubevigil
)SH";

constexpr std::string_view kZsh = R"SH(#compdef kubevigil
# zsh completion for kubevigil: source <(kubevigil completion zsh) after compinit, or as _kubevigil in a folder of fpath
_kubevigil() {
  local -a lines candidates
  local line
  lines=("${(@f)$("${(Q)~words[1]}" __complete "${(@Q)words[2,CURRENT]}" 2>/dev/null)}")
  for line in "${(@)lines[1,-2]}"; do
    candidates+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
  done
  case "$lines[-1]" in
    :files) compset -P '--*='; _files ;;
    :folders) compset -P '--*='; _files -/ ;;
    *) _describe -V 'kubevigil' candidates ;;
  esac
}
if [[ "${funcstack[1]}" == _kubevigil ]]; then
  _kubevigil "$@"
else
  compdef _kubevigil kubevigil
fi
)SH";

constexpr std::string_view kFish = R"SH(# fish completion for kubevigil: kubevigil completion fish | source
function __kubevigil_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l program $words[1]
    set -e words[1]
    set -l lines ($program __complete $words "$current" 2>/dev/null)
    set -l prefix (string match -r -- '^--[^=]*=' $current)
    set -l rest (string replace -r -- '^--[^=]*=' '' $current)
    switch "$lines[-1]"
        case :files
            __fish_complete_path "$rest" | string replace -r -- '^' "$prefix"
        case :folders
            __fish_complete_directories "$rest" | string replace -r -- '^' "$prefix"
        case '*'
            string match -v -- ':*' $lines
    end
end
complete -c kubevigil -f -a '(__kubevigil_complete)'
)SH";

std::vector<Candidate> rule_names(const RuleQuestion& question, const Context& context) {
  RuleSelection selection;
  selection.paths = question.paths;
  selection.no_builtin = question.no_builtin;
  selection.preset.reset();
  std::vector<Candidate> names;
  for (const Rule& rule : load_quietly(selection, context).rules.rules) {
    names.push_back({rule.meta.name, rule.meta.title});
  }
  return names;
}

}  // namespace

void print_completion(const CLI::App& root, const std::vector<std::string>& words, Context& context) {
  const auto names = [&](const RuleQuestion& question) { return rule_names(question, context); };
  context.console.data(to_text(complete(root, words, names)));
}

void add_completion(CLI::App& root, Context& context) {
  CLI::App* command = root.add_subcommand("completion", "Print a shell completion script");
  command->footer(
      "Examples:\n  source <(kubevigil completion bash)\n  kubevigil completion zsh > ~/.zfunc/_kubevigil\n"
      "  kubevigil completion fish > ~/.config/fish/completions/kubevigil.fish");
  auto shell = std::make_shared<std::string>();
  command->add_option("SHELL", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}))
      ->type_name("");
  command->callback([shell, &context] {
    context.console.data(*shell == "fish" ? kFish : *shell == "zsh" ? kZsh : kBash);
  });
}

}  // namespace kubevigil
