#include "outputs/syslog_transport.h"

#include <fmt/format.h>
#include <linux/sockios.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "engine/base/text.h"
#include "engine/net/connector.h"
#include "engine/net/resolver.h"

namespace kubevigil {
namespace {

constexpr int kMostPieces = 1024;  // that a receiver may say between two messages
constexpr int kLookMillis = 2;     // between two looks at what the receiver has not acknowledged

uint16_t port_of(const SyslogOptions& options) {
  if (options.port != 0) return options.port;
  return options.wire == SyslogWire::Tls ? 6514 : 514;
}

}  // namespace

Result<std::unique_ptr<SyslogTransport>> SyslogTransport::open(SyslogOptions options, const Env& env) {
  if (options.host.empty()) return fail("a syslog output needs a host");
  std::unique_ptr<SyslogTransport> transport(new SyslogTransport(std::move(options), env));
  if (transport->options_.wire == SyslogWire::Tls) {
    auto tls = TlsSource::open(transport->options_.tls, TlsRole::Client, env);
    if (!tls) return tl::unexpected(tls.error());
    transport->tls_ = std::move(*tls);
  }
  return transport;
}

SyslogTransport::~SyslogTransport() = default;

Delivery SyslogTransport::send(const Message& message) {
  if (message.alerts.size() != 1) {
    return {Delivery::Kind::Refused, "syslog takes one alert a message: use the framing Single"};
  }
  const Duration deadline{env_.monotonic().micros + options_.timeout.micros};
  const std::string text = syslog_message(message.alerts.front(), message.body, options_.names);
  const bool datagram = options_.wire == SyslogWire::Udp;
  const auto sent = datagram ? send_datagram(text, deadline) : send_frame(syslog_frame(text), deadline);
  if (sent) return {};
  link_.reset();
  datagrams_.reset();
  return {Delivery::Kind::Retry,
          fmt::format("syslog {}:{}: {}", printable(options_.host), port_of(options_), sent.error().message)};
}

Result<void> SyslogTransport::send_datagram(std::string_view message, Duration deadline) {
  if (!datagrams_) {
    const auto endpoints = resolve(options_.host, port_of(options_), deadline, cancellation_, env_);
    if (!endpoints) return tl::unexpected(endpoints.error());
    const Endpoint& first = endpoints->front();
    Descriptor made(::socket(first.address.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!made || ::connect(made.get(), reinterpret_cast<const sockaddr*>(&first.address), first.size) != 0) {
      return fail(std::strerror(errno));
    }
    datagrams_ = std::move(made);
  }
  const std::string cut = cut_to_bytes(message, kDatagramBytes);
  for (;;) {
    if (::send(datagrams_.get(), cut.data(), cut.size(), MSG_NOSIGNAL) >= 0) return {};
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return fail(std::strerror(errno));
    const auto ready = wait_for(datagrams_.get(), true, deadline, cancellation_, env_);
    if (!ready) return tl::unexpected(ready.error());
  }
}

Result<void> SyslogTransport::connect(Duration deadline) {
  const auto endpoints = resolve(options_.host, port_of(options_), deadline, cancellation_, env_);
  if (!endpoints) return tl::unexpected(endpoints.error());
  auto socket = connect_any(*endpoints, deadline, cancellation_, env_);
  if (!socket) return fail("connecting: " + socket.error().message);
  const int descriptor = socket->get();
  if (tls_ != nullptr) (void)tls_->reload();  // wrong new files: the old ones stay in use
  link_ = std::make_unique<Link>(
      Link{std::move(*socket),
           tls_ == nullptr ? Channel(descriptor) : Channel::client(descriptor, *tls_->current(), options_.host)});
  return shake_hands(deadline);
}

Result<void> SyslogTransport::shake_hands(Duration deadline) {
  for (;;) {
    const IoResult step = link_->channel.handshake();
    if (step.state == IoState::Done) return {};
    if (step.state == IoState::Closed) return fail("TLS handshake: closed by the server");
    if (step.state == IoState::Failed) return fail("TLS handshake: " + link_->channel.error());
    const auto ready = wait_for(link_->socket.get(), step.state == IoState::WantWrite, deadline, cancellation_, env_);
    if (!ready) return fail("TLS handshake: " + ready.error().message);
  }
}

// What a receiver says (a banner, TLS 1.3 tickets) counts for nothing, but that it has closed.
bool SyslogTransport::still_open() {
  char piece[1024];
  for (int i = 0; i < kMostPieces; ++i) {
    const IoResult got = link_->channel.read(piece, sizeof piece);
    if (got.state != IoState::Done) return got.state == IoState::WantRead;
  }
  return false;  // it talks and talks
}

Result<void> SyslogTransport::send_frame(std::string_view frame, Duration deadline) {
  if (link_ != nullptr && !still_open()) link_.reset();
  if (link_ == nullptr) {
    if (const auto connected = connect(deadline); !connected) return connected;
  }
  while (!frame.empty()) {
    const IoResult sent = link_->channel.write(frame);
    frame.remove_prefix(sent.bytes);
    if (sent.state == IoState::Done) continue;
    if (sent.state == IoState::Failed || sent.state == IoState::Closed) {
      return fail("sending: " + link_->channel.error());
    }
    const auto ready = wait_for(link_->socket.get(), sent.state == IoState::WantWrite, deadline, cancellation_, env_);
    if (!ready) return fail("sending: " + ready.error().message);
  }
  return wait_for_acknowledgement(deadline);
}

// SIOCOUTQ counts what the peer's TCP has not acknowledged. A connection that was reset counts nothing any more, so it
// is looked at once more at the end.
Result<void> SyslogTransport::wait_for_acknowledgement(Duration deadline) {
  for (;;) {
    int waiting = 0;
    if (::ioctl(link_->socket.get(), SIOCOUTQ, &waiting) != 0) return fail(std::strerror(errno));
    if (waiting == 0) return still_open() ? Result<void>{} : fail("the receiver closed the connection");
    if (env_.monotonic() >= deadline) return fail("the receiver has not acknowledged the message in time");
    pollfd cancelled{cancellation_.descriptor(), POLLIN, 0};
    if (::poll(&cancelled, 1, kLookMillis) > 0) return fail("cancelled");
  }
}

}  // namespace kubevigil
