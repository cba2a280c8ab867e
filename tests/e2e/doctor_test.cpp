// `kubevigil doctor` beside a real `kubevigil serve`, in set-ups that are wrong as they are in practice.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "tests/e2e/program.h"
#include "tests/support/certificates.h"
#include "tests/support/daemon.h"

namespace kubevigil::e2e {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

TestCertificate signed_by(const TestCertificate& authority, std::vector<std::string> names,
                          int64_t ends_in = 86'400 * 90) {
  return make_certificate({.common_name = "kube-apiserver",
                           .alternative_names = std::move(names),
                           .begins_in = -86'400,
                           .ends_in = ends_in},
                          &authority);
}

class Doctor : public testing::Test {
 protected:
  void configure() {
    folder_.write("audit.log", "");
    config_ = folder_.write("kv.yaml", fmt::format(R"(data: data
rules: {{builtin: true}}
inputs:
  webhook:
    listen: [{{address: "127.0.0.1:{}", tls: {{certificate: s.pem, key: s.key, client-authorities: ca.pem}}}}]
    credentials:
      - {{name: api, common-name: kube-apiserver, authorities: ca.pem, clusters: [prod]}}
outputs: [{{name: out, transport: file, file: {{path: alerts.jsonl}}}}]
admin: {{listen: "127.0.0.1:{}"}}
)",
                                                   port_, test::free_port()));
    folder_.write("ca.pem", authority_.certificate);
    install(signed_by(authority_, {"IP:127.0.0.1"}));
    write_client(signed_by(authority_, {}));
  }
  void install(const TestCertificate& certificate) {
    folder_.write("s.pem", certificate.certificate);
    folder_.write("s.key", certificate.key);
  }
  void write_client(const TestCertificate& certificate) {
    folder_.write("client.pem", certificate.certificate);
    folder_.write("client.key", certificate.key);
  }
  void serve() {
    serve_.emplace(std::vector<std::string>{KUBEVIGIL_BINARY, "serve", "-c", config_}, folder_.path("log"));
    ASSERT_TRUE(test::becomes([&] {
      return read_file(folder_.path("log")).find("\"listening\"") != std::string::npos;
    })) << read_file(folder_.path("log"));
  }
  Result doctor(const std::string& authority = "ca.pem", const std::string& path = "/k8s-audit/prod") {
    const std::string kubeconfig = folder_.write("kubeconfig", fmt::format(R"(apiVersion: v1
kind: Config
clusters: [{{name: kv, cluster: {{server: "https://127.0.0.1:{}{}", certificate-authority: {}}}}}]
users: [{{name: api, user: {{client-certificate: client.pem, client-key: client.key}}}}]
contexts: [{{name: c, context: {{cluster: kv, user: api}}}}]
current-context: c
)",
                                                                           port_, path, authority));
    return run({"doctor", "-c", config_, "--kubeconfig", kubeconfig});
  }

  Folder folder_;
  const uint16_t port_ = test::free_port();
  const TestCertificate authority_ = make_certificate({.common_name = "CA", .authority = true});
  std::string config_;
  std::optional<test::Daemon> serve_;
};

TEST_F(Doctor, ASetUpThatWorks) {
  configure();
  serve();
  const Result result = doctor();
  EXPECT_THAT(result.out, ContainsRegex("ok +config +no problem found"));
  EXPECT_THAT(result.out, ContainsRegex("ok +data +.*GB free"));
  EXPECT_THAT(result.out, ContainsRegex("ok +listener +127.0.0.1:[0-9]+ answers"));
  EXPECT_THAT(result.out, ContainsRegex("ok +sender +an empty list posted to /k8s-audit/prod was accepted"));
}

TEST_F(Doctor, NobodyThere) {
  configure();
  const Result result = doctor();
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.out, ContainsRegex("fail +listener +127.0.0.1:[0-9]+: Connection refused"));
  EXPECT_THAT(result.out, ContainsRegex("fail +sender +127.0.0.1:[0-9]+: Connection refused"));
  EXPECT_THAT(result.out, ContainsRegex("fail +running"));
}

TEST_F(Doctor, AnotherAuthority) {
  configure();
  serve();
  folder_.write("other.pem", make_certificate({.common_name = "other", .authority = true}).certificate);
  const Result result = doctor("other.pem");
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.out, ContainsRegex("fail +sender +.*certificate verify failed"));
  EXPECT_THAT(result.out, HasSubstr("the authority"));
}

TEST_F(Doctor, AnotherName) {
  configure();
  install(signed_by(authority_, {"DNS:vigil.example"}));
  serve();
  const Result result = doctor();
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.out, ContainsRegex("fail +sender +.*IP address mismatch"));
  EXPECT_THAT(result.out, HasSubstr("-> issue the server's certificate with the alternative name IP:127.0.0.1"));
  EXPECT_THAT(run({"doctor", "-c", config_, "--url", "https://10.0.0.1:9443/k8s-audit"}).out,
              ContainsRegex("fail +listener +.*is for dns:vigil.example, not for 10.0.0.1"));
}

TEST_F(Doctor, AnExpiredCertificate) {
  configure();
  serve();
  install(signed_by(authority_, {"IP:127.0.0.1"}, -3600));  // the running instance keeps the one that it has
  const Result result = doctor();
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.out, AllOf(ContainsRegex("fail +config +.*expired"), ContainsRegex("fail +listener +.*ended on")));
  EXPECT_THAT(result.out, ContainsRegex("ok +sender"));
}

TEST_F(Doctor, CredentialsThatDoNotFit) {
  configure();
  serve();
  EXPECT_THAT(doctor("ca.pem", "/k8s-audit/dev").out, ContainsRegex("fail +sender +.*was answered 401"));
  write_client(make_certificate({.common_name = "somebody"}, &authority_));
  EXPECT_THAT(doctor().out, ContainsRegex("fail +sender +.*was answered 401"));
  const TestCertificate other = make_certificate({.common_name = "other", .authority = true});
  write_client(signed_by(other, {}));
  const Result stranger = doctor();
  EXPECT_EQ(stranger.code, 1);
  EXPECT_THAT(stranger.out, AllOf(ContainsRegex("fail +sender"), HasSubstr("client-authorities")));
  write_client(signed_by(authority_, {}, -3600));
  EXPECT_THAT(doctor().out, ContainsRegex("fail +sender +.*expired"));
}

TEST(DoctorCommand, Usage) {
  const Folder folder;
  EXPECT_EQ(run({"doctor"}).code, 2);
  EXPECT_EQ(run({"doctor", "-c", folder.path("none.yaml")}).code, 2);
  const Result broken = run({"doctor", "-c", folder.write("c.yaml", "x: ["), "-o", "json"});
  EXPECT_EQ(broken.code, 1);
  EXPECT_THAT(broken.out, HasSubstr(R"("verdict":"fail","check":"config","what":")"));
  EXPECT_THAT(broken.out, Not(HasSubstr("running")));
}

}  // namespace
}  // namespace kubevigil::e2e
