// Channel: a connected, non-blocking socket, plain or under TLS, with one interface. It never waits: every call does
// what can be done now and says what to wait for next. It does not own the socket. One thread at a time.
//
// OpenSSL works on the socket directly, through a BIO of ours that sends with MSG_NOSIGNAL; asio::ssl::stream would
// keep four buffers of 17 KiB for each connection, which ten thousand idle connections would not fit.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "engine/net/certificate.h"
#include "engine/net/tls_context.h"

namespace kubevigil {

enum class IoState : uint8_t {
  Done,       // `bytes` were moved (at least one), or the handshake is complete
  WantRead,   // call again when the socket is readable
  WantWrite,  // call again when the socket is writable
  Closed,     // the peer closed its side in order
  Failed,     // error() says why; only destruction is left
};

struct IoResult {
  IoState state = IoState::Failed;
  size_t bytes = 0;
};

class Channel {
 public:
  explicit Channel(int socket) : socket_(socket) {}  // plain; needs no handshake
  // Under TLS as a server; or as a client that wants `host` (a name or an address) in the server's certificate.
  static Channel server(int socket, const TlsContext& context);
  static Channel client(int socket, const TlsContext& context, const std::string& host);
  Channel(Channel&&) noexcept;
  Channel& operator=(Channel&&) noexcept;
  ~Channel();

  bool is_tls() const { return session_ != nullptr; }
  IoResult handshake();  // Done at once on a plain channel
  IoResult read(char* into, size_t size);
  IoResult write(std::string_view bytes);
  // Says that no more will be sent (close_notify, FIN). Does not wait; a full socket swallows it.
  void finish_sending();
  // What still comes after that, as it is on the wire: to be thrown away.
  IoResult read_raw(char* into, size_t size);

  std::optional<PeerCertificate> peer() const;  // after the handshake
  std::string protocol() const;                 // "TLSv1.3"; empty on a plain channel
  const std::string& error() const { return error_; }

 private:
  IoResult outcome(int returned, size_t bytes);
  IoResult fail_with(std::string why);

  int socket_ = -1;
  ssl_st* session_ = nullptr;
  std::string error_;
};

}  // namespace kubevigil
