// Names to addresses, with a deadline. getaddrinfo can neither be timed nor stopped, so it runs on a thread of its own,
// which is left behind when we no longer want the answer; at most kPendingLookups such threads exist.
#pragma once

#include <sys/socket.h>

#include <string>
#include <vector>

#include "engine/base/env.h"
#include "engine/base/result.h"
#include "engine/net/waiter.h"

namespace kubevigil {

inline constexpr int kPendingLookups = 16;

struct Endpoint {
  sockaddr_storage address{};
  socklen_t size = 0;
};

// `deadline` is on env.monotonic(). At least one endpoint, in the system's order of preference.
Result<std::vector<Endpoint>> resolve(const std::string& host, uint16_t port, Duration deadline,
                                      const Cancellation& cancellation, const Env& env);

}  // namespace kubevigil
