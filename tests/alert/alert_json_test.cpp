#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/alert/alert.h"
#include "tests/support/json_schema.h"

namespace kubevigil {
namespace {

using test::schema_problems;
using testing::IsEmpty;

// Every member set.
Alert full_alert() {
  Alert a;
  a.id = "0190f8f0-0000-8000-8000-000000000001";
  a.dedup_key = "d";
  a.revision = 2;
  a.status = EpisodeStatus::Update;
  a.time = a.first_seen = a.last_seen = *parse_rfc3339("2026-01-02T03:04:05.123456Z");
  a.count = 3;
  a.measure = 2.5;
  a.duration_seconds = 1.25;
  a.state_since = a.first_seen;
  a.rule_id = "id";
  a.rule_name = "name";
  a.rule_title = "title";
  a.rule_hash = "hash";
  a.level = Level::Critical;
  a.stage = Stage::Spread;
  a.risk = 70;
  a.message = "m \"quoted\" \x01";
  a.attack = {{"TA0006", "Credential Access", "T1552.007", "Container API"}, {"TA0005", "Stealth", "", ""}};
  a.cluster = "prod";
  a.envelope = "native";
  a.group = {{"user.username", "alice"}};
  a.values = {"v"};
  a.actor = {"alice", "uid", "bob", {"g"}, "ns", "sa", "pod", "pod-uid", "node", "JTI=1"};
  a.permission = {"allow", "reason", "b", "r"};
  a.source = {{"203.0.113.7"}, "203.0.113.7", "kubectl"};
  a.target = {"apps", "deployments", "scale", "ns", "name", "uid"};
  a.request = {"create", "/api", "audit", "ResponseComplete", 201, true};
  a.why = {{"verb = create", "verb", {"create"}}, {"event_count >= 3", "", {}}};
  a.events = {{"audit", "f.log", a.time, 12, 3}};
  a.chain = {"alice",
             {"entry"},
             {{"entered", "alice", "web-1 shop", a.time, "audit"}},
             {{"pod_exec", Level::Low, Stage::Entry, "alice", a.time, "audit"}}};
  a.audit_level = "Metadata";
  a.missing = {"requestObject"};
  a.next_steps = {"kubectl get pods"};
  a.references = {"https://example.com"};
  a.approximate = a.degraded = a.salvaged = true;
  return a;
}

TEST(AlertJson, FollowsThePublishedSchema) {
  EXPECT_THAT(schema_problems(alert_schema(), to_json(full_alert())), IsEmpty());
  Alert smallest;
  smallest.id = "x";
  EXPECT_THAT(schema_problems(alert_schema(), to_json(smallest)), IsEmpty());
}

TEST(AlertJson, TheValidatorSeesFaults) {
  const std::string good = to_json(full_alert());
  const auto broken = [&](std::string_view from, std::string_view to) {
    std::string json = good;
    json.replace(json.find(from), from.size(), to);
    return schema_problems(alert_schema(), json);
  };
  EXPECT_EQ(broken("\"revision\":2", "\"revision\":0").size(), 1u);
  EXPECT_EQ(broken("\"revision\":2", "\"revision\":\"2\"").size(), 1u);
  EXPECT_EQ(broken("\"level\":\"critical\"", "\"level\":\"severe\"").size(), 1u);
  EXPECT_EQ(broken("\"dedup_key\":\"d\",", "").size(), 1u);
  EXPECT_EQ(broken("\"revision\":2", "\"revision\":2,\"surprise\":1").size(), 1u);
  EXPECT_EQ(broken("T03:04:05.123456Z", " 03:04").size(), 1u);
}

TEST(AlertJson, KeysKeepTheirOrder) {
  const std::string json = to_json(full_alert());
  size_t last = 0;
  for (const char* key : {"\"schema\"", "\"id\"", "\"status\"", "\"rule\"", "\"level\"", "\"message\"", "\"attack\"",
                          "\"actor\"", "\"target\"", "\"request\"", "\"why\"", "\"events\"", "\"next_steps\""}) {
    const size_t at = json.find(std::string(key) + ":");
    ASSERT_NE(at, std::string::npos) << key;
    EXPECT_GT(at, last) << key;
    last = at;
  }
  EXPECT_EQ(json.find('\n'), std::string::npos);
}

}  // namespace
}  // namespace kubevigil
