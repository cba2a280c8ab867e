#include "engine/net/connector.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <cerrno>
#include <cstring>

namespace kubevigil {
namespace {

Result<Descriptor> connect_one(const Endpoint& endpoint, Duration deadline, const Cancellation& cancellation,
                               const Env& env) {
  Descriptor made(socket(endpoint.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
  if (!made) return fail(strerror(errno));
  const int on = 1;
  setsockopt(made.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (connect(made.get(), reinterpret_cast<const sockaddr*>(&endpoint.address), endpoint.size) == 0) return made;
  if (errno != EINPROGRESS) return fail(strerror(errno));
  if (auto ready = wait_for(made.get(), true, deadline, cancellation, env); !ready) {
    return tl::unexpected(ready.error());
  }
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(made.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) return fail(strerror(error));
  return made;
}

}  // namespace

Result<Descriptor> connect_any(const std::vector<Endpoint>& endpoints, Duration deadline,
                               const Cancellation& cancellation, const Env& env) {
  Result<Descriptor> last = fail("no address to connect to");
  for (size_t i = 0; i < endpoints.size(); ++i) {
    const Duration left = {(deadline - env.monotonic()).micros / static_cast<int64_t>(endpoints.size() - i)};
    last = connect_one(endpoints[i], {env.monotonic().micros + left.micros}, cancellation, env);
    if (last || cancellation.cancelled()) break;
  }
  return last;
}

}  // namespace kubevigil
