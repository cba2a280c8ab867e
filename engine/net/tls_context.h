// TlsContext: what TLS connections of one kind share (certificate, key, trusted authorities, rules), from PEM files.
// TlsSource: the context of files that may change; connections that exist keep the context they began with.
//
// TLS 1.2 and 1.3 only; of TLS 1.2 only suites with ephemeral keys and authenticated encryption; no compression, no
// renegotiation, no session resumption (a resumed session would not look at the certificate's dates again). ALPN offers
// http/1.1 alone.
//
// Errors name the file and say what is wrong with it: cannot be read, not PEM, key of another certificate, key with
// a passphrase, expired, not yet valid, no authority in it.
#pragma once

#include <memory>
#include <string>

#include "engine/base/env.h"
#include "engine/base/result.h"
#include "engine/base/timestamp.h"
#include "engine/net/reloadable.h"

struct ssl_ctx_st;

namespace kubevigil {

struct TlsFiles {
  std::string certificate = {};  // chain, leaf first; a server needs it, a client only for mutual TLS
  std::string key = {};          // of the leaf, PKCS#8 or traditional, without a passphrase
  std::string authorities = {};  // who signed clients; or servers, they themselves will do, too; empty = the system's
};

enum class TlsRole : uint8_t {
  Client,
  Server,                      // does not ask for a certificate
  ServerAskingForCertificate,  // a client may come without one; one that it shows must be valid
  ServerRequiringCertificate,  // a client without one is refused in the handshake
};

class TlsContext {
 public:
  TlsContext(ssl_ctx_st* native, Timestamp expires);  // takes over `native`
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  ssl_ctx_st* native() const { return native_; }
  // The earliest end of validity in the certificate chain; Timestamp::max() without a certificate.
  Timestamp expires() const { return expires_; }

 private:
  ssl_ctx_st* native_;
  Timestamp expires_;
};

class TlsSource {
 public:
  // Reads the files for the first time. `env` must outlive the source.
  static Result<std::shared_ptr<TlsSource>> open(TlsFiles files, TlsRole role, const Env& env);

  // Any thread. New connections take this one.
  std::shared_ptr<const TlsContext> current() const { return context_.current(); }

  // Any thread, at any time (a timer, SIGHUP). Reads the files again: true if their contents differ from those in use
  // and the new ones are in use now. On an error the old context stays in use: half of a rotation, in which
  // certificate and key do not fit, costs nothing.
  Result<bool> reload();

 private:
  TlsSource(TlsFiles files, TlsRole role, const Env& env) : files_(std::move(files)), role_(role), env_(env) {}

  const TlsFiles files_;
  const TlsRole role_;
  const Env& env_;
  Reloadable<TlsContext> context_;
};

}  // namespace kubevigil
