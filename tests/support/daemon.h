// A real server program for tests: started with arguments, its output in a file, ended with the test, also with one
// that crashes.
#pragma once

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <vector>

#include "engine/base/env.h"
#include "engine/net/descriptor.h"
#include "tests/support/test_variables.h"

namespace kubevigil::test {

// In a child: the kernel ends it when its parent's thread that made it ends, however that comes about. `parent`: that
// process, as it was before the fork; it may have ended since.
inline void end_with(pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);
}

class Daemon {
 public:
  // In a thread that lives as long as the program is wanted (end_with).
  Daemon(const std::vector<std::string>& arguments, const std::string& output) {
    std::vector<char*> argv;
    for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    const pid_t parent = ::getpid();
    process_ = ::fork();
    if (process_ != 0) return;
    end_with(parent);
    const int out = ::open(output.c_str(), O_WRONLY | O_CREAT, 0600);
    ::dup2(out, 1);
    ::dup2(out, 2);
    unset_test_variables();
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }
  ~Daemon() {
    if (process_ <= 0) return;
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }
  pid_t id() const { return process_; }
  void hang_up() const { ::kill(process_, SIGHUP); }
  // Without waiting: whether it ended by itself.
  bool ended() const {
    siginfo_t info{};
    return ::waitid(P_PID, static_cast<id_t>(process_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid != 0;
  }
  // SIGTERM; the exit code, 128 + n if a signal ended it.
  int stop() {
    ::kill(process_, SIGTERM);
    int status = 0;
    ::waitpid(process_, &status, 0);
    process_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

 private:
  pid_t process_ = -1;
};

inline sockaddr_in loopback(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// A port of loopback that nobody had a moment ago.
inline uint16_t free_port() {
  const Descriptor made(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(made.get(), generic, size) != 0 || ::getsockname(made.get(), generic, &size) != 0) return 0;
  return ntohs(address.sin_port);
}

// Whether somebody accepts connections on this port of loopback.
inline bool listens(uint16_t port) {
  const Descriptor made(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in address = loopback(port);
  return ::connect(made.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

// Asks until it is so; false after three minutes, which only a broken test sees. The other side is another process:
// there is nothing to wait on.
inline bool becomes(const std::function<bool()>& so) {
  const Duration deadline{system_env().monotonic().micros + Duration::minutes(3).micros};
  while (!so()) {
    if (system_env().monotonic() > deadline) return false;
    ::poll(nullptr, 0, 10);
  }
  return true;
}

}  // namespace kubevigil::test
