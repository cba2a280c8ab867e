// `kubevigil completion SHELL`: a completion script made from the command tree itself. The script asks nothing of the
// program at run time: it holds, for every path of subcommands, the words that may follow.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <vector>

#include "engine/app/cli.h"

namespace kubevigil {
namespace {

struct Node {
  std::string path;  // "kubevigil rules"
  std::vector<const CLI::App*> children;
  std::vector<std::string> words;  // subcommands and options
};

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_snames()) names.push_back("-" + name);
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

void collect(const CLI::App& app, const std::string& path, const std::vector<std::string>& inherited,
             std::vector<Node>& out) {
  Node node{path, {}, {}};
  for (const CLI::App* child : app.get_subcommands([](const CLI::App*) { return true; })) {
    node.children.push_back(child);
    node.words.push_back(child->get_name());
  }
  const std::vector<std::string> own = option_names(app);
  node.words.insert(node.words.end(), own.begin(), own.end());
  for (const std::string& word : inherited) {
    if (std::find(own.begin(), own.end(), word) == own.end()) node.words.push_back(word);
  }
  const std::vector<const CLI::App*> children = node.children;
  out.push_back(std::move(node));
  for (const CLI::App* child : children) collect(*child, path + " " + child->get_name(), inherited, out);
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : " ") + word;
  return out;
}

// The subcommand path typed so far is found by walking the words; unknown words (options, files) are passed over.
std::string bash_script(const std::vector<Node>& nodes) {
  std::string cases;
  for (const Node& node : nodes) cases += fmt::format("    '{}') words='{}' ;;\n", node.path, joined(node.words));
  std::string paths;
  for (const Node& node : nodes) paths += fmt::format("|{}", node.path);
  return fmt::format(R"(# bash completion for kubevigil: source <(kubevigil completion bash)
_kubevigil() {{
  local cur="${{COMP_WORDS[COMP_CWORD]}}" path=kubevigil words='' i
  local known='{}|'
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$known" in *"|$path ${{COMP_WORDS[i]}}|"*) path="$path ${{COMP_WORDS[i]}}" ;; esac
  done
  case "$path" in
{}  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
  [[ "$cur" == -* ]] || COMPREPLY+=($(compgen -f -- "$cur"))
}}
complete -o filenames -F _kubevigil kubevigil
)",
                     paths, cases);
}

std::string zsh_script(const std::vector<Node>& nodes) {
  return "#compdef kubevigil\n# zsh completion for kubevigil: source <(kubevigil completion zsh)\n"
         "autoload -U +X bashcompinit && bashcompinit\n" +
         bash_script(nodes);
}

std::string fish_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  return out + "'";
}

// Subcommands with their descriptions; options of a subcommand once it was typed.
std::string fish_script(const std::vector<Node>& nodes) {
  std::string out = "# fish completion for kubevigil: kubevigil completion fish | source\n";
  for (const Node& node : nodes) {
    std::string condition = "__fish_use_subcommand";
    if (const size_t space = node.path.rfind(' '); space != std::string::npos) {
      condition = "__fish_seen_subcommand_from " + node.path.substr(space + 1);
    }
    for (const CLI::App* child : node.children) {
      out += fmt::format("complete -c kubevigil -n {} -a {} -d {}\n", fish_quoted(condition), child->get_name(),
                         fish_quoted(child->get_description()));
    }
    for (const std::string& word : node.words) {
      if (word.starts_with("--")) {
        out += fmt::format("complete -c kubevigil -n {} -l {}\n", fish_quoted(condition), word.substr(2));
      } else if (word.starts_with("-")) {
        out += fmt::format("complete -c kubevigil -n {} -s {}\n", fish_quoted(condition), word.substr(1));
      }
    }
  }
  return out;
}

}  // namespace

void add_completion(CLI::App& root, Context& context) {
  CLI::App* command = root.add_subcommand("completion", "Print a shell completion script");
  command->footer(
      "Examples:\n  source <(kubevigil completion bash)\n  kubevigil completion fish > "
      "~/.config/fish/completions/kubevigil.fish");
  auto shell = std::make_shared<std::string>();
  command->add_option("SHELL", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}))
      ->type_name("");
  command->callback([shell, &root, &context] {
    std::vector<Node> nodes;
    collect(root, "kubevigil", option_names(root), nodes);
    context.console.data(*shell == "fish"  ? fish_script(nodes)
                         : *shell == "zsh" ? zsh_script(nodes)
                                           : bash_script(nodes));
  });
}

}  // namespace kubevigil
