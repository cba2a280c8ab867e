// The short form of events: what follows from little, held against whole events.
#include "engine/run/case_event.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/event/event_reader.h"

namespace kubevigil {
namespace {

using testing::HasSubstr;
using testing::Not;

const Timestamp kNine = *parse_rfc3339("2026-03-02T09:00:00Z");

CaseEvent event_of(const char* user, const char* verb, const char* resource, const char* ns = "",
                   const char* name = "") {
  CaseEvent e;
  e.user = user;
  e.verb = verb;
  set_resource(e, resource);
  e.ns = ns;
  e.name = name;
  return e;
}

std::string json_of(const CaseEvent& e) { return expand(e, kNine, "t", 0).at(0).json; }

TEST(CaseEvent, AddressFollowsFromTheObject) {
  const struct {
    CaseEvent event;
    const char* uri;
  } rows[] = {
      {event_of("a", "list", "pods"), "/api/v1/pods"},
      {event_of("a", "get", "pods", "shop", "web"), "/api/v1/namespaces/shop/pods/web"},
      {event_of("a", "create", "pods", "shop", "web"), "/api/v1/namespaces/shop/pods"},
      {event_of("a", "create", "pods/exec", "shop", "web"), "/api/v1/namespaces/shop/pods/web/exec"},
      {event_of("a", "patch", "deployments", "shop", "web"), "/apis/apps/v1/namespaces/shop/deployments/web"},
      {event_of("a", "get", "namespaces", "shop", "shop"), "/api/v1/namespaces/shop"},
      {event_of("a", "list", "widgets.example.com", "shop"), "/apis/example.com/v1/namespaces/shop/widgets"},
      {event_of("a", "watch", "secrets"), "/api/v1/secrets?watch=true"},
  };
  for (const auto& row : rows)
    EXPECT_THAT(json_of(row.event), HasSubstr("\"requestURI\":\"" + std::string(row.uri) + "\""));
}

TEST(CaseEvent, CodeAndDecisionFollowFromTheVerb) {
  EXPECT_THAT(json_of(event_of("a", "create", "pods", "n", "p")), HasSubstr("\"code\":201"));
  EXPECT_THAT(json_of(event_of("a", "get", "pods/exec", "n", "p")), HasSubstr("\"code\":101"));
  EXPECT_THAT(json_of(event_of("a", "list", "pods")), HasSubstr("\"code\":200"));
  CaseEvent refused = event_of("a", "list", "pods");
  refused.code = 403;
  EXPECT_THAT(json_of(refused), HasSubstr("\"authorization.k8s.io/decision\":\"forbid\""));
}

TEST(CaseEvent, GroupsFollowFromTheUser) {
  EXPECT_THAT(json_of(event_of("system:serviceaccount:shop:web", "list", "pods")),
              HasSubstr("system:serviceaccounts:shop"));
  EXPECT_THAT(json_of(event_of("system:anonymous", "list", "pods")), HasSubstr("system:unauthenticated"));
  EXPECT_THAT(json_of(event_of("system:node:n1", "list", "pods")), HasSubstr("system:nodes"));
}

TEST(CaseEvent, EveryExpansionIsAnAuditEvent) {
  CaseEvent e = event_of("alice", "create", "pods/exec", "shop", "web");
  e.session = Duration::hours(1);
  e.times = 3;
  e.every = Duration::minutes(1);
  const std::vector<CaseRecord> records = expand(e, kNine, "t", 7);
  ASSERT_EQ(records.size(), 6u);
  EventReader reader;
  Event event;
  for (const CaseRecord& record : records) {
    const std::string padded = record.json + std::string(kRecordPadding, ' ');
    ASSERT_TRUE(reader.read(std::string_view(padded).substr(0, record.json.size()), {}, event)) << record.json;
    EXPECT_EQ(event.time, record.time);
  }
  EXPECT_EQ(records.front().time, kNine);
  EXPECT_EQ(records.back().time, kNine + Duration::minutes(62));
  EXPECT_EQ(expand(e, kNine, "t", 7).at(0).json, records[0].json);
  EXPECT_NE(expand(e, kNine, "u", 7).at(0).json, records[0].json) << "cases have audit ids of their own";
}

TEST(CaseEvent, PatchesBringTheSameContent) {
  CaseEvent e = event_of("alice", "create", "deployments", "shop", "web");
  e.body = R"({"kind":"Deployment","metadata":{"name":"web"},"spec":{"replicas":2,"containers":[{"name":"c"}]}})";
  EXPECT_EQ(as_patch(e, PatchForm::Merge).body, R"({"spec":{"replicas":2,"containers":[{"name":"c"}]}})");
  EXPECT_EQ(as_patch(e, PatchForm::Strategic).body,
            R"({"spec":{"replicas":2,"containers":[{"name":"c"}],"$setElementOrder/containers":[{"name":"c"}]}})");
  EXPECT_EQ(as_patch(e, PatchForm::Apply).body, e.body);
  EXPECT_EQ(
      as_patch(e, PatchForm::Json).body,
      R"([{"op":"add","path":"/spec/replicas","value":2},{"op":"add","path":"/spec/containers","value":[{"name":"c"}]}])");
  EXPECT_EQ(as_patch(e, PatchForm::Json).verb, "patch");
  EXPECT_EQ(as_patch(event_of("a", "delete", "pods", "n", "p"), PatchForm::Merge).verb, "delete");
}

TEST(CaseEvent, WithoutBodiesIsMetadata) {
  CaseEvent e = event_of("alice", "create", "pods", "shop", "web");
  e.body = "{\"spec\":{}}";
  EXPECT_THAT(json_of(e), HasSubstr("\"level\":\"Request\""));
  EXPECT_THAT(json_of(without_bodies(e)), HasSubstr("\"level\":\"Metadata\""));
  EXPECT_THAT(json_of(without_bodies(e)), Not(HasSubstr("requestObject")));
}

}  // namespace
}  // namespace kubevigil
