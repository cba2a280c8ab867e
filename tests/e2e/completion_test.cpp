// Completion in the shells themselves: bash always, zsh and fish where they are installed. Each shell is asked what it
// would offer at the end of a line.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <sstream>

#include "tests/e2e/program.h"
#include "tests/support/source_file.h"

namespace kubevigil::e2e {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsSupersetOf;
using testing::Not;

bool installed(const std::string& shell) { return std::system(("command -v " + shell + " >/dev/null").c_str()) == 0; }

// Runs a script of that shell in the folder, where `kubevigil` is a link to our program.
std::vector<std::string> lines_of(const Folder& folder, const std::string& shell, const std::string& script) {
  const std::string file = folder.write("ask." + shell, script);
  const std::string out = folder.path("ask.out");
  const std::string command = "cd " + folder.path() + " && PATH=" + folder.path() + ":$PATH HOME=" + folder.path() +
                              " " + shell + " " + file + " >" + out + " 2>&1 </dev/null";
  EXPECT_EQ(std::system(command.c_str()), 0) << read_file(out);
  std::vector<std::string> lines;
  std::istringstream in(read_file(out));
  for (std::string line; std::getline(in, line);) lines.push_back(line.substr(0, line.find('\t')));
  return lines;
}

class Shells : public testing::Test {
 protected:
  Shells() {
    ::symlink(KUBEVIGIL_BINARY, folder_.path("kubevigil").c_str());
    folder_.write("case 1.log", "");
  }

  // `words`: a bash array behind the program's name; the last is the one at the cursor.
  std::vector<std::string> bash(const std::string& words) {
    return lines_of(folder_, "bash",
                    "set -u\nsource <(kubevigil completion bash)\nCOMP_WORDS=(kubevigil " + words +
                        ")\nCOMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n_kubevigil\nprintf '%s\\n' \"${COMPREPLY[@]}\"\n");
  }
  std::vector<std::string> fish(const std::string& line) {
    return lines_of(folder_, "fish", "kubevigil completion fish | source\ncomplete -C '" + line + "'\n");
  }

  Folder folder_;
};

TEST_F(Shells, Bash) {
  EXPECT_THAT(bash("''"), IsSupersetOf({"replay", "rules", "baseline", "demo", "schema", "completion", "version"}));
  EXPECT_THAT(bash("re"), ElementsAre("replay"));
  EXPECT_THAT(bash("rules ''"), IsSupersetOf({"list", "check", "test", "show", "explain", "fields"}));
  EXPECT_THAT(bash("replay --st"), ElementsAre("--strict-rules", "--strict", "--stats-json"));
  EXPECT_THAT(bash("replay -o ''"), IsSupersetOf({"table", "jsonl", "json", "csv"}));
  EXPECT_THAT(bash("replay --fail-on = h"), ElementsAre("high"));
  EXPECT_THAT(bash("replay --progress ''"), ElementsAre("auto", "json", "none"));
  EXPECT_THAT(bash("--color ''"), ElementsAre("auto", "always", "never"));
  EXPECT_THAT(bash("completion ''"), ElementsAre("bash", "zsh", "fish"));
  EXPECT_THAT(bash("schema ''"), ElementsAre("alert", "formats", "metrics", "self-alerts"));
  EXPECT_THAT(bash("rules show privileged_pod_"), Contains("privileged_pod_created"));
  EXPECT_THAT(bash("rules explain pod_e"), Contains("pod_exec"));
  EXPECT_THAT(bash("replay c"), ElementsAre("case 1.log"));
  EXPECT_THAT(bash("replay --from ''"), ElementsAre(""));
  EXPECT_THAT(bash("replay '$(touch stolen)'"), Not(Contains("stolen")));
  EXPECT_NE(::access(folder_.path("stolen").c_str(), F_OK), 0) << "a word of the line must never be run";
}

TEST_F(Shells, RulesOfTheUserAreKnown) {
  folder_.write("own.yaml", read_file(test::source_file("detections/pods/runtime_socket.yaml")));
  EXPECT_THAT(bash("rules show --no-builtin --rules own.yaml ''"),
              ElementsAre("runtime_socket_mounted", "runtime_socket_mounted_by_person"));
  folder_.write("own.yaml", "title: [");
  EXPECT_THAT(bash("rules show --rules own.yaml pod_exe"), ElementsAre("pod_exec")) << "a broken file says nothing";
}

TEST_F(Shells, Fish) {
  const std::string script = run({"completion", "fish"}).out;
  EXPECT_THAT(script, testing::HasSubstr("complete -c kubevigil -f -a '(__kubevigil_complete)'"));
  if (!installed("fish")) return;
  EXPECT_THAT(fish("kubevigil re"), Contains("replay"));
  EXPECT_THAT(fish("kubevigil replay -o "), IsSupersetOf({"csv", "json", "jsonl", "table"}));
  EXPECT_THAT(fish("kubevigil replay --fail-on=h"), ElementsAre("--fail-on=high"));
  EXPECT_THAT(fish("kubevigil --color a"), ElementsAre("always", "auto"));
  EXPECT_THAT(fish("kubevigil rules show pod_e"), Contains("pod_exec"));
  EXPECT_THAT(fish("kubevigil replay c"), ElementsAre("case 1.log"));
  EXPECT_THAT(fish("kubevigil replay --stats-json=c"), ElementsAre("--stats-json=case 1.log"));
}

// The script with the functions of zsh's completion system put in place that say what they were asked to show.
TEST_F(Shells, Zsh) {
  EXPECT_TRUE(run({"completion", "zsh"}).out.starts_with("#compdef kubevigil\n"));
  if (!installed("zsh")) return;
  const auto zsh = [&](const std::string& words) {
    return lines_of(folder_, "zsh", R"(setopt nounset
compdef() { [[ "$*" == "_kubevigil kubevigil" ]] || print "wrong: $*" }
compset() { }
_files() { print -r -- "files $*" }
_describe() { print -rl -- "${(@P)argv[-1]}" }
source <(kubevigil completion zsh)
words=(kubevigil )" + words + ")\nCURRENT=$#words\n_kubevigil\n");
  };
  EXPECT_THAT(zsh("replay -o ''"), IsSupersetOf({"table:", "jsonl:", "json:", "csv:"}));
  EXPECT_THAT(zsh("replay --fail-on=h"), ElementsAre("--fail-on=high:"));
  EXPECT_THAT(zsh("rules show privileged_pod_c"), Contains(testing::StartsWith("privileged_pod_created:")));
  EXPECT_THAT(zsh("replay c"), ElementsAre("files "));
  EXPECT_THAT(zsh("replay --evidence ''"), ElementsAre("files -/"));
  EXPECT_THAT(zsh("'$(touch stolen)' ''"), Not(Contains("stolen")));
  EXPECT_NE(::access(folder_.path("stolen").c_str(), F_OK), 0) << "a word of the line must never be run";
}

}  // namespace
}  // namespace kubevigil::e2e
