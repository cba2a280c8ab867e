#include "engine/app/signals.h"

#include <fcntl.h>
#include <unistd.h>

#include <csignal>

namespace kubevigil {
namespace {

std::atomic<int> received = 0;
std::atomic<unsigned> hangups = 0;
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<unsigned>::is_always_lock_free,
              "a signal handler may only touch lock-free atomics");

extern "C" void on_signal(int number) { received.store(number); }
extern "C" void on_hangup(int) { hangups.fetch_add(1); }

}  // namespace

const std::atomic<int>& watch_signals() {
  static bool watching = false;
  if (watching) return received;
  watching = true;
  for (const int number : {SIGINT, SIGTERM}) {
    struct sigaction action = {};
    action.sa_handler = on_signal;
    action.sa_flags = static_cast<int>(SA_RESETHAND);  // the second one kills; no SA_RESTART: blocked reads come back
    sigaction(number, &action, nullptr);
  }
  return received;
}

const std::atomic<unsigned>& watch_hangups() {
  static bool watching = false;
  if (watching) return hangups;
  watching = true;
  struct sigaction action = {};
  action.sa_handler = on_hangup;
  action.sa_flags = SA_RESTART;
  sigaction(SIGHUP, &action, nullptr);
  return hangups;
}

void stop_run(int reason) {
  int none = 0;
  received.compare_exchange_strong(none, reason);
}

void guard_standard_streams() {
  std::signal(SIGPIPE, SIG_IGN);
  for (const int number : {0, 1, 2}) {
    if (::fcntl(number, F_GETFD) != -1) continue;
    const int file = ::open("/dev/null", number == 0 ? O_WRONLY : O_RDONLY);  // it gets the lowest free number
    if (file > 2) ::close(file);
  }
}

}  // namespace kubevigil
