#include "engine/net/server_look.h"

#include <algorithm>

#include "engine/base/network.h"
#include "engine/base/text.h"
#include "engine/net/channel.h"
#include "engine/net/connector.h"
#include "engine/net/resolver.h"
#include "engine/net/waiter.h"

namespace kubevigil {
namespace {

ServerLook handshake(int socket, const TlsSource& tls, const std::string& name, Duration deadline,
                     const Cancellation& cancellation, const Env& env) {
  Channel channel = Channel::client(socket, *tls.current(), name);
  for (;;) {
    const IoResult step = channel.handshake();
    if (step.state == IoState::Done) return {ServerLook::State::Good, "", channel.peer()};
    if (step.state == IoState::Closed) return {ServerLook::State::NoTls, "closed by the server", {}};
    if (step.state == IoState::Failed) {
      const bool certificate = channel.error().find("certificate verify failed") != std::string::npos;
      return {certificate ? ServerLook::State::Untrusted : ServerLook::State::NoTls, channel.error(), {}};
    }
    const auto ready = wait_for(socket, step.state == IoState::WantWrite, deadline, cancellation, env);
    if (!ready) return {ServerLook::State::NoTls, ready.error().message, {}};
  }
}

bool fits(std::string_view pattern, std::string_view host) {
  if (equals_folded(pattern, host)) return true;
  const size_t dot = host.find('.');
  return pattern.starts_with("*.") && dot != std::string_view::npos && dot > 0 &&
         equals_folded(pattern.substr(1), host.substr(dot));
}

}  // namespace

ServerLook look_at_server(const std::string& host, uint16_t port, const TlsSource* tls, const std::string& name,
                          Duration patience, const Env& env) {
  const Cancellation cancellation;
  const Duration deadline{env.monotonic().micros + patience.micros};
  const auto endpoints = resolve(host, port, deadline, cancellation, env);
  if (!endpoints) return {ServerLook::State::Unresolved, endpoints.error().message, {}};
  const auto socket = connect_any(*endpoints, deadline, cancellation, env);
  if (!socket) return {ServerLook::State::Closed, socket.error().message, {}};
  if (tls == nullptr) return {ServerLook::State::Good, "", {}};
  return handshake(socket->get(), *tls, name, deadline, cancellation, env);
}

bool is_for_host(const PeerCertificate& certificate, const std::string& host) {
  const auto address = parse_address(host);
  return std::ranges::any_of(certificate.alternative_names, [&](std::string_view name) {
    if (address) {
      const auto named = name.starts_with("ip:") ? parse_address(name.substr(3)) : std::nullopt;
      return named && named->bytes == address->bytes;
    }
    return name.starts_with("dns:") && fits(name.substr(4), host);
  });
}

}  // namespace kubevigil
