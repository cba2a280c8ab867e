// What every subcommand gets: where to write, the machine, and the exit code to leave.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/env.h"

namespace kubevigil {

// Exit codes; the README has the same table.
enum ExitCode : int {
  kExitDone = 0,
  kExitGate = 1,          // a gate that was asked for: --fail-on, failing rule tests or checks
  kExitUsage = 2,         // usage, configuration or rules
  kExitInput = 3,         // input unreadable or partly so, or results not written: they are partial
  kExitInterrupt = 130,   // SIGINT
  kExitClosedPipe = 141,  // SIGPIPE: the reader of standard output has gone
  kExitTerminated = 143,  // SIGTERM
};

// Standard output is data, standard error is for people.
class Console {
 public:
  Console(std::FILE* out, std::FILE* err) : out_(out), err_(err) {}

  void data(std::string_view text);         // to standard output, as it is
  void say(std::string_view text) const;    // a line to standard error
  void error(std::string_view text) const;  // "kubevigil: " and the line
  void flush();                             // writes out what was buffered
  // Why standard output could not be written (disk full, closed pipe), as an errno; 0: it could, so far.
  int output_error() const { return output_error_; }

  bool out_is_terminal() const;
  bool err_is_terminal() const;
  size_t width() const;  // of the terminal behind standard output or error; 0: none
  std::FILE* err() const { return err_; }

 private:
  std::FILE* out_;
  std::FILE* err_;
  int output_error_ = 0;
};

struct Context {
  const Env& env;
  Console console;
  std::vector<std::string> command_line;
  std::string color = "auto";  // auto, always, never
  int exit_code = kExitDone;

  bool color_out() const { return colored(console.out_is_terminal()); }
  bool color_err() const { return colored(console.err_is_terminal()); }
  // Says why, and leaves `code`.
  void fail(int code, std::string_view message);

 private:
  bool colored(bool terminal) const;
};

std::string version_text();  // "0.1.0"
std::string commit_text();   // "1a2b3c4"; "" when it is not known

}  // namespace kubevigil
