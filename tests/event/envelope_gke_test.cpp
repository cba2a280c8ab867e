// GKE log entries: the mapping table of envelope_gke.cpp, row by row.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "engine/codec/base64.h"
#include "tests/support/event_text.h"

namespace kubevigil {
namespace {

using test::read_events;

struct Entry {
  std::string method = "io.k8s.core.v1.pods.get";
  std::string resource = "core/v1/namespaces/ns/pods/p";
  std::string operation = R"("operation":{"id":"op-1","producer":"k8s.io","first":true,"last":true},)";
  std::string payload;  // more members of protoPayload, each with a comma in front
  std::string labels = R"({"authorization.k8s.io/decision":"allow","authorization.k8s.io/reason":"why"})";
};

std::string text(const Entry& e) {
  return fmt::format(
      R"({{"insertId":"ins-1","logName":"projects/p/logs/cloudaudit.googleapis.com%2Factivity",{}"resource":{{"type":"k8s_cluster","labels":{{"project_id":"pr","location":"eu","cluster_name":"c"}}}},"timestamp":"2024-05-01T10:00:00.5Z","receiveTimestamp":"2024-05-01T10:00:09Z","labels":{},"protoPayload":{{"@type":"t","serviceName":"k8s.io","methodName":"{}","resourceName":"{}","authenticationInfo":{{"principalEmail":"u@x"}},"requestMetadata":{{"callerIp":"1.2.3.4","callerSuppliedUserAgent":"kubectl/1"}}{}}}}})",
      e.operation, e.labels, e.method, e.resource, e.payload);
}

// The line of a field in the normalised event, or "".
std::string field(const Entry& e, const std::string& name) {
  const test::ReadResult got = read_events(text(e));
  EXPECT_EQ(got.events.size(), 1u) << text(e) << (got.bad.empty() ? "" : got.bad[0].message);
  if (got.events.size() != 1) return "no event";
  const std::string& all = got.events[0].text;
  const size_t at = ("\n" + all).find("\n" + name + "=");
  if (at == std::string::npos) return "";
  std::string value = all.substr(at + name.size() + 1, all.find('\n', at) - at - name.size() - 1);
  if (value.ends_with('|')) value.pop_back();
  return value;
}

TEST(EnvelopeGke, TheWholeEvent) {
  Entry e;
  e.payload =
      R"(,"request":{"@type":"core.k8s.io/v1.Pod","kind":"Pod"},"response":{"@type":"x","a":[1]},"status":{"code":0})";
  const auto got = read_events(text(e));
  ASSERT_EQ(got.events.size(), 1u);
  EXPECT_EQ(got.events[0].text,
            "level=RequestResponse|\nauditID=op-1|\nstage=ResponseComplete|\n"
            "requestURI=/api/v1/namespaces/ns/pods/p|\nverb=get|\nuser.username=u@x|\nsourceIPs=1.2.3.4|\n"
            "userAgent=kubectl/1|\nobjectRef.resource=pods|\nobjectRef.namespace=ns|\nobjectRef.name=p|\n"
            "objectRef.apiVersion=v1|\nresponseStatus.code=200|\n"
            "requestReceivedTimestamp=2024-05-01T10:00:00.5Z|\nstageTimestamp=2024-05-01T10:00:00.5Z|\n"
            "annotations=authorization.k8s.io/decision:allow|authorization.k8s.io/reason:why|\n"
            "requestObject={\"kind\":\"Pod\"}\nresponseObject={\"a\":[1]}\n");
  EXPECT_EQ(got.events[0].cluster, "pr/eu/c");
  EXPECT_EQ(got.events[0].envelope, "gke");
  const auto pushed =
      read_events(R"({"message":{"data":")" + base64_encode(text(e)) + R"(","messageId":"1"},"subscription":"s"})");
  ASSERT_EQ(pushed.events.size(), 1u);
  EXPECT_EQ(pushed.events[0].text, got.events[0].text);
  EXPECT_EQ(pushed.events[0].cluster, "pr/eu/c");
}

TEST(EnvelopeGke, Targets) {
  const struct {
    const char *method, *resource_name, *resource, *space, *name, *subresource, *group, *uri;
  } cases[] = {
      {"io.k8s.core.v1.secrets.list", "core/v1/secrets", "secrets", "", "", "", "", "/api/v1/secrets"},
      {"io.k8s.core.v1.secrets.list", "core/v1/namespaces/ns/secrets", "secrets", "ns", "", "", "",
       "/api/v1/namespaces/ns/secrets"},
      {"io.k8s.core.v1.pods.exec.create", "core/v1/namespaces/ns/pods/p/exec", "pods", "ns", "p", "exec", "",
       "/api/v1/namespaces/ns/pods/p/exec"},
      {"io.k8s.core.v1.nodes.proxy.get", "core/v1/nodes/n/proxy", "nodes", "", "n", "proxy", "",
       "/api/v1/nodes/n/proxy"},
      {"io.k8s.core.v1.namespaces.create", "core/v1/namespaces/ns", "namespaces", "ns", "ns", "", "",
       "/api/v1/namespaces/ns"},
      {"io.k8s.core.v1.namespaces.list", "core/v1/namespaces", "namespaces", "", "", "", "", "/api/v1/namespaces"},
      {"io.k8s.core.v1.namespaces.finalize.update", "core/v1/namespaces/ns/finalize", "namespaces", "ns", "ns",
       "finalize", "", "/api/v1/namespaces/ns/finalize"},
      {"io.k8s.authorization.rbac.v1.clusterrolebindings.create", "rbac.authorization.k8s.io/v1/clusterrolebindings/b",
       "clusterrolebindings", "", "b", "", "rbac.authorization.k8s.io",
       "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/b"},
      {"io.k8s.get", "readyz", "", "", "", "", "", "/readyz"},
  };
  for (const auto& c : cases) {
    Entry e;
    e.method = c.method;
    e.resource = c.resource_name;
    EXPECT_EQ(field(e, "objectRef.resource"), c.resource) << c.resource_name;
    EXPECT_EQ(field(e, "objectRef.namespace"), c.space) << c.resource_name;
    EXPECT_EQ(field(e, "objectRef.name"), c.name) << c.resource_name;
    EXPECT_EQ(field(e, "objectRef.subresource"), c.subresource) << c.resource_name;
    EXPECT_EQ(field(e, "objectRef.apiGroup"), c.group) << c.resource_name;
    EXPECT_EQ(field(e, "requestURI"), c.uri) << c.resource_name;
  }
}

TEST(EnvelopeGke, Outcomes) {
  const std::pair<int, const char*> codes[] = {{0, "200"},  {3, "400"},  {4, "504"}, {5, "404"},  {6, "409"},
                                               {7, "403"},  {8, "429"},  {9, "412"}, {10, "409"}, {13, "500"},
                                               {14, "503"}, {16, "401"}, {99, "500"}};
  for (const auto& [rpc, http] : codes) {
    Entry e;
    e.payload = fmt::format(R"(,"status":{{"code":{},"message":"m"}})", rpc);
    EXPECT_EQ(field(e, "responseStatus.code"), http) << rpc;
  }
  Entry created;
  created.method = "io.k8s.core.v1.pods.create";
  EXPECT_EQ(field(created, "responseStatus.code"), "201");
  Entry exec;
  exec.method = "io.k8s.core.v1.pods.exec.create";
  exec.resource += "/exec";
  EXPECT_EQ(field(exec, "responseStatus.code"), "101");
  EXPECT_EQ(field(exec, "stage"), "ResponseStarted");
  Entry forbidden;
  forbidden.labels = R"({"authorization.k8s.io/decision":"forbid"})";
  EXPECT_EQ(field(forbidden, "responseStatus.code"), "403");
  Entry not_granted;
  not_granted.labels = "{}";
  not_granted.payload = R"(,"authorizationInfo":[{"permission":"p"}])";
  EXPECT_EQ(field(not_granted, "responseStatus.code"), "403");
  EXPECT_EQ(field(not_granted, "annotations"), "authorization.k8s.io/decision:forbid");
}

TEST(EnvelopeGke, IdsAndStages) {
  Entry e;
  e.operation = "";
  EXPECT_EQ(field(e, "auditID"), "ins-1");
  EXPECT_EQ(field(e, "stage"), "ResponseComplete");
  e.operation = R"("operation":{"id":"op-1","first":true},)";
  EXPECT_EQ(field(e, "stage"), "ResponseStarted");
  e.operation = R"("operation":{"id":"op-1","last":true},)";
  EXPECT_EQ(field(e, "stage"), "ResponseComplete");
  e.payload = R"(,"request":{"@type":"k8s.io/Patch","spec":{"replicas":2}})";
  EXPECT_EQ(field(e, "requestObject"), R"({"spec":{"replicas":2}})");
  EXPECT_EQ(field(e, "level"), "Request");
}

}  // namespace
}  // namespace kubevigil
