// SyslogTransport: RFC 5424 messages over UDP, TCP or TLS (RFC 5426, 6587 with counted bytes, 5425). One alert a
// message: give it messages of Framing::Single, of an encoding whose records are one line (text, cef, jsonl, ocsf,
// ecs).
//
// Delivered: UDP, the datagram was sent, which promises nothing; longer messages than kDatagramBytes are cut. TCP and
// TLS, the receiver's kernel has acknowledged every byte: syslog itself has no acknowledgement, so what its process
// loses is lost. Retry: no connection, no acknowledgement within `timeout`; the connection is then closed, so that the
// receiver drops a message that it has in part, and may get one twice, known by id and revision in the structured data.
// TLS verifies chain and name; its files are read again for each new connection if they have changed.
// One thread; cancel() may come from any other. Blocks at most `timeout`.
#pragma once

#include <memory>
#include <string>

#include "engine/base/env.h"
#include "engine/net/channel.h"
#include "engine/net/tls_context.h"
#include "engine/net/waiter.h"
#include "engine/run/output.h"
#include "outputs/syslog_message.h"

namespace kubevigil {

inline constexpr size_t kDatagramBytes = 8192;  // what rsyslog takes of one datagram as it comes

enum class SyslogWire : uint8_t { Udp, Tcp, Tls };

struct SyslogOptions {
  SyslogWire wire = SyslogWire::Tls;
  std::string host;   // name or address
  uint16_t port = 0;  // 0: 514, with TLS 6514
  TlsFiles tls = {};  // authorities; certificate and key for mutual TLS
  SyslogNames names = {};
  Duration timeout = Duration::seconds(10);  // all of a send
};

class SyslogTransport : public Transport {
 public:
  // Reads the TLS files; connects only when something is sent. `env` must outlive it.
  static Result<std::unique_ptr<SyslogTransport>> open(SyslogOptions options, const Env& env);
  ~SyslogTransport() override;

  Delivery send(const Message& message) override;
  void cancel() override { cancellation_.cancel(); }

 private:
  struct Link {
    Descriptor socket;
    Channel channel;
  };
  SyslogTransport(SyslogOptions options, const Env& env) : options_(std::move(options)), env_(env) {}
  Result<void> send_datagram(std::string_view message, Duration deadline);
  Result<void> send_frame(std::string_view frame, Duration deadline);
  Result<void> connect(Duration deadline);
  Result<void> shake_hands(Duration deadline);
  Result<void> wait_for_acknowledgement(Duration deadline);
  bool still_open();

  SyslogOptions options_;
  const Env& env_;
  std::shared_ptr<TlsSource> tls_;
  Cancellation cancellation_;
  std::unique_ptr<Link> link_;  // null: not connected
  Descriptor datagrams_;        // UDP
};

}  // namespace kubevigil
