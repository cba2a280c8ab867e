// How the program is run: files for standard input, output and error, so that no pipe can fill up and block.
#include "tests/e2e/program.h"
#include "tests/support/source_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>

namespace kubevigil::e2e {

Folder::Folder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "kubevigil-XXXXXX").string();
  folder_ = ::mkdtemp(pattern.data());
}

Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::string Folder::path(const std::string& name) const { return (folder_ / name).string(); }

std::string Folder::write(const std::string& name, const std::string& text) const {
  std::ofstream(path(name), std::ios::binary) << text;
  return path(name);
}

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

Result run(const std::vector<std::string>& arguments, const std::string& input,
           const std::vector<std::string>& environment) {
  const Folder folder;
  const std::string in = folder.write("in", input), out = folder.path("out"), err = folder.path("err");
  std::vector<char*> argv = {const_cast<char*>(KUBEVIGIL_BINARY)};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(::open(in.c_str(), O_RDONLY), 0);
    ::dup2(::open(out.c_str(), O_WRONLY | O_CREAT, 0600), 1);
    ::dup2(::open(err.c_str(), O_WRONLY | O_CREAT, 0600), 2);
    for (const char* ours : {"KUBEVIGIL_CORPUS", "KUBEVIGIL_SEED", "KUBEVIGIL_SOAK"}) ::unsetenv(ours);
    for (const std::string& variable : environment) ::putenv(const_cast<char*>(variable.c_str()));
    ::execv(KUBEVIGIL_BINARY, argv.data());
    ::_exit(127);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), read_file(out), read_file(err)};
}

const std::string& demo_events() {
  static const std::string events = run({"demo", "--events"}).out;
  return events;
}

TEST(Program, VersionRuns) {
  const Result result = run({"version"});
  EXPECT_EQ(result.code, 0);
  EXPECT_TRUE(result.out.starts_with("kubevigil "));
  EXPECT_EQ(run({"--version"}).out, result.out);
  const std::string json = run({"version", "-o", "json"}).out;
  for (const char* name : {"version", "rules_hash", "json_kernel", "compiler", "alert_schema"}) {
    EXPECT_NE(json.find("\"" + std::string(name) + "\":\""), std::string::npos) << json;
  }
}

// Rules and subcommands that the README names are there.
TEST(Readme, ItsCommandsAreUnderstood) {
  const std::string readme = read_file(test::source_file("README.md"));
  const std::string program = "build/release/kubevigil ";
  size_t commands = 0;
  for (size_t at = readme.find(program); at != std::string::npos; at = readme.find(program, at + 1), ++commands) {
    std::istringstream line(readme.substr(at + program.size(), readme.find('\n', at) - at - program.size()));
    std::vector<std::string> words{std::istream_iterator<std::string>(line), {}};
    if (words.size() > 2 && words[0] == "rules" && (words[1] == "show" || words[1] == "explain")) {
      EXPECT_EQ(run({"rules", "show", words[2]}).code, 0) << words[2];
    }
    words.push_back("--help");
    EXPECT_EQ(run(words).code, 0) << testing::PrintToString(words);
  }
  EXPECT_GE(commands, 10u);
}

}  // namespace kubevigil::e2e
