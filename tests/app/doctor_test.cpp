#include "engine/app/doctor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "engine/app/admin_server.h"
#include "tests/net/server_fixture.h"
#include "tests/support/certificates.h"
#include "tests/support/config_text.h"
#include "tests/support/findings_text.h"
#include "tests/support/rule_texts.h"

namespace kubevigil {
namespace {

using test::config_text;
using test::lines_of;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

TEST(Doctor, Report) {
  Findings out;
  out.ok("data", "fine");
  EXPECT_FALSE(out.failed());
  out.warn("clock", "a\x1b[2J", "look");
  out.fail("listener", "closed", "open it");
  EXPECT_TRUE(out.failed());
  EXPECT_EQ(findings_as_text(out, false),
            "ok    data        fine\nwarn  clock       a\\x1b[2J\n                  -> look\n"
            "fail  listener    closed\n                  -> open it\n1 ok, 1 to look at, 1 failed\n");
  EXPECT_EQ(findings_as_json(out), R"([{"verdict":"ok","check":"data","what":"fine"},)"
                                   R"({"verdict":"warn","check":"clock","what":"a\u001b[2J","mend":"look"},)"
                                   R"({"verdict":"fail","check":"listener","what":"closed","mend":"open it"}])"
                                   "\n");
}

TEST(Doctor, DataFolder) {
  const TestFolder folder;
  Config config;
  const auto examine = [&] {
    Findings out;
    examine_data(config, out, system_env());
    return lines_of(out);
  };
  config.data = folder.path("data");
  EXPECT_THAT(examine(), ElementsAre(StartsWith("fail data: " + config.data + " is no folder")));
  std::filesystem::create_directory(config.data);
  chmod(config.data.c_str(), 0700);
  EXPECT_THAT(examine(), ElementsAre(HasSubstr("GB free"), StartsWith("ok data: fdatasync of 4 KiB takes")));
  EXPECT_TRUE(std::filesystem::is_empty(config.data));
  chmod(config.data.c_str(), 0755);
  EXPECT_THAT(examine(), Contains(StartsWith("warn data: " + config.data + " has rights 755")));
  config.inputs.webhook.emplace().spool_budget = uint64_t{1} << 62;
  EXPECT_THAT(examine(), Contains(HasSubstr("lower inputs.webhook.spool-budget")));
  // Somebody else's; one that root has, or that is root's.
  const bool root = geteuid() == 0;
  if (root) {
    EXPECT_EQ(chown(config.data.c_str(), 65534, 65534), 0);
  }
  if (!root) config.data = "/";
  EXPECT_THAT(examine(), Contains(AllOf(StartsWith("warn data: " + config.data + " belongs to "),
                                        HasSubstr("doctor runs as another user"))));
  config.data = "/proc/self";
  EXPECT_THAT(examine(), Contains(StartsWith("fail data: cannot be written and synced")));
}

class DoctorListener : public ServerTest {
 protected:
  std::vector<std::string> examine(const TestCertificate& certificate, const std::string& url) {
    const TestFolder folder;
    Config config;
    ListenConfig& listen = config.inputs.webhook.emplace().listen.emplace_back();
    listen.address = {"0.0.0.0", server->port(0)};
    listen.tls = TlsFiles{folder.write("c", certificate.certificate), folder.write("k", certificate.key), ""};
    Findings out;
    examine_listeners(config, url, out, system_env());
    return lines_of(out);
  }
};

TEST_F(DoctorListener, NamesAndEndOfTheCertificate) {
  start();
  const auto certificate = [](std::vector<std::string> names, int64_t days = 300) {
    return make_certificate(
        {.common_name = "vigil", .alternative_names = names, .begins_in = -1'000'000, .ends_in = days * 86'400 + 3600});
  };
  const auto good = certificate({"DNS:vigil.example", "IP:10.0.0.1"});
  EXPECT_THAT(examine(good, ""), ElementsAre(HasSubstr("answers"), HasSubstr("is for dns:vigil.example, ip:10.0.0.1")));
  EXPECT_THAT(examine(good, "https://10.0.0.1:9443/k8s-audit"),
              ElementsAre(HasSubstr("answers"), AllOf(StartsWith("ok"), HasSubstr("is for 10.0.0.1"))));
  EXPECT_THAT(examine(good, "https://10.0.0.2:9443/k8s-audit"),
              ElementsAre(HasSubstr("answers"), AllOf(StartsWith("fail"), HasSubstr("not for 10.0.0.2"))));
  EXPECT_THAT(examine(certificate({}), "https://vigil/"),
              ElementsAre(HasSubstr("answers"), AllOf(StartsWith("fail"), HasSubstr("no alternative name"))));
  EXPECT_THAT(examine(certificate({"DNS:a"}, 10), ""), Contains(AllOf(StartsWith("warn"), HasSubstr("ends on"))));
  EXPECT_THAT(examine(certificate({"DNS:a"}, -2), ""), Contains(AllOf(StartsWith("fail"), HasSubstr("ended on"))));
  EXPECT_THAT(examine(good, "ftp://x"), Contains(StartsWith("fail listener: --url:")));
}

TEST_F(DoctorListener, NobodyListens) {
  start();
  Config config;
  config.inputs.webhook.emplace().listen.push_back({{"127.0.0.1", server->port(0)}, {}, false});
  server.reset();
  Findings out;
  examine_listeners(config, "", out, system_env());
  EXPECT_THAT(lines_of(out), ElementsAre(AllOf(StartsWith("fail listener: 127.0.0.1:"), HasSubstr("is kubevigil serve "
                                                                                                  "running"))));
}

TEST_F(DoctorListener, Outputs) {
  const TestFolder folder;
  const TestCertificate authority = make_certificate({.common_name = "CA", .authority = true});
  const TestCertificate other = make_certificate({.common_name = "other", .authority = true});
  const TestCertificate mine =
      make_certificate({.common_name = "x", .alternative_names = {"IP:127.0.0.1"}}, &authority);
  const auto tls = TlsSource::open({folder.write("c", mine.certificate), folder.write("k", mine.key), ""},
                                   TlsRole::Server, system_env());
  options.listeners = {{}, {.tls = *tls}};
  start();
  const auto examine = [&](const std::string& output) {
    const LoadedConfig loaded =
        load_config_text(config_text("outputs: [{name: soc, " + output + "}]"), "c", {folder.path(""), "node1", {}});
    EXPECT_FALSE(loaded.diagnostics.has_errors()) << render(loaded.diagnostics, loaded.sources);
    Findings out;
    examine_outputs(loaded.config, out, system_env());
    return lines_of(out);
  };
  folder.write("ca", authority.certificate);
  folder.write("other", other.certificate);
  const std::string https = fmt::format("transport: http, http: {{url: \"https://127.0.0.1:{}/\"", server->port(1));
  const std::string syslog =
      fmt::format("transport: syslog, encoding: text, syslog: {{address: \"127.0.0.1:{}\"", server->port(0));
  EXPECT_THAT(examine(https + ", tls: {authorities: ca}}"), ElementsAre(HasSubstr("its certificate is good")));
  EXPECT_THAT(examine(https + ", tls: {authorities: other}}"),
              ElementsAre(AllOf(StartsWith("fail output: soc"), HasSubstr("is not the one that signed"))));
  EXPECT_THAT(examine(syslog + ", protocol: tcp}"), ElementsAre(StartsWith("ok output: soc")));
  EXPECT_THAT(examine(syslog + ", protocol: udp}"), ElementsAre(HasSubstr("cannot be told")));
  EXPECT_THAT(examine(syslog + ", protocol: tls, tls: {authorities: ca}}"),
              ElementsAre(AllOf(StartsWith("fail output: soc"), HasSubstr("does it speak TLS"))));
  EXPECT_THAT(examine("transport: stdout"), IsEmpty());
  EXPECT_THAT(examine("transport: http, http: {url: {env: KV_NOT_SET}}"), ElementsAre(HasSubstr("KV_NOT_SET")));
  EXPECT_EQ(handler.requests().size(), 0U);
  server.reset();
  EXPECT_THAT(examine(syslog + ", protocol: tcp}"), ElementsAre(StartsWith("fail output: soc")));
}

struct SteeredView : AdminView {
  AdminStatus now;
  AdminSources from;
  AdminReady ready() const override { return now.ready; }
  std::string metrics() const override { return {}; }
  AdminStatus status() const override { return now; }
  std::vector<AdminRule> rules() const override { return {}; }
  AdminSources sources() const override { return from; }
  std::vector<RecentAlert> alerts(const AlertQuery&) const override { return {}; }
};

class DoctorRunning : public ::testing::Test {
 protected:
  DoctorRunning() {
    view.now.instance = "kv-0", view.now.version = "1", view.now.rules = 5, view.now.ready.ready = true;
    view.now.time = system_env().now();
    config.inputs.webhook.emplace();
  }
  std::vector<std::string> examine() {
    AdminOptions options;
    options.port = 0;
    const auto server = AdminServer::start(options, view, system_env());
    config.admin.listen = {"127.0.0.1", (*server)->port()};
    return ask();
  }
  std::vector<std::string> ask() {
    Findings out;
    examine_running(config, out, system_env());
    return lines_of(out);
  }
  SteeredView view;
  Config config;
};

TEST_F(DoctorRunning, EventsThatComeAndThatDoNot) {
  EXPECT_THAT(examine(), ElementsAre("ok running: kv-0 1 is ready, with 5 rules",
                                     StartsWith("warn events: no sender has posted events yet")));
  view.from.senders = {
      {.cluster = "a", .credential = "c", .peer = "10.0.0.1", .events = 9, .events_per_second = 1.5},
      {.cluster = "b", .credential = "c", .peer = "10.0.0.2", .events = 9, .latency_seconds = 90},
      {.cluster = "d", .credential = "c", .peer = "10.0.0.3", .events = 9, .last_batch = Timestamp{0}, .silent = true},
      {.cluster = "e", .credential = "c", .peer = "10.0.0.4", .bodies = 2},
      {.cluster = "f", .credential = "c", .peer = "10.0.0.5", .events = 1, .latency_seconds = -30},
      {.cluster = "g", .credential = "c", .peer = "10.0.0.6"}};
  view.from.strangers = {{.peer = "10.0.0.9", .path = "/k8s-audit/x", .refused = 3}};
  view.from.tails = {{.path = "/a.log", .records = 3}, {.path = "/b.log"}, {.path = "/c.log", .problem = "denied"}};
  EXPECT_THAT(
      examine(),
      ElementsAre(StartsWith("ok running"), "ok events: 10.0.0.1 of cluster a (c): 9 events, 1.5 a second",
                  StartsWith("ok events: 10.0.0.2"), HasSubstr("arrive 90 s after they happened"),
                  AllOf(StartsWith("warn events"), HasSubstr("is silent, its last batch came at 1970")),
                  AllOf(HasSubstr("posts, but no events"), HasSubstr("doctor --kubeconfig posts empty lists")),
                  StartsWith("ok events: 10.0.0.5"), AllOf(StartsWith("warn clock"), HasSubstr("30 s ahead of ours")),
                  AllOf(StartsWith("warn events: 10.0.0.6"), HasSubstr("has posted nothing since the start")),
                  HasSubstr("10.0.0.9 was refused 3 times at /k8s-audit/x"),
                  "ok events: /a.log: 3 events, 0 bytes behind", HasSubstr("/b.log: no event read yet"),
                  StartsWith("fail events: /c.log: denied")));
}

TEST_F(DoctorRunning, AnotherInstanceThatHasThePort) {
  config.instance = "kv-1";
  view.from.senders = {{.peer = "p", .events = 1}};
  EXPECT_THAT(examine(), ElementsAre(AllOf(StartsWith("warn running: kv-0 1 answers at 127.0.0.1:"),
                                           HasSubstr("this configuration's instance is kv-1")),
                                     StartsWith("ok running"), StartsWith("ok events")));
  config.instance = "kv-0";
  EXPECT_THAT(examine(), ElementsAre(StartsWith("ok running"), StartsWith("ok events")));
}

TEST_F(DoctorRunning, AnInstanceThatIsUnwell) {
  view.now.recovery.degraded = true;
  view.now.ready = {false, "reading the journal"};
  view.now.rules_behind = true;
  view.now.disk_reserve_held = false;
  view.now.time = system_env().now() - Duration::minutes(5);
  view.now.sinks = {{.name = "soc", .failing = true, .last_error = "503"}, {.name = "ok"}};
  view.from.senders = {{.peer = "p", .events = 1}};
  EXPECT_THAT(examine(), ElementsAre(HasSubstr("is not ready: reading the journal"), HasSubstr("older rules"),
                                     HasSubstr("could not bring back all of its state"),
                                     StartsWith("fail running: its disk is full"), HasSubstr("300 s apart"),
                                     StartsWith("warn output: soc: 503"), StartsWith("ok events: p")));
}

TEST_F(DoctorRunning, NobodyOrSomebodyElseAnswers) {
  examine();
  EXPECT_THAT(ask(), ElementsAre(AllOf(StartsWith("fail running"), HasSubstr("start kubevigil serve"))));
  TestHandler other;
  const auto server = HttpServer::start({.listeners = {{}}, .io_threads = 1, .limits = {}}, other, system_env());
  config.admin.listen.port = (*server)->port(0);
  EXPECT_THAT(ask(), ElementsAre(StartsWith("fail running: /api/v1/status has no version in it")));
  other.on_decide = [](const RequestContext&, const Responder&) { return Decision::answer({404, {}, ""}); };
  EXPECT_THAT(ask(), ElementsAre(StartsWith("fail running: /api/v1/status was answered 404")));
}

TEST(DoctorApiServer, Flags) {
  const TestFolder folder;
  const Config config =
      test::checked(config_text("inputs: {webhook: {listen: [{address: \"127.0.0.1:1\"}], credentials: "
                                "[{name: a, token-file: t, clusters: [c]}]}}\n"))
          .config;
  const auto examine = [&](const std::string& flags, const std::string& mounts = "/etc/kubernetes/audit/") {
    std::string text = "kind: Pod\nspec:\n  containers:\n  - command:\n    - kube-apiserver\n";
    for (const std::string_view flag : split(flags, ' ')) text += "    - " + std::string(flag) + "\n";
    text += "    volumeMounts: [{name: x, mountPath: " + mounts + "}]\n";
    Findings out;
    examine_api_server(folder.write("manifest", text), &config, out);
    return lines_of(out);
  };
  const std::string files =
      "--audit-policy-file=/etc/kubernetes/audit/policy.yaml --audit-webhook-config-file=/etc/kubernetes/audit/kv.yaml";
  const std::string good = files + " --audit-webhook-batch-max-wait=2s";
  struct Case {
    std::string flags, expected;
  };
  const Case cases[] = {
      {good, "ok api-server: its audit flags are as they should be"},
      {good + " --audit-webhook-mode=batch --audit-webhook-initial-backoff=10s", "ok api-server"},
      {files + " --audit-webhook-batch-max-wait 2s --profiling --audit-webhook-mode batch", "ok api-server"},
      {files, "warn api-server: --audit-webhook-batch-max-wait=30s"},
      {files + " --audit-webhook-batch-max-wait=1m30s", "is more than inputs.webhook.slack, 35s"},
      {files + " --audit-webhook-batch-max-wait=soon", "is no duration"},
      {"--audit-webhook-batch-max-wait=2s", "--audit-policy-file is not set"},
      {"--audit-webhook-batch-max-wait=2s", "--audit-webhook-config-file is not set"},
      {good + " --audit-webhook-config-file=/elsewhere/kv.yaml", "lies below no volumeMount"},
      {good + " --audit-webhook-mode=blocking", "each request to the API server waits"},
      {good + " --audit-webhook-mode=blocking-strict", "requests to the API server fail"},
      {good + " --audit-webhook-initial-backoff=1s", "a restart of kubevigil may lose events"},
      {good + " --audit-webhook-batch-max-size=10", "can post 100 events a second at most"},
      {good + " --audit-webhook-batch-max-size=100 --audit-webhook-batch-throttle-qps=40", "ok api-server"},
      {good + " --audit-webhook-batch-max-size=1 --audit-webhook-batch-throttle-enable=false", "ok api-server"},
      {good + " --audit-webhook-truncate-enabled", "larger than 102400 bytes"},
      {good + " --audit-webhook-truncate-enabled=true --audit-webhook-truncate-max-event-size=5",
       "larger than 5 bytes"},
      {good + " --audit-webhook-truncate-enabled=false", "ok api-server"},
      {good + " --audit-webhook-version=audit.k8s.io/v1beta1", "--audit-webhook-version=audit.k8s.io/v1beta1"},
  };
  for (const Case& c : cases) EXPECT_THAT(examine(c.flags), Contains(HasSubstr(c.expected))) << c.flags;
  EXPECT_THAT(examine(good, "/etc/kubernetes/aud"), Contains(HasSubstr("lies below no volumeMount")));
  Findings out;
  examine_api_server(folder.write("m", "kind: Service\n"), nullptr, out);
  examine_api_server(folder.path("none"), nullptr, out);
  EXPECT_THAT(lines_of(out), ElementsAre(HasSubstr("is no static pod"), HasSubstr("cannot be opened")));
}

TEST(DoctorPolicy, RulesThatCannotSee) {
  const TestFolder folder;
  Context context{system_env(), Console(stdout, stderr), {}, "auto", 0};
  const auto examine = [&](const std::string& text) {
    Findings out;
    RulesConfig rules;
    rules.builtin = false;
    rules.paths = {folder.write("rules.yaml", test::detection_text("mine", 1))};
    examine_policy(folder.write("policy.yaml", text), rules, context, out);
    return lines_of(out);
  };
  const std::string head = "apiVersion: audit.k8s.io/v1\nkind: Policy\n";
  EXPECT_THAT(examine(head + "rules: [{level: None}]\n"),
              Contains(AllOf(StartsWith("warn policy: "), HasSubstr("can never fire under it"))));
  EXPECT_THAT(examine(head + "rules: [{level: Everything}]\n"), Contains(StartsWith("fail policy")));
  EXPECT_THAT(examine(head + "rules: [{level: RequestResponse}]\n"), Contains(StartsWith("ok policy: all")));
  Findings out;
  examine_policy(folder.path("none"), {}, context, out);
  EXPECT_TRUE(out.failed());
}

}  // namespace
}  // namespace kubevigil
