// The parts of this folder put together as the webhook receiver does: TLS with client certificates or bearer tokens,
// clusters by credential, early refusals, and an answer from another thread.
#include <gmock/gmock.h>

#include <atomic>

#include "engine/net/credentials.h"
#include "engine/net/http_client.h"
#include "tests/net/server_fixture.h"
#include "tests/support/certificates.h"

namespace kubevigil {
namespace {

class ShiftedEnv : public Env {
 public:
  Timestamp now() const override { return system_env().now() + shift; }
  Duration monotonic() const override { return system_env().monotonic(); }
  size_t peak_memory() const override { return 0; }
  std::atomic<Duration> shift{};
};

class WebhookShape : public testing::Test {
 protected:
  WebhookShape() {
    const auto tls = TlsSource::open({folder.write("s", mine.certificate), folder.write("sk", mine.key), ca},
                                     TlsRole::ServerAskingForCertificate, system_env());
    const auto opened = CredentialSource::open(
        {{.name = "api", .common_name = "kube-apiserver", .authorities_file = ca, .clusters = {"prod"}},
         {.name = "lab", .token_file = folder.write("token", "0123456789abcdef"), .clusters = {"lab", "dev"}}});
    EXPECT_TRUE(tls && opened);
    credentials = *opened;
    handler.on_decide = [this](const RequestContext& request, const Responder& responder) {
      return decide(request, responder);
    };
    HttpServerOptions options;
    options.listeners = {{.tls = *tls}};
    server = *HttpServer::start(options, handler, env);
  }

  Decision decide(const RequestContext& request, const Responder& responder) {
    if (request.head.method != "POST") return Decision::answer({405, {{"Allow", "POST"}}, ""});
    const auto sender =
        authorize(*credentials->current(),
                  {request.head.path, only_header(request.head.headers, "authorization"), request.certificate});
    if (!sender)
      return Decision::answer({401, {{"WWW-Authenticate", "Bearer"}}, std::string(to_text(sender.error())), true});
    if (full) return Decision::answer({429, {{"Retry-After", "3"}}, ""});
    struct Store : BodySink {
      Store(std::string text, Responder to) : answer(std::move(text)), responder(std::move(to)) {}
      BodyFlow write(std::string_view) override { return BodyFlow::Continue; }
      void finish() override {
        std::thread([copy = responder, text = answer] { copy.reply({200, {}, text}); }).detach();
      }
      std::string answer;
      Responder responder;
    };
    return Decision::accept(std::make_unique<Store>(sender->cluster + " by " + sender->credential, responder));
  }

  std::unique_ptr<HttpClient> client(bool with_certificate) {
    TlsFiles files{.authorities = ca};
    if (with_certificate) {
      files.certificate = folder.write("c", theirs.certificate);
      files.key = folder.write("ck", theirs.key);
    }
    HttpClientOptions options;
    options.url = *parse_url(fmt::format("https://127.0.0.1:{}/k8s-audit?timeout=30s", server->port(0)));
    options.tls = files;
    options.connect_timeout = options.request_timeout = Duration::seconds(60);
    return std::move(*HttpClient::open(options, system_env()));
  }
  static std::string ask(HttpClient& client, const HttpRequest& request) {
    const auto response = client.send(request);
    return response ? fmt::format("{} {}", response->status, response->body) : response.error().message;
  }

  TestFolder folder;
  const TestCertificate authority = make_certificate({.common_name = "CA", .authority = true});
  const TestCertificate mine =
      make_certificate({.common_name = "server", .alternative_names = {"IP:127.0.0.1"}}, &authority);
  const TestCertificate theirs = make_certificate({.common_name = "kube-apiserver"}, &authority);
  const std::string ca = folder.write("ca", authority.certificate);
  ShiftedEnv env;
  std::atomic<bool> full{false};
  std::shared_ptr<CredentialSource> credentials;
  TestHandler handler;
  std::unique_ptr<HttpServer> server;
};

TEST_F(WebhookShape, ClustersComeFromCredentials) {
  const HttpHeader bearer{"Authorization", "Bearer 0123456789abcdef"};
  const auto with = client(true), without = client(false);
  EXPECT_EQ(ask(*with, {.body = "{}"}), "200 prod by api");
  EXPECT_EQ(ask(*with, {.target = "/k8s-audit/prod", .body = "{}"}), "200 prod by api");
  EXPECT_EQ(ask(*with, {.target = "/k8s-audit/lab", .body = "{}"}), "401 other-cluster");
  EXPECT_EQ(ask(*with, {.target = "/k8s-audit?cluster=lab", .body = "{}"}), "200 prod by api");
  EXPECT_EQ(ask(*without, {.body = "{}"}), "401 no-credential");
  EXPECT_EQ(ask(*without, {.target = "/k8s-audit/dev", .headers = {bearer}, .body = "{}"}), "200 dev by lab");
  EXPECT_EQ(ask(*without, {.target = "/k8s-audit/dev", .headers = {bearer, bearer}, .body = "{}"}),
            "401 no-credential");
  EXPECT_EQ(ask(*without, {.method = "GET", .headers = {bearer}}), "405 ");
  full = true;
  EXPECT_EQ(ask(*with, {.body = "{}"}), "429 ");
}

TEST_F(WebhookShape, CertificatesExpireOnOpenConnections) {
  const auto with = client(true);
  EXPECT_EQ(ask(*with, {.body = "{}"}), "200 prod by api");
  env.shift = Duration::days(2);
  EXPECT_EQ(ask(*with, {.body = "{}"}), "401 no-credential");
  EXPECT_EQ(server->counters().connections, 1u);
}

TEST_F(WebhookShape, WithdrawnCredentialsEndAtOnce) {
  const HttpHeader bearer{"Authorization", "Bearer 0123456789abcdef"};
  const auto one = client(false);
  const HttpRequest request{.target = "/k8s-audit/dev", .headers = {bearer}, .body = "{}"};
  EXPECT_EQ(ask(*one, request), "200 dev by lab");
  folder.write("token", "another-token-0123456789");
  EXPECT_TRUE(credentials->reload().value());
  EXPECT_EQ(ask(*one, request), "401 unknown-token");
}

}  // namespace
}  // namespace kubevigil
