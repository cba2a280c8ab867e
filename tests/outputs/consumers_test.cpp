// Every encoding against the rules of its consumer: hostile alerts by hand, random alerts, all phases of an alert's
// life.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>

#include "engine/base/text.h"
#include "engine/run/framing.h"
#include "outputs/registry.h"
#include "tests/support/consumers.h"
#include "tests/support/random_alert.h"

namespace kubevigil {
namespace {

using testing::IsEmpty;

constexpr std::string_view kLink = "https://kubevigil.example/alerts/";

class ConsumersEnv : public Env {
 public:
  Timestamp now() const override { return *parse_rfc3339("2026-01-02T04:00:00Z"); }
  Duration monotonic() const override { return {}; }
  size_t peak_memory() const override { return 0; }
};

// replay: last revisions; serve: all of them, with a clock.
EncodingOptions options_for(bool serve, const Env& env) {
  EncodingOptions options;
  options.version = "0.1.0";
  options.revisions = serve;
  if (serve) {
    options.env = &env;
    options.host = "kubevigil-0";
    options.link = kLink;
  }
  return options;
}

struct Consumer {
  const char* encoding;
  std::function<test::Problems(std::string_view)> problems;  // of one message as serve sends it
};

test::Problems line_problems(std::string_view body) {
  if (body.empty() || body.back() != '\n') return {"a line without its end"};
  if (body.find('\n') != body.size() - 1) return {"more than one line"};
  if (!is_utf8(body)) return {"not UTF-8"};
  if (printable(body.substr(0, body.size() - 1)) != body.substr(0, body.size() - 1)) return {"hidden characters"};
  return {};
}

test::Problems json_line(test::Problems (*rules)(std::string_view), std::string_view body) {
  if (body.empty() || body.find('\n') != body.size() - 1) return {"not one line"};
  return rules(body);
}

const std::vector<Consumer>& consumers() {
  static const std::vector<Consumer> kConsumers = {
      {"falco", test::falcosidekick_problems},
      {"alertmanager", test::alertmanager_problems},
      {"slack", [](std::string_view body) { return test::slack_problems(body, kLink); }},
      {"ocsf", [](std::string_view body) { return json_line(test::ocsf_problems, body); }},
      {"ecs", [](std::string_view body) { return json_line(test::ecs_problems, body); }},
      {"es-bulk", test::es_bulk_problems},
      {"cef", [](std::string_view body) { return test::cef_problems(body.substr(0, body.size() - 1)); }},
      {"text", line_problems},
  };
  return kConsumers;
}

void expect_accepted(const Alert& alert, bool serve, const std::string& which) {
  const ConsumersEnv env;
  for (const Consumer& consumer : consumers()) {
    const auto encoding = make_encoding(consumer.encoding, options_for(serve, env));
    if (testing::Test::HasFailure() || (serve && !encoding->wants(alert))) continue;
    const auto messages = bodies(*encoding, encoding->format().framing, {&alert, 1});
    ASSERT_EQ(messages.size(), 1u);
    EXPECT_THAT(consumer.problems(messages[0].body), IsEmpty()) << consumer.encoding << " of " << which << "\n"
                                                                << printable(messages[0].body).substr(0, 1500);
  }
}

TEST(Consumers, EveryRegistryRowButTheNativeOnesIsHeldAgainstItsConsumer) {
  std::vector<std::string_view> named = {"table", "jsonl", "json", "csv"};
  for (const Consumer& consumer : consumers()) named.push_back(consumer.encoding);
  for (const EncodingRow& row : encodings()) EXPECT_THAT(named, testing::Contains(row.name));
}

TEST(Consumers, AcceptHostileAlerts) {
  for (size_t which = 0; which < test::hostile_texts().size(); ++which) {
    for (const EpisodeStatus status :
         {EpisodeStatus::Open, EpisodeStatus::Update, EpisodeStatus::Closed, EpisodeStatus::Retracted}) {
      Alert alert = test::hostile_alert(which);
      alert.status = status;
      expect_accepted(alert, false, "hostile alert " + std::to_string(which));
      expect_accepted(alert, true, "hostile alert " + std::to_string(which) + " " + std::string(to_text(status)));
    }
  }
}

// As many steps as an alert shows, of names that escaping makes longest.
TEST(Consumers, AcceptLongChainsOfHostileNames) {
  for (const std::string unit : {"&", "\x1b", "\xE2\x80\xAE", "`<a&b>", "plain "}) {
    std::string name;
    while (name.size() < 1000) name += unit;
    Alert alert = test::hostile_alert(0);
    alert.chain.hits.assign(24, {name, Level::High, Stage::Entry, name, alert.time, ""});
    expect_accepted(alert, false, "a chain of " + printable(unit));
    expect_accepted(alert, true, "a chain of " + printable(unit));
  }
}

TEST(Consumers, AcceptRandomAlerts) {
  const char* given = std::getenv("KUBEVIGIL_SEED");
  const uint64_t first = given != nullptr ? std::strtoull(given, nullptr, 10) : 1;
  const uint64_t rounds = given != nullptr ? 1 : std::getenv("KUBEVIGIL_SOAK") != nullptr ? 4'000 : 400;
  for (uint64_t seed = first; seed < first + rounds && !testing::Test::HasFailure(); ++seed) {
    const Alert alert = test::random_alert(seed);
    expect_accepted(alert, false, "KUBEVIGIL_SEED=" + std::to_string(seed));
    expect_accepted(alert, true, "KUBEVIGIL_SEED=" + std::to_string(seed));
  }
}

TEST(Consumers, SmallestAlertIsAccepted) {
  Alert alert;
  alert.id = "x";
  alert.time = alert.first_seen = alert.last_seen = *parse_rfc3339("2026-01-02T03:04:05Z");
  expect_accepted(alert, false, "smallest alert");
  expect_accepted(alert, true, "smallest alert");
}

// A validator that accepts everything proves nothing: each fault below must be seen.
struct FormatFault {
  const char* encoding;
  const char* from;
  const char* to;
};
constexpr FormatFault kFormatFaults[] = {
    {"falco", R"("priority":"Error")", R"("priority":"high")"},
    {"falco", R"("ka.verb":"create")", R"("ka.verb":1)"},
    {"falco", R"("source":"k8s_audit")", R"("source":"syscall")"},
    {"falco", R"("output":"03:04)", R"("output":"at 03:04)"},
    {"falco", R"("ka.target.resource":"pods")", R"("ka.target.resource":"secrets")"},
    {"falco", R"("ka.user.name":"alice")", R"("ka.user.name":"<!here>")"},
    {"alertmanager", R"("alertname")", R"("alert-name")"},
    {"alertmanager", R"("cluster":"prod")", R"("cluster":"")"},
    {"alertmanager", R"("endsAt":"2026)", R"("endsAt":"2025)"},
    {"alertmanager", R"("startsAt":"2026-01-02T)", R"("startsAt":"2026-01-02-)"},
    {"alertmanager", R"("severity":"warning")", R"("severity":3)"},
    {"ocsf", R"("class_uid":2004)", R"("class_uid":2001)"},
    {"ocsf", R"("type_uid":200401)", R"("type_uid":200402)"},
    {"ocsf", R"("severity_id":4)", R"("severity_id":7)"},
    {"ocsf", R"("operation":"create")", R"("verb":"create")"},
    {"ocsf", R"("type_id":1)", R"("type_id":12)"},
    {"ocsf", R"("ip":"203.0.113.7"})", R"("ip":"203.0.113"})"},
    {"ocsf", R"("time":1767)", R"("time":1767.)"},
    {"slack", R"(`alice opened)", R"(<!channel> `alice opened)"},
    {"slack", R"("type":"section")", R"("type":"video")"},
    {"slack", R"("fields":[)", R"("fields":[],"x":[)"},
    {"ecs", R"("ip":"203.0.113.7")", R"("ip":"nowhere")"},
    {"ecs", R"("kind":"alert")", R"("kind":"alarm")"},
    {"ecs", R"("authorization_k8s_io/decision")", R"("authorization.k8s.io/decision")"},
    {"es-bulk", R"({"create")", R"({"index")"},
    {"es-bulk", "\n{\"@t", "{\"@t"},
    {"cef", "|7|", "|high|"},
    {"cef", "suser=", "actor="},
    {"cef", "cs5=", "cs5=\\x"},
    {"text", " | id ", "\n | id "},
};

Alert plain_alert() {
  Alert a = test::hostile_alert(0);
  a.rule_title = "Exec into a pod";
  a.message = "alice opened a shell in prod/web-0";
  a.cluster = "prod";
  a.values = {"entry"};
  a.group = {{"user.username", "alice"}};
  a.actor = {"alice", "", "", {"devs"}, "", "", "", "", "", ""};
  a.permission = {"allow", "RBAC: allowed", "ClusterRoleBinding/dev", "ClusterRole/edit"};
  a.source = {{"203.0.113.7"}, "203.0.113.7", "kubectl/v1.33"};
  a.target = {"", "pods", "exec", "prod", "web-0", ""};
  a.request = {"create", "/api/v1/namespaces/prod/pods/web-0/exec?command=sh", "audit-1", "ResponseStarted", 101,
               false};
  a.why.clear();
  a.events = {{"audit-1", "f.log", a.time, 1, 2}};
  a.missing.clear();
  a.next_steps = {"kubectl get pod -n prod web-0"};
  a.references = {"https://attack.mitre.org/techniques/T1609/"};
  return a;
}

TEST(Consumers, TheValidatorsSeeFaults) {
  const ConsumersEnv env;
  for (const FormatFault& fault : kFormatFaults) {
    const auto encoding = make_encoding(fault.encoding, options_for(false, env));
    const Alert alert = plain_alert();
    std::string body = bodies(*encoding, encoding->format().framing, {&alert, 1}).at(0).body;
    const auto consumer = std::find_if(consumers().begin(), consumers().end(), [&](const Consumer& c) {
      return std::string_view(c.encoding) == fault.encoding;
    });
    EXPECT_THAT(consumer->problems(body), IsEmpty()) << fault.encoding;
    const size_t at = body.find(fault.from);
    ASSERT_NE(at, std::string::npos) << fault.encoding << " has no " << fault.from << "\n" << body;
    body.replace(at, std::string_view(fault.from).size(), fault.to);
    EXPECT_THAT(consumer->problems(body), testing::Not(IsEmpty())) << fault.encoding << ": " << fault.to;
  }
}

}  // namespace
}  // namespace kubevigil
