// TLS: what is wrong with files, who is refused, reloading; over loopback with the client and scripted servers.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "engine/net/http_client.h"
#include "tests/net/scripted_server.h"
#include "tests/support/certificates.h"

namespace kubevigil {
namespace {

using testing::HasSubstr;

constexpr const char* kSecureOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

struct Pki {
  TestFolder folder;
  TestCertificate authority = make_certificate({.common_name = "test CA", .authority = true});
  TestCertificate other_authority = make_certificate({.common_name = "other CA", .authority = true});
  std::string authority_file = folder.write("ca.pem", authority.certificate);
  std::string other_authority_file = folder.write("other-ca.pem", other_authority.certificate);

  TlsFiles files(const std::string& name, const CertificateSpec& spec, const TestCertificate* issuer = nullptr) const {
    const TestCertificate made = make_certificate(spec, issuer != nullptr ? issuer : &authority);
    return {folder.write(name + ".pem", made.certificate), folder.write(name + "-key.pem", made.key), authority_file};
  }
  TlsFiles server(const std::string& name = "server") const {
    return files(name, {.common_name = "server", .alternative_names = {"IP:127.0.0.1", "DNS:localhost"}});
  }
};

std::shared_ptr<TlsSource> open_source(const TlsFiles& files, TlsRole role) {
  auto source = TlsSource::open(files, role, system_env());
  EXPECT_TRUE(source) << (source ? "" : source.error().message);
  return source ? *source : nullptr;
}

std::string open_error(const TlsFiles& files, TlsRole role = TlsRole::Server) {
  const auto source = TlsSource::open(files, role, system_env());
  return source ? "" : source.error().message;
}

std::string with_passphrase(const std::string& key) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> in(BIO_new_mem_buf(key.data(), static_cast<int>(key.size())),
                                                     &BIO_free);
  const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), &BIO_free);
  EVP_PKEY* read = PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr);
  PEM_write_bio_PKCS8PrivateKey(out.get(), read, EVP_aes_128_cbc(), "secret", 6, nullptr, nullptr);
  EVP_PKEY_free(read);
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(out.get(), &bytes);
  return {bytes, static_cast<size_t>(size)};
}

void answer_ok(Wire& wire) {
  wire.read_until("\r\n\r\n");
  wire.write(kSecureOk);
}

Result<HttpResponse> post(uint16_t port, const TlsFiles& tls, const std::string& host = "127.0.0.1") {
  auto client = HttpClient::open({.url = *parse_url(fmt::format("https://{}:{}/", host, port)),
                                  .tls = tls,
                                  .connect_timeout = Duration::seconds(60),
                                  .request_timeout = Duration::seconds(60)},
                                 system_env());
  if (!client) return tl::unexpected(client.error());
  return (*client)->send({});
}

TEST(TlsFiles, WhatIsWrongIsSaid) {
  const Pki pki;
  const TlsFiles good = pki.server();
  EXPECT_EQ(open_error(good), "");

  TlsFiles files = good;
  files.certificate = pki.folder.path("absent.pem");
  EXPECT_THAT(open_error(files), HasSubstr("absent.pem: cannot be opened: No such file"));
  files.certificate = pki.folder.write("text.pem", "hello");
  EXPECT_THAT(open_error(files), HasSubstr("text.pem: holds no certificate in PEM form"));
  files.certificate = pki.folder.write("empty.pem", "");
  EXPECT_THAT(open_error(files), HasSubstr("empty.pem: holds no certificate"));
  files.certificate = pki.folder.path("");
  EXPECT_THAT(open_error(files), HasSubstr("Is a directory"));
  files.certificate = pki.folder.write("large.pem", std::string(2 << 20, 'x'));
  EXPECT_THAT(open_error(files), HasSubstr("large.pem: larger than"));

  files = good;
  files.key = pki.server("another").key;
  EXPECT_THAT(open_error(files), HasSubstr("another-key.pem: the key does not match the certificate in "));
  files.key = good.certificate;
  EXPECT_THAT(open_error(files), HasSubstr("server.pem: holds no private key"));
  files.key = pki.folder.write("locked.pem", with_passphrase(make_certificate({.common_name = "x"}).key));
  EXPECT_THAT(open_error(files), HasSubstr("locked.pem: the key has a passphrase"));
  files.key = "";
  EXPECT_THAT(open_error(files), HasSubstr("without a key file"));

  files = good;
  files.authorities = good.key;
  EXPECT_THAT(open_error(files, TlsRole::ServerRequiringCertificate), HasSubstr("holds no certificate"));
  files.authorities = "";
  EXPECT_THAT(open_error(files, TlsRole::ServerRequiringCertificate), HasSubstr("no file of authorities"));
  EXPECT_THAT(open_error({}, TlsRole::Server), HasSubstr("needs a certificate"));

  EXPECT_THAT(open_error(pki.files("old", {.common_name = "old", .begins_in = -7200, .ends_in = -3600})),
              HasSubstr("old.pem: the certificate expired at "));
  EXPECT_THAT(open_error(pki.files("new", {.common_name = "new", .begins_in = 3600})),
              HasSubstr("new.pem: the certificate is not valid before "));
}

TEST(Tls, ClientVerifiesTheServer) {
  const Pki pki;
  struct Row {
    const char* name;
    TlsFiles server;
    std::string authorities;
    const char* host;
    const char* error;  // "": must work
  };
  const CertificateSpec wrong_name{.common_name = "127.0.0.1", .alternative_names = {"DNS:elsewhere"}};
  const CertificateSpec right{.common_name = "s", .alternative_names = {"IP:127.0.0.1"}};
  const Row rows[] = {
      {"by address", pki.server("a"), pki.authority_file, "127.0.0.1", ""},
      {"by name", pki.server("b"), pki.authority_file, "localhost", ""},
      {"wrong authority", pki.server("c"), pki.other_authority_file, "127.0.0.1", "certificate verify failed"},
      {"system's authorities", pki.server("d"), "", "127.0.0.1", "certificate verify failed"},
      {"common name does not count", pki.files("e", wrong_name), pki.authority_file, "127.0.0.1",
       "IP address mismatch"},
      {"another name", pki.files("f", wrong_name), pki.authority_file, "localhost", "hostname mismatch"},
      {"self-signed", pki.files("g", right, &pki.other_authority), pki.authority_file, "127.0.0.1", "verify failed"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    ScriptedServer server({answer_ok}, open_source(row.server, TlsRole::Server));
    const auto response = post(server.port(), {.authorities = row.authorities}, row.host);
    if (*row.error == '\0') {
      ASSERT_TRUE(response) << response.error().message;
      EXPECT_EQ(response->body, "ok");
    } else {
      ASSERT_FALSE(response);
      EXPECT_THAT(response.error().message, HasSubstr(row.error));
    }
  }
}

TEST(Tls, ServerVerifiesTheClient) {
  const Pki pki;
  const CertificateSpec spec{.common_name = "kube-apiserver",
                             .alternative_names = {"DNS:api.prod", "URI:spiffe://prod/api", "IP:10.0.0.1"}};
  struct Row {
    const char* name;
    std::optional<TlsFiles> client;
    TlsRole role;
    bool works;
  };
  const TlsFiles stranger = pki.files("stranger", spec, &pki.other_authority);
  const Row rows[] = {
      {"known", pki.files("client", spec), TlsRole::ServerRequiringCertificate, true},
      {"known, optional", pki.files("client2", spec), TlsRole::ServerAskingForCertificate, true},
      {"none, optional", std::nullopt, TlsRole::ServerAskingForCertificate, true},
      {"none", std::nullopt, TlsRole::ServerRequiringCertificate, false},
      {"of another authority", stranger, TlsRole::ServerRequiringCertificate, false},
      {"of another authority, optional", stranger, TlsRole::ServerAskingForCertificate, false},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    std::optional<PeerCertificate> seen;
    bool played = false;
    Result<HttpResponse> response = fail("");
    {
      ScriptedServer server({[&](Wire& wire) {
                              played = true;
                              seen = wire.channel().peer();
                              answer_ok(wire);
                            }},
                            open_source(pki.server("srv"), row.role));
      TlsFiles files = row.client.value_or(TlsFiles{});
      files.authorities = pki.authority_file;
      response = post(server.port(), files);
    }
    EXPECT_EQ(played, row.works);
    ASSERT_EQ(response.has_value(), row.works) << (response ? "" : response.error().message);
    EXPECT_EQ(seen.has_value(), row.works && row.client.has_value());
    if (!seen) continue;
    EXPECT_EQ(seen->common_name, "kube-apiserver");
    EXPECT_EQ(seen->alternative_names,
              (std::vector<std::string>{"dns:api.prod", "uri:spiffe://prod/api", "ip:10.0.0.1"}));
    EXPECT_EQ(seen->chain_sha256.size(), 2u);
    EXPECT_EQ(seen->chain_sha256.back(), fingerprints_in(pki.authority.certificate).at(0));
  }
}

// A client that OpenSSL itself plays, to send what ours never would.
std::string handshake_with(uint16_t port, const std::function<void(SSL_CTX*)>& set_up) {
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free);
  set_up(context.get());
  const Descriptor fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return "no connection";
  const std::unique_ptr<SSL, decltype(&SSL_free)> session(SSL_new(context.get()), &SSL_free);
  SSL_set_fd(session.get(), fd.get());
  if (SSL_connect(session.get()) != 1) return "refused";
  const unsigned char* protocol = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(session.get(), &protocol, &size);
  return fmt::format("{} {}", SSL_get_version(session.get()),
                     std::string(reinterpret_cast<const char*>(protocol), size));
}

TEST(Tls, OldVersionsAndWeakSuitesAreRefused) {
  const Pki pki;
  using SetUp = std::function<void(SSL_CTX*)>;
  const auto version = [](int low, int high) {
    return [=](SSL_CTX* context) {
      SSL_CTX_set_security_level(context, 0);
      SSL_CTX_set_min_proto_version(context, low);
      SSL_CTX_set_max_proto_version(context, high);
    };
  };
  const auto suites = [&](const char* names) {
    return [=](SSL_CTX* context) {
      version(TLS1_2_VERSION, TLS1_2_VERSION)(context);
      SSL_CTX_set_cipher_list(context, names);
    };
  };
  const auto alpn = [](const char* protocols) {
    return [=](SSL_CTX* context) {
      SSL_CTX_set_alpn_protos(context, reinterpret_cast<const unsigned char*>(protocols),
                              static_cast<unsigned>(strlen(protocols)));
    };
  };
  const std::tuple<const char*, SetUp, const char*> rows[] = {
      {"TLS 1.0", version(TLS1_VERSION, TLS1_VERSION), "refused"},
      {"TLS 1.1", version(TLS1_1_VERSION, TLS1_1_VERSION), "refused"},
      {"TLS 1.2", version(TLS1_2_VERSION, TLS1_2_VERSION), "TLSv1.2 "},
      {"TLS 1.3", version(TLS1_3_VERSION, TLS1_3_VERSION), "TLSv1.3 "},
      {"CBC", suites("ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES128-SHA"), "refused"},
      {"NULL", suites("eNULL"), "refused"},
      {"anonymous", suites("aNULL"), "refused"},
      {"GCM", suites("ECDHE-ECDSA-AES128-GCM-SHA256"), "TLSv1.2 "},
      {"ALPN as the API server offers", alpn("\x02h2\x08http/1.1"), "TLSv1.3 http/1.1"},
      {"ALPN h2 only", alpn("\x02h2"), "refused"},
  };
  const auto source = open_source(pki.server(), TlsRole::Server);
  for (const auto& [name, set_up, expected] : rows) {
    ScriptedServer server({[](Wire& wire) { wire.read_to_end(); }}, source);
    EXPECT_EQ(handshake_with(server.port(), set_up), expected) << name;
  }
}

TEST(Tls, ExpiredClientsAreRefused) {
  const Pki pki;
  const auto source = open_source(pki.server(), TlsRole::ServerAskingForCertificate);
  for (const auto& [begins, ends, expected] :
       {std::tuple(-7200, -60, "refused"), std::tuple(60, 7200, "refused"), std::tuple(-60, 7200, "TLSv1.2 ")}) {
    const TlsFiles files = pki.files("client", {.common_name = "kube-apiserver", .begins_in = begins, .ends_in = ends});
    ScriptedServer server({[](Wire& wire) { wire.read_to_end(); }}, source);
    const std::string outcome = handshake_with(server.port(), [&](SSL_CTX* context) {
      SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);  // in 1.3 the client learns of it only afterwards
      SSL_CTX_use_certificate_file(context, files.certificate.c_str(), SSL_FILETYPE_PEM);
      SSL_CTX_use_PrivateKey_file(context, files.key.c_str(), SSL_FILETYPE_PEM);
    });
    EXPECT_EQ(outcome, expected) << begins << " to " << ends;
  }
}

TEST(Tls, ReloadByContent) {
  const Pki pki;
  const TlsFiles files = pki.server();
  const auto source = open_source(files, TlsRole::Server);
  const auto first = source->current();
  EXPECT_LT(first->expires(), Timestamp::max());
  EXPECT_FALSE(source->reload().value());
  EXPECT_EQ(source->current(), first);

  // Half of a rotation: the new certificate with the old key.
  const CertificateSpec renewed{.common_name = "renewed", .alternative_names = {"IP:127.0.0.1"}};
  const TestCertificate next = make_certificate(renewed, &pki.authority);
  pki.folder.write("server.pem", next.certificate);
  const auto half = source->reload();
  ASSERT_FALSE(half);
  EXPECT_THAT(half.error().message, HasSubstr("does not match"));
  EXPECT_EQ(source->current(), first);

  // A connection made under the old certificate goes on while the files change.
  std::string second_request;
  ScriptedServer server({[&](Wire& wire) {
                          wire.read_until("\r\n\r\n");
                          pki.folder.write("server-key.pem", next.key);
                          EXPECT_TRUE(source->reload().value());
                          wire.write(kSecureOk);
                          second_request = wire.read_until("\r\n\r\n");
                          wire.write(kSecureOk);
                        }},
                        source);
  auto client = HttpClient::open({.url = *parse_url(fmt::format("https://127.0.0.1:{}/", server.port())),
                                  .tls = {.authorities = pki.authority_file}},
                                 system_env());
  ASSERT_TRUE(client) << client.error().message;
  ASSERT_TRUE((*client)->send({}));
  ASSERT_TRUE((*client)->send({}));
  EXPECT_NE(source->current(), first);
  client->reset();
}

TEST(Tls, ClientTakesRotatedAuthorities) {
  const Pki pki;
  const std::string authorities = pki.folder.write("trusted.pem", pki.other_authority.certificate);
  const auto source = open_source(pki.server(), TlsRole::Server);
  ScriptedServer server({answer_ok, answer_ok}, source);
  auto client = HttpClient::open(
      {.url = *parse_url(fmt::format("https://127.0.0.1:{}/", server.port())), .tls = {.authorities = authorities}},
      system_env());
  ASSERT_TRUE(client) << client.error().message;
  EXPECT_FALSE((*client)->send({}));
  pki.folder.write("trusted.pem", pki.authority.certificate);
  // The first script was not played: its handshake failed.
  const auto response = (*client)->send({});
  EXPECT_TRUE(response) << response.error().message;
}

}  // namespace
}  // namespace kubevigil
