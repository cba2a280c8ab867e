// One look at a server: can it be connected to, does it speak TLS, does its certificate stand the test. Sends nothing
// beyond the handshake. For checks that people run, not for the data path.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "engine/base/env.h"
#include "engine/net/certificate.h"
#include "engine/net/tls_context.h"

namespace kubevigil {

struct ServerLook {
  enum class State : uint8_t {
    Unresolved,  // the name has no address
    Closed,      // no connection
    NoTls,       // connected, but the handshake failed for another reason than the server's certificate
    Untrusted,   // the server's certificate does not verify, or is not for this name
    Good,
  };
  State state = State::Closed;
  std::string why;                             // of all but Good; without host and port
  std::optional<PeerCertificate> certificate;  // of a Good server under TLS
};

// `tls`: what to trust and show, or null for TCP alone; `name`: wanted in the certificate. Blocks at most `patience`.
ServerLook look_at_server(const std::string& host, uint16_t port, const TlsSource* tls, const std::string& name,
                          Duration patience, const Env& env);

// Whether the certificate is for this host in the eyes of clients (Go, browsers) that look at alternative names only
// (RFC 6125 6.4: a wildcard stands for one whole first label; RFC 9110 4.3.4: an address must be there as one).
bool is_for_host(const PeerCertificate& certificate, const std::string& host);

}  // namespace kubevigil
