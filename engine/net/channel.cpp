#include "engine/net/channel.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <utility>

#include "engine/base/network.h"
#include "engine/base/text.h"
#include "engine/net/socket_bio.h"

namespace kubevigil {
namespace {

int clamped(size_t size) { return static_cast<int>(std::min<size_t>(size, INT_MAX)); }

ssl_st* new_session(int socket, const TlsContext& context) {
  SSL* session = SSL_new(context.native());
  BIO* bio = new_socket_bio(socket);
  if (session == nullptr || bio == nullptr) {
    SSL_free(session);
    BIO_free(bio);
    return nullptr;
  }
  SSL_set_bio(session, bio, bio);
  return session;
}

// What the certificate of the server must name, and what SNI says (names only, RFC 6066 3).
bool expect_host(SSL* session, const std::string& host) {
  X509_VERIFY_PARAM* rules = SSL_get0_param(session);
  if (parse_address(host)) return X509_VERIFY_PARAM_set1_ip_asc(rules, host.c_str()) == 1;
  X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return X509_VERIFY_PARAM_set1_host(rules, host.c_str(), host.size()) == 1 &&
         SSL_set_tlsext_host_name(session, host.c_str()) == 1;
}

std::string tls_error(const SSL* session) {
  const long verdict = SSL_get_verify_result(session);
  const char* reason = ERR_reason_error_string(ERR_peek_error());
  ERR_clear_error();
  std::string text = reason != nullptr ? reason : "broken TLS";
  if (verdict != X509_V_OK) text += fmt::format(": {}", X509_verify_cert_error_string(verdict));
  return printable(text);
}

}  // namespace

Channel Channel::server(int socket, const TlsContext& context) {
  Channel made(socket);
  made.session_ = new_session(socket, context);
  if (made.session_ == nullptr) {
    made.error_ = "out of memory for a TLS session";
  } else {
    SSL_set_accept_state(made.session_);
  }
  return made;
}

Channel Channel::client(int socket, const TlsContext& context, const std::string& host) {
  Channel made(socket);
  made.session_ = new_session(socket, context);
  if (made.session_ == nullptr || !expect_host(made.session_, host)) {
    made.error_ = fmt::format("no TLS session for host {}", printable(host));
  } else {
    SSL_set_connect_state(made.session_);
  }
  return made;
}

Channel::Channel(Channel&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)),
      session_(std::exchange(other.session_, nullptr)),
      error_(std::move(other.error_)) {}

Channel& Channel::operator=(Channel&& other) noexcept {
  std::swap(socket_, other.socket_);
  std::swap(session_, other.session_);
  std::swap(error_, other.error_);
  return *this;
}

Channel::~Channel() { SSL_free(session_); }

IoResult Channel::fail_with(std::string why) {
  if (error_.empty()) error_ = std::move(why);
  return {IoState::Failed, 0};
}

IoResult Channel::outcome(int returned, size_t bytes) {
  if (returned > 0) return {IoState::Done, bytes};
  const int system_error = errno;
  switch (SSL_get_error(session_, returned)) {
    case SSL_ERROR_WANT_READ:
      return {IoState::WantRead, 0};
    case SSL_ERROR_WANT_WRITE:
      return {IoState::WantWrite, 0};
    case SSL_ERROR_ZERO_RETURN:
      return {IoState::Closed, 0};
    case SSL_ERROR_SYSCALL:
      ERR_clear_error();
      return fail_with(system_error != 0 ? strerror(system_error) : "closed by the peer in the middle of TLS");
    default:
      return fail_with(tls_error(session_));
  }
}

IoResult Channel::handshake() {
  if (!error_.empty()) return {IoState::Failed, 0};
  if (!is_tls()) return {IoState::Done, 0};
  ERR_clear_error();
  errno = 0;
  return outcome(SSL_do_handshake(session_), 0);
}

IoResult Channel::read(char* into, size_t size) {
  if (!error_.empty()) return {IoState::Failed, 0};
  if (is_tls()) {
    ERR_clear_error();
    errno = 0;
    const int count = SSL_read(session_, into, clamped(size));
    return outcome(count, count > 0 ? static_cast<size_t>(count) : 0);
  }
  return read_raw(into, size);
}

IoResult Channel::read_raw(char* into, size_t size) {
  for (;;) {
    const ssize_t count = recv(socket_, into, size, 0);
    if (count > 0) return {IoState::Done, static_cast<size_t>(count)};
    if (count == 0) return {IoState::Closed, 0};
    if (errno == EAGAIN) return {IoState::WantRead, 0};
    if (errno != EINTR) return fail_with(strerror(errno));
  }
}

IoResult Channel::write(std::string_view bytes) {
  if (!error_.empty()) return {IoState::Failed, 0};
  if (is_tls()) {
    ERR_clear_error();
    errno = 0;
    const int count = SSL_write(session_, bytes.data(), clamped(bytes.size()));
    return outcome(count, count > 0 ? static_cast<size_t>(count) : 0);
  }
  for (;;) {
    const ssize_t count = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count >= 0) return {IoState::Done, static_cast<size_t>(count)};
    if (errno == EAGAIN) return {IoState::WantWrite, 0};
    if (errno != EINTR) return fail_with(strerror(errno));
  }
}

void Channel::finish_sending() {
  if (is_tls() && error_.empty()) {
    SSL_shutdown(session_);
    ERR_clear_error();
  }
  shutdown(socket_, SHUT_WR);
}

std::optional<PeerCertificate> Channel::peer() const { return is_tls() ? peer_certificate(session_) : std::nullopt; }

std::string Channel::protocol() const { return is_tls() ? SSL_get_version(session_) : std::string(); }

}  // namespace kubevigil
