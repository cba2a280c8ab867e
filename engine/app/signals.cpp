#include "engine/app/signals.h"

#include <csignal>

namespace kubevigil {
namespace {

std::atomic<int> received = 0;
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler may only touch lock-free atomics");

extern "C" void on_signal(int number) { received.store(number); }

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

}  // namespace kubevigil
