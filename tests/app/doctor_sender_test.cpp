// The webhook's kubeconfig against a receiver of our own, in set-ups that are wrong in all the ways in which they are
// wrong in practice.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/app/webhook_kubeconfig.h"
#include "engine/codec/base64.h"
#include "tests/inputs/webhook_fixture.h"
#include "tests/support/findings_text.h"

namespace kubevigil {
namespace {

using test::lines_of;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

std::string kubeconfig(const std::string& cluster, const std::string& user) {
  return "apiVersion: v1\nkind: Config\nclusters: [{name: kv, cluster: {" + cluster +
         "}}]\nusers: [{name: api, user: {" + user +
         "}}]\ncontexts: [{name: c, context: {cluster: kv, user: api}}]\ncurrent-context: c\n";
}

class DoctorSender : public WebhookTest {
 protected:
  // A TLS listener with that certificate over the same receiver; its port.
  uint16_t listen(const TestCertificate& certificate, HttpHandler* handler = nullptr) {
    const std::string n = std::to_string(++listeners_);
    const auto tls =
        TlsSource::open({folder.write("s" + n, certificate.certificate), folder.write("k" + n, certificate.key), ca},
                        TlsRole::ServerAskingForCertificate, system_env());
    EXPECT_TRUE(tls) << (tls ? "" : tls.error().message);
    HttpServerOptions options;
    options.listeners = {{.tls = *tls}};
    auto started = HttpServer::start(options, handler != nullptr ? *handler : *receiver, system_env());
    others_.push_back(std::move(*started));
    return others_.back()->port(0);
  }
  std::vector<std::string> examine(const std::string& text) {
    Findings out;
    examine_sender(folder.write("kubeconfig", text), out, system_env());
    return lines_of(out);
  }
  std::string url(uint16_t port, const std::string& path = "/k8s-audit/prod") {
    return fmt::format("server: \"https://127.0.0.1:{}{}\"", port, path);
  }
  void TearDown() override { others_.clear(); }

  const std::string trust = ", certificate-authority: ca";
  const std::string login = "client-certificate: " + folder.write("client", theirs.certificate) +
                            ", client-key: " + folder.write("client.key", theirs.key);

 private:
  std::vector<std::unique_ptr<HttpServer>> others_;
  int listeners_ = 0;
};

TEST_F(DoctorSender, AGoodKubeconfigIsAccepted) {
  start();
  const std::vector<std::string> good = {"ok sender: an empty list posted to /k8s-audit/prod was accepted"};
  const uint16_t port = server->port(kTls);
  EXPECT_EQ(examine(kubeconfig(url(port) + trust, login)), good);
  EXPECT_EQ(examine(kubeconfig(url(port, "/k8s-audit/prod/") + trust, login)), good);
  const std::string inline_user = "client-certificate-data: " + base64_encode(theirs.certificate) +
                                  ", client-key-data: " + base64_encode(theirs.key);
  EXPECT_EQ(examine(kubeconfig(url(port) + ", certificate-authority-data: " + base64_encode(authority.certificate),
                               inline_user)),
            good);
  EXPECT_THAT(examine(kubeconfig(url(port, "/k8s-audit/lab") + trust, std::string("token: ") + kToken)),
              ElementsAre("ok sender: an empty list posted to /k8s-audit/lab was accepted"));
  folder.write("shown", std::string(kToken) + "\n");
  EXPECT_THAT(examine(kubeconfig(url(port, "/k8s-audit/lab") + trust, "tokenFile: shown")),
              ElementsAre(StartsWith("ok sender:")));
  const auto bodies = spooled(*spool);
  ASSERT_EQ(bodies.size(), 5U);
  EXPECT_EQ(bodies[0].second,
            "{\"kind\":\"EventList\",\"apiVersion\":\"audit.k8s.io/v1\",\"metadata\":{},\"items\":[]}\n");
}

TEST_F(DoctorSender, TlsThatIsWrong) {
  start();
  const TestCertificate stranger = make_certificate({.common_name = "other CA", .authority = true});
  folder.write("other", stranger.certificate);
  const auto certificate = [&](std::vector<std::string> names, int64_t ends_in = 3600) {
    return make_certificate(
        {.common_name = "127.0.0.1", .alternative_names = std::move(names), .begins_in = -7200, .ends_in = ends_in},
        &authority);
  };
  EXPECT_THAT(examine(kubeconfig(url(server->port(kTls)) + ", certificate-authority: other", login)),
              ElementsAre(AllOf(StartsWith("fail sender: 127.0.0.1"), HasSubstr("certificate verify failed"),
                                HasSubstr("trust the authority that signed the server's"))));
  EXPECT_THAT(examine(kubeconfig(url(listen(certificate({"DNS:vigil.example"}))) + trust, login)),
              ElementsAre(AllOf(HasSubstr("mismatch"), HasSubstr("IP:127.0.0.1"))));
  EXPECT_THAT(examine(kubeconfig(
                  url(listen(certificate({"DNS:vigil.example"}))) + trust + ", tls-server-name: vigil.example", login)),
              ElementsAre(StartsWith("ok sender:")));
  EXPECT_THAT(examine(kubeconfig(url(listen(certificate({"IP:127.0.0.2"}))) + trust, login)),
              ElementsAre(AllOf(HasSubstr("mismatch"), HasSubstr("IP:127.0.0.1"))));
  EXPECT_THAT(examine(kubeconfig(url(server->port(kPlain)) + trust, login)),
              ElementsAre(AllOf(StartsWith("fail sender:"), HasSubstr("is it the webhook's listener, with tls?"))));
  EXPECT_THAT(examine(kubeconfig(url(server->port(kTls)) + ", certificate-authority: nowhere", login)),
              ElementsAre(AllOf(StartsWith("fail sender:"), HasSubstr("nowhere"))));
}

TEST_F(DoctorSender, LoginsThatAreWrong) {
  start();
  const uint16_t port = server->port(kTls);
  const TestCertificate stranger = make_certificate({.common_name = "other CA", .authority = true});
  const auto user = [&](const TestCertificate& certificate) {
    return "client-certificate-data: " + base64_encode(certificate.certificate) +
           ", client-key-data: " + base64_encode(certificate.key);
  };
  EXPECT_THAT(examine(kubeconfig(url(port) + trust, "")),
              ElementsAre(AllOf(HasSubstr("was answered 401"), HasSubstr("neither client-certificate nor token"))));
  EXPECT_THAT(examine(kubeconfig(url(port) + trust, "token: wrong")),
              ElementsAre(AllOf(HasSubstr("was answered 401"), HasSubstr("fits no entry"))));
  EXPECT_THAT(examine(kubeconfig(url(port, "/k8s-audit/other") + trust, login)),
              ElementsAre(HasSubstr("was answered 401")));
  EXPECT_THAT(examine(kubeconfig(url(port) + trust, user(make_certificate({.common_name = "x"}, &authority)))),
              ElementsAre(HasSubstr("was answered 401")));
  EXPECT_THAT(
      examine(kubeconfig(url(port) + trust, user(make_certificate({.common_name = "kube-apiserver"}, &stranger)))),
      ElementsAre(AllOf(StartsWith("fail sender:"), HasSubstr("client-authorities"))));
  EXPECT_THAT(
      examine(kubeconfig(
          url(port) + trust,
          user(make_certificate({.common_name = "kube-apiserver", .begins_in = -7200, .ends_in = -3600}, &authority)))),
      ElementsAre(AllOf(StartsWith("fail sender:"), HasSubstr("expired"))));
}

TEST_F(DoctorSender, AnswersThatLoseEvents) {
  start();
  TestHandler odd;
  int status = 0;
  odd.on_decide = [&](const RequestContext&, const Responder&) {
    return Decision::answer({status, {{"Location", "/elsewhere"}, {"Retry-After", "3"}}, ""});
  };
  const uint16_t port = listen(mine, &odd);
  const std::pair<int, std::string> cases[] = {
      {301, "fail sender: posting to /k8s-audit/prod was answered 301: the API"},
      {404, "fail sender: posting to /k8s-audit/prod was answered 404"},
      {429, "warn sender: posting to /k8s-audit/prod was answered 429"},
      {204, "fail sender: posting to /k8s-audit/prod was answered 204"}};
  for (const auto& [code, expected] : cases) {
    status = code;
    EXPECT_THAT(examine(kubeconfig(url(port) + trust, login)), ElementsAre(StartsWith(expected)));
  }
  EXPECT_EQ(odd.requests().at(0).query, "timeout=30s");
}

TEST_F(DoctorSender, AddressesThatAreWrong) {
  start();
  const uint16_t port = server->port(kTls);
  const auto cluster = [&](const std::string& address) { return "server: \"" + address + "\"" + trust; };
  server.reset();
  EXPECT_THAT(examine(kubeconfig(url(port) + trust, login)),
              ElementsAre(AllOf(StartsWith("fail sender: 127.0.0.1"), HasSubstr("is serve running there"))));
  EXPECT_THAT(examine(kubeconfig(cluster("https://127.0.0.1:1/audit"), login)),
              ElementsAre("fail sender: the path is /audit -> /k8s-audit, or /k8s-audit/CLUSTER"));
  EXPECT_THAT(examine(kubeconfig(cluster("https://127.0.0.1:1/k8s-audit?cluster=a"), login)),
              Contains(HasSubstr("leaves out what stands behind '?'")));
  EXPECT_THAT(examine(kubeconfig(cluster("https://kv.audit.svc:1/k8s-audit"), login)),
              Contains(StartsWith("fail sender: kv.audit.svc is a name of the cluster's DNS")));
  EXPECT_THAT(examine(kubeconfig(cluster("http://127.0.0.1:1/k8s-audit"), login)),
              Contains(StartsWith("warn sender: http: the API server sends no credential at all")));
  EXPECT_THAT(examine(kubeconfig(url(port) + ", insecure-skip-tls-verify: true" + trust, login)),
              Contains(StartsWith("fail sender: insecure-skip-tls-verify")));
  EXPECT_THAT(examine(kubeconfig(cluster("https://user:pw@x/"), login)),
              ElementsAre(StartsWith("fail sender: server:")));
}

TEST(WebhookKubeconfig, WhatTheApiServerWouldRefuse) {
  const std::pair<std::string, std::string> cases[] = {
      {"", "expected a kubeconfig"},
      {"[1]", "expected a kubeconfig"},
      {"a: b", "current-context is missing"},
      {"current-context: c", "no entry of contexts is named \"c\""},
      {"current-context: c\ncontexts: [{name: c, context: {user: u}}]", "the context names no cluster"},
      {"current-context: c\ncontexts: [{name: c, context: {cluster: k}}]", "no entry of clusters is named \"k\""},
      {"current-context: c\ncontexts: [{name: c, context: {cluster: k}}]\nclusters: [{name: k, cluster: {}}]",
       "the cluster has no server"},
      {kubeconfig("server: x", "client-certificate: a"), "only good together"},
      {kubeconfig("server: x, certificate-authority-data: \"***\"", ""), "is not base64"},
  };
  for (const auto& [text, expected] : cases) {
    Diagnostics problems;
    parse_webhook_kubeconfig(text, "kubeconfig", problems);
    EXPECT_THAT(render(problems, {}), HasSubstr(expected)) << text;
  }
}

}  // namespace
}  // namespace kubevigil
