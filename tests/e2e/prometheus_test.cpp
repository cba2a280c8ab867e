// The running program seen through its admin listener: by probes, by its API, and by Debian's Prometheus.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <optional>

#include "engine/net/http_client.h"
#include "tests/e2e/program.h"
#include "tests/support/certificates.h"
#include "tests/support/daemon.h"
#include "tests/support/format_facts.h"
#include "tests/support/source_file.h"

namespace kubevigil::e2e {
namespace {

using test::becomes;
using test::FormatFacts;
using testing::HasSubstr;
using testing::Not;

HttpResponse get(uint16_t port, const std::string& target) {
  HttpClientOptions options;
  options.url = *parse_url(fmt::format("http://127.0.0.1:{}/", port));
  options.response_bytes = 16u << 20;
  auto client = HttpClient::open(options, system_env());
  const auto answer = (*client)->send({.method = "GET", .target = target});
  return answer ? *answer : HttpResponse{};
}

std::string text_at(const std::string& json, std::string_view path) {
  if (json.empty()) return "(no answer)";
  const test::Json parsed = oracle::parse_json(json);
  const test::Json* found = FormatFacts::find(parsed, path);
  return found == nullptr ? "(missing)" : found->text;
}

// `serve` over one followed file that holds the events of the demo.
class RunningServe : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_.write("audit.log", demo_events());
    const std::string config = folder_.write("kubevigil.yaml", fmt::format(R"(data: {0}/data
instance: kv-e2e
inputs:
  tail:
    - {{path: {0}/audit.log, cluster: prod}}
outputs:
  - {{name: file, transport: file, encoding: jsonl, file: {{path: {0}/alerts.jsonl, sync: never}}}}
admin: {{listen: 127.0.0.1:{1}}}
log: {{format: text}}
)",
                                                                           folder_.path(), port_));
    serve_.emplace(std::vector<std::string>{KUBEVIGIL_BINARY, "serve", "-c", config}, folder_.path("serve.log"));
    ASSERT_TRUE(becomes([&] { return get(port_, "/readyz").status == 200; })) << read_file(folder_.path("serve.log"));
  }

  const Folder folder_;
  const uint16_t port_ = test::free_port();
  std::optional<test::Daemon> serve_;
};

TEST_F(RunningServe, AnswersOperators) {
  EXPECT_EQ(get(port_, "/livez").body, "ok\n");
  ASSERT_TRUE(becomes([&] { return text_at(get(port_, "/api/v1/status").body, "alerts") != "0"; }));
  const std::string status = get(port_, "/api/v1/status").body;
  EXPECT_EQ(text_at(status, "instance"), "kv-e2e");
  EXPECT_NE(text_at(status, "events"), "0");
  EXPECT_NE(text_at(status, "rules_hash"), "");
  EXPECT_THAT(status, HasSubstr("\"sinks\":[{\"name\":\"file\",\"transport\":\"file\",\"encoding\":\"jsonl\""));
  EXPECT_TRUE(becomes(
      [&] { return get(port_, "/api/v1/alerts?limit=1").body.find("kubevigil.alert/v1") != std::string::npos; }));
  EXPECT_EQ(get(port_, "/api/v1/alerts?rule=no_such_rule").body, "{\"alerts\":[]}\n");
  EXPECT_THAT(get(port_, "/api/v1/rules").body, HasSubstr("\"name\":\"attack_chain\""));
  EXPECT_THAT(get(port_, "/api/v1/sources").body, HasSubstr("\"path\":\"" + folder_.path("audit.log") + "\""));
}

TEST(Serve, AdminListenerWithTlsAndATokenThatIsReplaced) {
  const Folder folder;
  const TestCertificate issuer = make_certificate({.common_name = "ca", .authority = true});
  const TestCertificate server =
      make_certificate({.common_name = "admin", .alternative_names = {"IP:127.0.0.1"}}, &issuer);
  folder.write("server.pem", server.certificate);
  folder.write("server.key", server.key);
  // An output that is out of order keeps nothing from starting.
  const TestCertificate old = make_certificate({.common_name = "old", .begins_in = -9, .ends_in = -3});
  folder.write("old.pem", old.certificate);
  folder.write("old.key", old.key);
  const std::string old_token = "0123456789abcdef-old", new_token = "0123456789abcdef-new";
  folder.write("token", old_token + "\r\n");
  folder.write("audit.log", "");
  const uint16_t port = test::free_port();
  const std::string config = folder.write("kubevigil.yaml", fmt::format(R"(data: {0}/data
inputs: {{tail: [{{path: {0}/audit.log, cluster: prod}}]}}
outputs:
  - {{name: file, transport: file, encoding: jsonl, file: {{path: {0}/alerts.jsonl}}}}
  - name: old
    transport: http
    encoding: jsonl
    http: {{url: "https://127.0.0.1:1/", tls: {{certificate: old.pem, key: old.key}}}}
admin: {{listen: "127.0.0.1:{1}", token-file: token, tls: {{certificate: server.pem, key: server.key}}}}
)",
                                                                        folder.path(), port));
  test::Daemon serve({KUBEVIGIL_BINARY, "serve", "-c", config}, folder.path("serve.log"));
  HttpClientOptions options;
  options.url = *parse_url(fmt::format("https://127.0.0.1:{}/", port));
  options.tls.authorities = folder.write("ca.pem", issuer.certificate);
  options.response_bytes = 16u << 20;
  const auto client = HttpClient::open(options, system_env());
  ASSERT_TRUE(client) << client.error().message;
  const auto status = [&](const std::string& target, const std::string& token) {
    HttpRequest request{.method = "GET", .target = target};
    if (!token.empty()) request.headers.push_back({"Authorization", "Bearer " + token});
    const auto answer = (*client)->send(request);
    return answer ? answer->status : 0;
  };
  ASSERT_TRUE(becomes([&] { return status("/readyz", "") == 200; })) << read_file(folder.path("serve.log"));
  EXPECT_EQ(status("/livez", ""), 200);
  for (const char* target : {"/metrics", "/api/v1/status", "/api/v1/alerts"}) {
    EXPECT_EQ(status(target, ""), 401) << target;
    EXPECT_EQ(status(target, new_token), 401) << target;
    EXPECT_EQ(status(target, old_token), 200) << target;
  }
  EXPECT_EQ(get(port, "/livez").status, 0) << "without TLS";
  folder.write("token", new_token);
  serve.hang_up();
  EXPECT_TRUE(becomes([&] { return status("/metrics", new_token) == 200; }));
  EXPECT_EQ(status("/metrics", old_token), 401);
  const Result examined = run({"doctor", "-c", config});
  EXPECT_THAT(examined.out, HasSubstr(" is ready, with "));
  EXPECT_EQ(serve.stop(), 0);
  for (const std::string& said : {read_file(folder.path("serve.log")), examined.out + examined.err}) {
    EXPECT_THAT(said, Not(HasSubstr("0123456789abcdef")));
  }
}

TEST_F(RunningServe, PromtoolFindsNoFaultWithItsPage) {
  if (!std::filesystem::exists("/usr/bin/promtool")) GTEST_SKIP() << "needs the package prometheus";
  ASSERT_TRUE(becomes([&] {
    return get(port_, "/metrics").body.find("\nkubevigil_alert_revisions_total{status=\"open\"} 0\n") ==
           std::string::npos;
  }));
  const HttpResponse page = get(port_, "/metrics");
  EXPECT_EQ(page.status, 200);
  folder_.write("page", page.body);
  const std::string command =
      fmt::format("/usr/bin/promtool check metrics < {0} > {1} 2>&1", folder_.path("page"), folder_.path("said"));
  EXPECT_EQ(std::system(command.c_str()), 0) << read_file(folder_.path("said"));
  EXPECT_EQ(read_file(folder_.path("said")), "");
  for (const char* name :
       {"kubevigil_build_info{", "kubevigil_ready 1", "process_open_fds ", "kubevigil_events_total ",
        "kubevigil_tail_lag_bytes{path=", "kubevigil_disk_free_bytes ", "kubevigil_event_to_alert_seconds_count ",
        "kubevigil_sink_pending_entries{sink=\"file\"} ", "kubevigil_log_lines_total{level=\"info\"} "}) {
    EXPECT_THAT(page.body, HasSubstr(std::string("\n") + name));
  }
}

TEST_F(RunningServe, PrometheusScrapesItAndTakesTheRules) {
  constexpr const char* kProgram = "/usr/bin/prometheus";
  if (!std::filesystem::exists(kProgram)) GTEST_SKIP() << "needs the package prometheus";
  const std::string config =
      folder_.write("prometheus.yml", fmt::format(R"(global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [{0}/deploy/prometheus-rules.yaml]
scrape_configs:
  - job_name: kubevigil
    static_configs: [{{targets: ["127.0.0.1:{1}"]}}]
)",
                                                  test::source_file(""), port_));
  const uint16_t port = test::free_port();
  const test::Daemon prometheus({kProgram, "--config.file=" + config, "--storage.tsdb.path=" + folder_.path("tsdb"),
                                 fmt::format("--web.listen-address=127.0.0.1:{}", port)},
                                folder_.path("prometheus.log"));
  const auto value = [&](const std::string& query) {
    const HttpResponse response = get(port, "/api/v1/query?query=" + query);
    if (response.status != 200) return std::string("(not yet)");
    const test::Json answer = oracle::parse_json(response.body);
    const test::Json* result = FormatFacts::find(answer, "data/result");
    if (result == nullptr || result->items.empty()) return std::string("(missing)");
    return FormatFacts::find(result->items.front(), "value")->items.at(1).text;
  };
  EXPECT_TRUE(becomes([&] { return value("up") == "1"; })) << read_file(folder_.path("prometheus.log"));
  const std::string events = std::to_string(std::count(demo_events().begin(), demo_events().end(), '\n'));
  EXPECT_TRUE(becomes([&] { return value("kubevigil_events_total") == events; })) << value("kubevigil_events_total");
  EXPECT_TRUE(becomes([&] { return value("sum(kubevigil_alerts_total)%20%3E%200") != "(missing)"; }));
  const auto rules = [&] { return get(port, "/api/v1/rules").body; };
  EXPECT_TRUE(becomes([&] { return rules().find("\"health\":\"unknown\"") == std::string::npos; }));
  EXPECT_THAT(rules(), HasSubstr("\"name\":\"KubevigilSourceSilent\""));
  EXPECT_THAT(rules(), Not(HasSubstr("\"health\":\"err\"")));
}

}  // namespace
}  // namespace kubevigil::e2e
