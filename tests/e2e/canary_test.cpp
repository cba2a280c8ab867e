// Secrets planted in events must not come out anywhere, however the alert is shown (design/rules.md 8).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "tests/e2e/program.h"

namespace kubevigil::e2e {
namespace {

constexpr const char* kCanary = "c4n4ry-5ecret";

// Rules that match on the very values, and show them in message, group and values.
constexpr const char* kRules = R"(
title: Secret written
id: aaaaaaaa-1111-4111-8111-111111111111
name: secret_written
status: test
level: high
logsource: {product: kubernetes, service: audit}
detection:
  sel: {objectRef.resource: secrets, requestObject.data.password|contains: 'c4n4ry'}
  condition: sel
kubevigil: {message: "wrote {requestObject.data.password} and {requestObject.stringData.pin}", dedup: {by: [requestObject.data.password]}}
---
title: Env value
id: aaaaaaaa-2222-4222-8222-222222222222
name: env_value
status: test
level: high
logsource: {product: kubernetes, service: audit}
detection:
  sel: {objectRef.resource: pods, requestObject.spec.containers.env.value|contains: 'c4n4ry'}
  condition: sel
kubevigil: {message: "env {requestObject.spec.containers.env.value}, args {requestObject.spec.containers.args}"}
---
title: Command with a password
id: aaaaaaaa-3333-4333-8333-333333333333
name: command_password
status: test
level: high
logsource: {product: kubernetes, service: audit}
detection:
  sel: {objectRef.subresource: exec}
  condition: sel
kubevigil: {message: "ran {requestURI} {userAgent}"}
---
title: Config map
id: aaaaaaaa-4444-4444-8444-444444444444
name: config_map
status: test
level: high
logsource: {product: kubernetes, service: audit}
detection:
  sel: {objectRef.resource: configmaps, requestObject.data.key|contains: 'c4n4ry'}
  condition: sel
kubevigil: {message: "map {requestObject.data.key}"}
---
title: Token
id: aaaaaaaa-5555-4555-8555-555555555555
name: token
status: test
level: high
logsource: {product: kubernetes, service: audit}
detection:
  sel: {objectRef.subresource: token, responseObject.status.token|contains: 'c4n4ry'}
  condition: sel
kubevigil: {message: "token {responseObject.status.token}"}
---
title: Distinct values
id: aaaaaaaa-6666-4666-8666-666666666666
name: distinct_values
status: test
level: high
correlation:
  type: value_count
  rules: [secret_written]
  group-by: [user.username]
  timespan: 1h
  generate: true
  condition: {field: requestObject.data.password, gte: 1}
kubevigil: {message: "values {values:3}"}
)";

std::string event(int id, const std::string& resource, const std::string& sub, const std::string& uri,
                  const std::string& body, const std::string& response = "") {
  const std::string number = std::to_string(id);
  return R"({"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"RequestResponse","auditID":"00000000-0000-4000-8000-00000000000)" +
         number + R"(","stage":"ResponseComplete","requestURI":")" + uri +
         R"(","verb":"create","user":{"username":"mallory","groups":["g"]},"sourceIPs":["10.0.0.1"],"userAgent":"curl -u admin --password=c4n4ry-5ecret",)" +
         R"("objectRef":{"resource":")" + resource +
         R"(","namespace":"prod","name":"x","apiVersion":"v1","subresource":")" + sub +
         R"("},"responseStatus":{"code":201},"requestObject":)" + body +
         (response.empty() ? "" : ",\"responseObject\":" + response) +
         R"(,"requestReceivedTimestamp":"2026-01-02T03:04:0)" + number +
         R"(.000000Z","stageTimestamp":"2026-01-02T03:04:0)" + number + ".000000Z\"}\n";
}

std::string planted() {
  return event(
             1, "secrets", "", "/api/v1/namespaces/prod/secrets",
             R"({"kind":"Secret","metadata":{"name":"x","annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{\"data\":{\"password\":\"c4n4ry-5ecret\"}}"}},"data":{"password":"c4n4ry-5ecret"},"stringData":{"pin":"c4n4ry-5ecret"}})") +
         event(
             2, "pods", "", "/api/v1/namespaces/prod/pods",
             R"({"kind":"Pod","metadata":{"name":"x"},"spec":{"containers":[{"name":"a","image":"i","args":["--token=c4n4ry-5ecret"],"env":[{"name":"K","value":"c4n4ry-5ecret"}]}]}})") +
         event(3, "pods", "exec",
               "/api/v1/namespaces/prod/pods/x/exec?command=mysql&command=--password&command=c4n4ry-5ecret", "null") +
         event(4, "configmaps", "", "/api/v1/namespaces/prod/configmaps",
               R"({"kind":"ConfigMap","data":{"key":"c4n4ry-5ecret"}})") +
         event(5, "serviceaccounts", "token", "/api/v1/namespaces/prod/serviceaccounts/x/token", R"({"spec":{}})",
               R"({"kind":"TokenRequest","status":{"token":"c4n4ry-5ecret"}})") +
         R"({"kind":"Event","auditID":"1","requestObject":{"kind":"Secret","data":{"password":"c4n4ry-5ecret"}, broken)" +
         "\n";
}

TEST(Canary, NoOutputShowsASecret) {
  const Folder folder;
  const std::string log = folder.write("log", planted());
  const std::string rules = folder.write("rules.yaml", kRules);
  const std::set<std::string> whole = {"jsonl", "json", "csv", "table", "ocsf"};  // with names of rules and all values
  for (const std::string format :
       {"jsonl", "json", "csv", "table", "text", "falco", "alertmanager", "slack", "ocsf", "ecs", "es-bulk", "cef"}) {
    const Result result = run({"replay", log, "--rules", rules, "-o", format, "--stats-json", folder.path("stats"),
                               "--bad-lines", folder.path("bad")});
    EXPECT_EQ(result.code, 0) << result.err;
    EXPECT_GT(result.out.size(), 500u) << format;
    if (whole.contains(format)) {
      for (const char* rule :
           {"secret_written", "env_value", "command_password", "config_map", "token", "distinct_values"}) {
        EXPECT_THAT(result.out, testing::HasSubstr(rule));
      }
      EXPECT_THAT(result.out, testing::HasSubstr("redacted(sha256:"));
    }
    for (const std::string& text :
         {result.out, result.err, read_file(folder.path("stats")), read_file(folder.path("bad"))}) {
      EXPECT_THAT(text, testing::Not(testing::HasSubstr(kCanary))) << format;
    }
    EXPECT_THAT(read_file(folder.path("bad")), testing::HasSubstr("redacted("));
  }
}

TEST(Canary, ExplainShowsNoSecret) {
  const Folder folder;
  const std::string log = folder.write("log", planted());
  const std::string rules = folder.write("rules.yaml", kRules);
  for (const char* rule : {"secret_written", "env_value", "command_password", "config_map", "token"}) {
    for (const char* format : {"text", "json"}) {
      const Result result = run({"rules", "explain", rule, "--event", log, "--rules", rules, "-o", format});
      EXPECT_EQ(result.code, 0) << result.err;
      EXPECT_THAT(result.out, testing::HasSubstr("pass"));
      EXPECT_THAT(result.out, testing::Not(testing::HasSubstr(kCanary))) << rule;
    }
  }
}

TEST(Canary, RedactionCanBeTurnedOff) {
  const Folder folder;
  const Result result = run({"replay", folder.write("log", planted()), "--rules", folder.write("rules.yaml", kRules),
                             "-o", "jsonl", "--redact", "off"});
  EXPECT_THAT(result.out, testing::HasSubstr(kCanary));
}

}  // namespace
}  // namespace kubevigil::e2e
