// How the program is run: files for standard input, output and error, so that no pipe can fill up and block.
#include "tests/e2e/program.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "tests/support/test_variables.h"

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
    test::unset_test_variables();
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

}  // namespace kubevigil::e2e
