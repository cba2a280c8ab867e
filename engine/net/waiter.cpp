#include "engine/net/waiter.h"

#include <poll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>

namespace kubevigil {

Cancellation::Cancellation() : event_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

void Cancellation::cancel() { eventfd_write(event_.get(), 1); }

bool Cancellation::cancelled() const {
  pollfd waited{event_.get(), POLLIN, 0};
  return poll(&waited, 1, 0) > 0;
}

Result<Ready> wait_for(int descriptor, bool to_write, Duration deadline, const Cancellation& cancellation,
                       const Env& env) {
  const auto wanted = static_cast<short>(to_write ? POLLIN | POLLOUT : POLLIN);
  for (;;) {
    pollfd waited[2] = {{descriptor, wanted, 0}, {cancellation.descriptor(), POLLIN, 0}};
    const int64_t left = std::clamp<int64_t>((deadline - env.monotonic()).micros, 0, int64_t{3'600'000'000});
    const int count = poll(waited, 2, static_cast<int>((left + 999) / 1000));
    if (count < 0 && errno != EINTR) return fail("poll: out of resources");
    if (count > 0 && waited[1].revents != 0) return fail("cancelled");
    if (count > 0) return Ready{(waited[0].revents & ~POLLOUT) != 0, (waited[0].revents & POLLOUT) != 0};
    if (env.monotonic() >= deadline) return fail("timed out");
  }
}

}  // namespace kubevigil
