#include "engine/net/tls_context.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cstring>

#include "engine/base/hash.h"
#include "engine/base/text.h"
#include "engine/net/certificate.h"
#include "engine/net/text_file.h"

namespace kubevigil {
namespace {

constexpr const char* kSuites12 =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
using Context = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;

struct Texts {
  std::string certificate, key, authorities;
};

Result<Texts> read_texts(const TlsFiles& files) {
  Texts texts;
  for (const auto& [path, text] : {std::pair(&files.certificate, &texts.certificate), std::pair(&files.key, &texts.key),
                                   std::pair(&files.authorities, &texts.authorities)}) {
    if (path->empty()) continue;
    Result<std::string> read = read_text_file(*path);
    if (!read) return tl::unexpected(read.error());
    *text = std::move(*read);
  }
  return texts;
}

Bio bio_of(const std::string& text) { return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), &BIO_free}; }

Certificate next_certificate(BIO* bio) {
  return {bio != nullptr ? PEM_read_bio_X509(bio, nullptr, nullptr, nullptr) : nullptr, &X509_free};
}

std::string reason() {
  const char* text = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return text != nullptr ? text : "unknown reason";
}

tl::unexpected<Error> wrong(const std::string& file, const std::string& what) {
  ERR_clear_error();
  return fail(fmt::format("{}: {}", printable(file), what));
}

Result<void> check_dates(const std::string& file, const X509* certificate, Timestamp now) {
  if (not_after(certificate) < now) {
    return wrong(file, fmt::format("the certificate expired at {}; renew it", format_rfc3339(not_after(certificate))));
  }
  if (not_before(certificate) > now) {
    return wrong(file, fmt::format("the certificate is not valid before {}; is this machine's clock right?",
                                   format_rfc3339(not_before(certificate))));
  }
  return {};
}

// Leaf and intermediates; gives the earliest end of validity.
Result<Timestamp> use_chain(SSL_CTX* context, const TlsFiles& files, const std::string& text, Timestamp now) {
  const Bio bio = bio_of(text);
  const Certificate leaf = next_certificate(bio.get());
  if (!leaf) return wrong(files.certificate, "holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)");
  if (auto dates = check_dates(files.certificate, leaf.get(), now); !dates) return tl::unexpected(dates.error());
  if (SSL_CTX_use_certificate(context, leaf.get()) != 1) {
    return wrong(files.certificate, "the certificate cannot be used: " + reason());
  }
  Timestamp expires = not_after(leaf.get());
  while (Certificate next = next_certificate(bio.get())) {
    if (auto dates = check_dates(files.certificate, next.get(), now); !dates) return tl::unexpected(dates.error());
    expires = std::min(expires, not_after(next.get()));
    SSL_CTX_add1_chain_cert(context, next.get());
  }
  ERR_clear_error();
  return expires;
}

Result<void> use_key(SSL_CTX* context, const TlsFiles& files, const std::string& text) {
  if (files.key.empty()) return wrong(files.certificate, "a certificate without a key file; name the file of its key");
  // The callback refuses: without it OpenSSL would ask for a passphrase on the terminal.
  bool encrypted = false;
  const auto refuse = [](char*, int, int, void* asked) {
    *static_cast<bool*>(asked) = true;
    return -1;
  };
  const Bio bio = bio_of(text);
  const Key key(bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, refuse, &encrypted) : nullptr, &EVP_PKEY_free);
  if (encrypted) return wrong(files.key, "the key has a passphrase; remove it with: openssl pkey -in KEY -out NEW");
  if (!key) return wrong(files.key, "holds no private key in PEM form (-----BEGIN PRIVATE KEY-----)");
  if (X509_check_private_key(SSL_CTX_get0_certificate(context), key.get()) != 1) {
    return wrong(files.key, fmt::format("the key does not match the certificate in {}", printable(files.certificate)));
  }
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1) return wrong(files.key, "the key cannot be used: " + reason());
  return {};
}

Result<void> trust(SSL_CTX* context, const TlsFiles& files, const std::string& text, bool name_them) {
  const Bio bio = bio_of(text);
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  size_t count = 0;
  while (const Certificate next = next_certificate(bio.get())) {
    X509_STORE_add_cert(store, next.get());
    if (name_them) SSL_CTX_add_client_CA(context, next.get());
    ++count;
  }
  if (count == 0) return wrong(files.authorities, "holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)");
  ERR_clear_error();
  return {};
}

int choose_http11(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in, unsigned in_size,
                  void*) {
  static constexpr unsigned char kProtocol[] = "\x08http/1.1";
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, kProtocol, sizeof kProtocol - 1, in, in_size) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

bool set_rules(SSL_CTX* context, TlsRole role) {
  SSL_CTX_set_options(
      context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_set_mode(context,
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  if (role == TlsRole::Client) {
    static constexpr unsigned char kProtocol[] = "\x08http/1.1";
    SSL_CTX_set_alpn_protos(context, kProtocol, sizeof kProtocol - 1);
  } else {
    SSL_CTX_set_alpn_select_cb(context, &choose_http11, nullptr);
  }
  const bool asks = role != TlsRole::Server;
  const bool insists = role == TlsRole::ServerRequiringCertificate;
  SSL_CTX_set_verify(
      context, (asks ? SSL_VERIFY_PEER : SSL_VERIFY_NONE) | (insists ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), nullptr);
  SSL_CTX_set_security_level(context, 2);  // RSA from 2,048 bits, no SHA-1 signatures
  return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
         SSL_CTX_set_cipher_list(context, kSuites12) == 1;
}

Result<void> trust_authorities(SSL_CTX* context, const TlsFiles& files, const Texts& texts, TlsRole role) {
  if (!files.authorities.empty()) {
    // As Go and curl do: a certificate that is named is trusted, also one that another has signed.
    if (role == TlsRole::Client) X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context), X509_V_FLAG_PARTIAL_CHAIN);
    return trust(context, files, texts.authorities, role != TlsRole::Client);
  }
  if (role == TlsRole::Client) {
    SSL_CTX_set_default_verify_paths(context);
  } else if (role != TlsRole::Server) {
    return fail("client certificates are asked for, but no file of authorities (CA) is named that would verify them");
  }
  return {};
}

Result<std::shared_ptr<const TlsContext>> make_context(const TlsFiles& files, const Texts& texts, TlsRole role,
                                                       Timestamp now) {
  ERR_clear_error();
  const bool client = role == TlsRole::Client;
  Context context(SSL_CTX_new(client ? TLS_client_method() : TLS_server_method()), &SSL_CTX_free);
  if (!context || !set_rules(context.get(), role)) return fail("OpenSSL cannot make a TLS context: " + reason());
  Timestamp expires = Timestamp::max();
  if (!files.certificate.empty()) {
    auto chain = use_chain(context.get(), files, texts.certificate, now);
    if (!chain) return tl::unexpected(chain.error());
    if (auto key = use_key(context.get(), files, texts.key); !key) return tl::unexpected(key.error());
    expires = *chain;
  } else if (!client) {
    return fail("a TLS listener needs a certificate file and the file of its key");
  }
  if (auto trusted = trust_authorities(context.get(), files, texts, role); !trusted) {
    return tl::unexpected(trusted.error());
  }
  return std::make_shared<const TlsContext>(context.release(), expires);
}

std::string hash_of(const Texts& texts) {
  Sha256 hash;
  for (const std::string* text : {&texts.certificate, &texts.key, &texts.authorities}) {
    hash.update(fmt::format("{}:", text->size()));
    hash.update(*text);
  }
  return hash.hex();
}

}  // namespace

TlsContext::TlsContext(ssl_ctx_st* native, Timestamp expires) : native_(native), expires_(expires) {}
TlsContext::~TlsContext() { SSL_CTX_free(native_); }

Result<std::shared_ptr<TlsSource>> TlsSource::open(TlsFiles files, TlsRole role, const Env& env) {
  std::shared_ptr<TlsSource> source(new TlsSource(std::move(files), role, env));
  if (auto loaded = source->reload(); !loaded) return tl::unexpected(loaded.error());
  return source;
}

Result<bool> TlsSource::reload() {
  using Made = Reloadable<TlsContext>::Made;
  return context_.reload([this](const std::string& hash_in_use) -> Result<Made> {
    const Result<Texts> texts = read_texts(files_);
    if (!texts) return tl::unexpected(texts.error());
    Made made{hash_of(*texts), nullptr};
    if (made.hash == hash_in_use) return made;
    auto context = make_context(files_, *texts, role_, env_.now());
    if (!context) return tl::unexpected(context.error());
    made.value = std::move(*context);
    return made;
  });
}

}  // namespace kubevigil
