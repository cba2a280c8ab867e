// A webhook receiver over a spool on a simulated disk, on a plain listener for tokens and a TLS listener for
// certificates; clients of both kinds; what the spool holds.
#pragma once

#include <fmt/format.h>

#include "engine/net/http_client.h"
#include "engine/run/spool_reader.h"
#include "inputs/webhook_receiver.h"
#include "tests/net/server_fixture.h"
#include "tests/support/certificates.h"
#include "tests/support/gated_disk.h"
#include "tests/support/simulated_disk.h"

namespace kubevigil {

// The bodies of a spool, in order.
inline std::vector<std::pair<SpoolSource, std::string>> spooled(const Spool& spool) {
  std::vector<std::pair<SpoolSource, std::string>> all;
  SpoolReader reader(spool, {});
  for (auto step = reader.next(); step && *step != SpoolReader::Step::End; step = reader.next()) {
    EXPECT_EQ(*step, SpoolReader::Step::Body) << to_text(reader.gap());
    std::string bytes, piece(65'536, '\0');
    while (const size_t n = reader.body().bytes->read(piece)) bytes.append(piece, 0, n);
    all.emplace_back(reader.body().source, std::move(bytes));
  }
  return all;
}

class WebhookTest : public testing::Test {
 protected:
  static constexpr size_t kPlain = 0, kTls = 1;

  WebhookTest() {
    spool_options.folder = "/spool";
    spool_options.secret = 7;
    for (Duration* time : {&limits.header_timeout, &limits.idle_timeout, &limits.body_window, &limits.answer_timeout,
                           &limits.write_timeout}) {
      *time = Duration::seconds(60);  // only what a test asks for runs out of time
    }
  }
  ~WebhookTest() override {
    disk.open_gate();
    server.reset();
    receiver.reset();
    spool.reset();
  }

  void start() {
    spool = std::move(*Spool::open(disk, spool_options));
    const auto tls = TlsSource::open({folder.write("s", mine.certificate), folder.write("sk", mine.key), ca},
                                     TlsRole::ServerAskingForCertificate, system_env());
    ASSERT_TRUE(tls) << tls.error().message;
    const auto opened = CredentialSource::open(
        {{.name = "api", .common_name = "kube-apiserver", .authorities_file = ca, .clusters = {"prod"}},
         {.name = "lab", .token_file = folder.write("token", kToken), .clusters = {"lab", "dev"}}});
    ASSERT_TRUE(opened) << opened.error().message;
    book = std::make_shared<SenderBook>(system_env(), SenderBookOptions{});
    receiver = std::make_unique<WebhookReceiver>(*spool, *opened, book, system_env(), receiver_options);
    HttpServerOptions options;
    options.listeners = {{}, {.tls = *tls}};
    options.limits = limits;
    auto started = HttpServer::start(options, *receiver, system_env());
    ASSERT_TRUE(started) << started.error().message;
    server = std::move(*started);
  }

  std::unique_ptr<HttpClient> client(size_t listener, const std::string& path, bool with_certificate = true) {
    HttpClientOptions options;
    const char* scheme = listener == kTls ? "https" : "http";
    options.url = *parse_url(fmt::format("{}://127.0.0.1:{}{}", scheme, server->port(listener), path));
    if (listener == kTls) options.tls.authorities = ca;
    if (listener == kTls && with_certificate) {
      options.tls.certificate = folder.write("c", theirs.certificate);
      options.tls.key = folder.write("ck", theirs.key);
    }
    options.connect_timeout = options.request_timeout = Duration::seconds(60);
    return std::move(*HttpClient::open(options, system_env()));
  }
  Wire wire() const {
    Descriptor made = connect_to(server->port(kPlain));
    const int fd = made.get();
    return Wire(std::move(made), Channel(fd));
  }
  static std::string lab_post(std::string_view body, const std::string& headers = "") {
    return fmt::format(
        "POST /k8s-audit/lab?timeout=30s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n{}Content-Length: "
        "{}\r\n\r\n{}",
        kToken, headers, body.size(), body);
  }
  // One answer: header and as much body as its Content-Length says.
  static std::string answer_on(Wire& wire) {
    std::string text = wire.read_until("\r\n\r\n");
    const size_t at = text.find("Content-Length: ");
    if (at == std::string::npos) return text;
    const size_t whole = text.find("\r\n\r\n") + 4 + std::stoul(text.substr(at + 16));
    while (text.size() < whole && wire.read_more(text)) continue;
    return text;
  }
  uint64_t refused(WebhookRefusal reason) const { return book->totals().refused[static_cast<size_t>(reason)]; }

  static constexpr const char* kToken = "0123456789abcdef";
  const HttpHeader bearer{"Authorization", std::string("Bearer ") + kToken};

  TestFolder folder;
  const TestCertificate authority = make_certificate({.common_name = "CA", .authority = true});
  const TestCertificate mine =
      make_certificate({.common_name = "server", .alternative_names = {"IP:127.0.0.1"}}, &authority);
  const TestCertificate theirs = make_certificate({.common_name = "kube-apiserver"}, &authority);
  const std::string ca = folder.write("ca", authority.certificate);

  test::SimulatedDisk memory;
  test::GatedDisk disk{memory};
  SpoolOptions spool_options;
  WebhookReceiverOptions receiver_options;
  HttpLimits limits;
  std::unique_ptr<Spool> spool;
  std::shared_ptr<SenderBook> book;
  std::unique_ptr<WebhookReceiver> receiver;
  std::unique_ptr<HttpServer> server;
};

}  // namespace kubevigil
