#include "engine/net/resolver.h"

#include <fmt/format.h>
#include <netdb.h>
#include <sys/eventfd.h>

#include <atomic>
#include <cstring>
#include <memory>
#include <system_error>
#include <thread>

#include "engine/base/text.h"

namespace kubevigil {
namespace {

std::atomic<int> pending_lookups{0};

struct Lookup {
  std::string host, service;
  Descriptor done{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  std::atomic<bool> finished{false};
  std::vector<Endpoint> endpoints;  // read only after `finished`, which `done` announces
  int error = 0;
};

void look_up(Lookup& lookup, int flags) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV | flags;
  addrinfo* list = nullptr;
  lookup.error = getaddrinfo(lookup.host.c_str(), lookup.service.c_str(), &hints, &list);
  if (lookup.error != 0) return;
  for (const addrinfo* at = list; at != nullptr; at = at->ai_next) {
    Endpoint endpoint;
    std::memcpy(&endpoint.address, at->ai_addr, at->ai_addrlen);
    endpoint.size = at->ai_addrlen;
    lookup.endpoints.push_back(endpoint);
  }
  freeaddrinfo(list);
}

bool start(const std::shared_ptr<Lookup>& lookup) {
  if (pending_lookups.fetch_add(1) < kPendingLookups) {
    try {
      std::thread([lookup] {
        look_up(*lookup, 0);
        pending_lookups.fetch_sub(1);
        lookup->finished.store(true, std::memory_order_release);
        eventfd_write(lookup->done.get(), 1);
      }).detach();
      return true;
    } catch (const std::system_error&) {  // no more threads
    }
  }
  pending_lookups.fetch_sub(1);
  return false;
}

}  // namespace

Result<std::vector<Endpoint>> resolve(const std::string& host, uint16_t port, Duration deadline,
                                      const Cancellation& cancellation, const Env& env) {
  auto lookup = std::make_shared<Lookup>();
  lookup->host = host;
  lookup->service = std::to_string(port);
  look_up(*lookup, AI_NUMERICHOST);  // addresses need no thread
  if (lookup->error == 0) return std::move(lookup->endpoints);
  lookup->error = 0;
  if (!start(lookup)) return fail(fmt::format("{} name look-ups are still pending", kPendingLookups));
  auto ready = wait_for(lookup->done.get(), false, deadline, cancellation, env);
  if (!ready) return fail(fmt::format("looking up the name {}: {}", printable(host), ready.error().message));
  if (!lookup->finished.load(std::memory_order_acquire) || lookup->error != 0) {
    return fail(fmt::format("the name {} has no address: {}", printable(host), gai_strerror(lookup->error)));
  }
  return std::move(lookup->endpoints);
}

}  // namespace kubevigil
