// Derived fields of the envelope, as tables: members of the event, field, shown values.
#include <gtest/gtest.h>

#include "engine/event/derived.h"
#include "tests/event/read_event.h"

namespace kubevigil {
namespace {

struct FieldCase {
  const char* members;
  const char* field;
  const char* shown;
};

void check(std::initializer_list<FieldCase> cases, const DerivedConfig& config = {}) {
  for (const FieldCase& c : cases) {
    ReadEvent e(event_with(c.members), config);
    EXPECT_EQ(e.show(c.field), c.shown) << c.field << " of " << c.members;
  }
}

TEST(DerivedFields, Identity) {
  constexpr const char* kPlain = R"("user":{"username":"system:serviceaccount:ns:sa","uid":"1","groups":["g","h"]})";
  constexpr const char* kActing =
      R"("user":{"username":"alice","groups":["g"]},"impersonatedUser":{"username":"bob","extra":{"k":["v"]}})";
  constexpr const char* kToken =
      R"("user":{"username":"u","extra":{"authentication.kubernetes.io/pod-name":["p"],)"
      R"("authentication.kubernetes.io/pod-uid":["pu"],"authentication.kubernetes.io/node-name":["n"],)"
      R"("authentication.kubernetes.io/credential-id":["JTI=1"]}})";
  check({{kPlain, "effectiveUser.username", "system:serviceaccount:ns:sa"},
         {kPlain, "effectiveUser.uid", "1"},
         {kPlain, "effectiveUser.groups", "g|h"},
         {kPlain, "effectiveUser.groups[1]", "h"},
         {kPlain, "effectiveUser.groups[2]", "absent"},
         {kPlain, "serviceAccount.namespace", "ns"},
         {kPlain, "serviceAccount.name", "sa"},
         {kActing, "effectiveUser.username", "bob"},
         {kActing, "effectiveUser.groups", "absent"},
         {kActing, "effectiveUser.extra.k", "v"},
         {kActing, "serviceAccount.name", "absent"},
         {R"("user":{"username":"system:serviceaccount:ns"})", "serviceAccount.name", "absent"},
         {R"("user":{"username":"system:serviceaccount::x"})", "serviceAccount.name", "absent"},
         {R"("user":{"username":"System:serviceaccount:a:b"})", "serviceAccount.name", "absent"},
         {kPlain, "caller.namespace", "ns"},
         {kActing, "caller.namespace", "absent"},
         {kToken, "caller.pod", "p"},
         {kToken, "caller.podUID", "pu"},
         {kToken, "caller.node", "n"},
         {kToken, "credentialId", "JTI=1"},
         {R"("annotations":{"authentication.kubernetes.io/issued-credential-id":"JTI=2"})", "issuedCredentialId",
          "JTI=2"},
         {R"("user":{})", "effectiveUser.username", "absent"}});
}

TEST(DerivedFields, Address) {
  check({{R"("sourceIPs":["6.6.6.6","10.1.2.3"])", "peerIP", "10.1.2.3"},
         {R"("sourceIPs":["6.6.6.6","10.1.2.3"])", "peerNetwork", "10.1.2.0/24"},
         {R"("sourceIPs":["2001:db8:1:2::3"])", "peerNetwork", "2001:db8:1::/48"},
         {R"("sourceIPs":["::ffff:10.1.2.3"])", "peerNetwork", "10.1.2.0/24"},
         {R"("sourceIPs":["unix"])", "peerIP", "unix"},
         {R"("sourceIPs":["unix"])", "peerNetwork", "absent"},
         {R"("sourceIPs":[])", "peerIP", "absent"}});
  check({{R"("sourceIPs":["6.6.6.6","10.1.2.3","192.168.0.1"])", "peerIP", "6.6.6.6"},
         {R"("sourceIPs":["5.5.5.5","6.6.6.6","10.1.2.3"])", "peerIP", "6.6.6.6"},
         {R"("sourceIPs":["10.0.0.1","10.0.0.2"])", "peerIP", "10.0.0.1"}},
        {{"10.0.0.0/8", "192.168.0.1"}});
}

TEST(DerivedFields, ForwardedAddressesCannotPushOutThePeer) {
  std::string ips;
  for (int i = 0; i < 5'000; ++i) ips += R"("6.6.6.6",)";
  const std::string members = "\"sourceIPs\":[" + ips + "\"10.1.2.3\"]";
  ReadEvent e(event_with(members));
  EXPECT_EQ(e.show("peerIP"), "10.1.2.3");
  EXPECT_EQ(e.show("sourceIPs"), "unknown");
  EXPECT_EQ(e.show("body.defect"), "values");
  ReadEvent proxied(event_with(members), {{"10.0.0.0/8"}});
  EXPECT_EQ(proxied.show("peerIP"), "unknown");
  EXPECT_EQ(proxied.show("peerNetwork"), "unknown");
}

TEST(DerivedFields, WhatTheServerReadsOfTheQuery) {
  const auto with = [](const char* verb, const char* ref, const char* query) {
    return event_with("\"verb\":\"" + std::string(verb) + "\",\"requestURI\":\"/x?" + query + "\",\"objectRef\":{" +
                      ref + "}");
  };
  constexpr const char* kPods = R"("resource":"pods")";
  constexpr const char* kExec = R"("resource":"pods","subresource":"exec")";
  EXPECT_EQ(ReadEvent(with("create", kExec, "a=#&command=id")).show("execCommand"), "id");
  EXPECT_EQ(ReadEvent(with("create", kExec, "dryRun=All")).show("request.dryRun"), "false");
  EXPECT_EQ(ReadEvent(with("get", kExec, "dryRun=All")).show("request.dryRun"), "false");
  EXPECT_EQ(ReadEvent(with("create", kPods, "dryRun=%41ll")).show("request.dryRun"), "true");
  EXPECT_EQ(ReadEvent(with("create", kPods, "dryRun=All;x")).show("request.dryRun"), "false");
  EXPECT_EQ(ReadEvent(with("create", R"("resource":"serviceaccounts","subresource":"token")", "dryRun=All"))
                .show("request.dryRun"),
            "false");
}

TEST(DerivedFields, Request) {
  constexpr const char* kExec =
      R"("verb":"get","objectRef":{"resource":"pods","subresource":"exec","name":"p"},)"
      R"("requestURI":"/api/v1/namespaces/x/pods/p/exec?command=sh\u0026command=-c\u0026command=id+-u%3B%20x\u0026stdin=true")";
  check({{kExec, "resource", "pods/exec"},
         {kExec, "execCommand", "sh -c id -u; x"},
         {kExec, "uri.path", "/api/v1/namespaces/x/pods/p/exec"},
         {kExec, "uri.query.command", "sh|-c|id -u; x"},
         {kExec, "uri.query.stdin", "true"},
         {kExec, "uri.query.tty", "absent"},
         {kExec, "target.pod", "p"},
         {R"("objectRef":{"resource":"pods"})", "resource", "pods"},
         {R"("objectRef":{"resource":"pods"})", "execCommand", "absent"},
         {R"("requestURI":"/a%2fb%zz?x=%ff%41&x&%78=1#f")", "uri.path", "/a/b%zz"},
         {R"("requestURI":"/a?x=%ff%41&x&%78=1#f")", "uri.query.x", "\uFFFDA||1#f"},
         {R"("userAgent":"kubectl/v1.30 (linux/amd64) kubernetes/abc")", "userAgent.family", "kubectl"},
         {R"("userAgent":"Go-http-client/1.1")", "userAgent.family", "go-http-client"},
         {R"("userAgent":"python-requests/2.28")", "userAgent.family", "python-requests"},
         {R"("userAgent":"curl")", "userAgent.family", "curl"},
         {R"("userAgent":"")", "userAgent.family", "absent"},
         {R"("annotations":{"audit.k8s.io/truncated":"true"})", "truncated", "true"},
         {"", "truncated", "false"},
         {"", "cluster", "absent"},
         {"", "hit.rule", "absent"}});
}

TEST(DerivedFields, DryRun) {
  constexpr const char* kDelete = R"("verb":"delete","objectRef":{"resource":"pods","name":"p"})";
  check({{R"("verb":"create","requestURI":"/x?dryRun=All","objectRef":{"resource":"pods"})", "request.dryRun", "true"},
         {R"("verb":"create","requestURI":"/x","objectRef":{"resource":"pods"})", "request.dryRun", "false"},
         {kDelete, "request.dryRun", "false"}});
  ReadEvent body(event_with(std::string(kDelete) + R"(,"requestObject":{"kind":"DeleteOptions","dryRun":["All"]})"));
  EXPECT_EQ(body.show("request.dryRun"), "true");
  ReadEvent cut(event_with(std::string(kDelete) + R"(,"annotations":{"audit.k8s.io/truncated":"true"})"));
  EXPECT_EQ(cut.show("request.dryRun"), "unknown");
}

TEST(DerivedFields, TargetPodOfGeneratedNames) {
  constexpr const char* kCreate = R"("verb":"create","objectRef":{"resource":"pods","namespace":"x"})";
  const auto pod = [&](std::string_view more) {
    return ReadEvent(event_with(std::string(kCreate) + std::string(more))).show("target.pod");
  };
  EXPECT_EQ(pod(R"(,"requestObject":{"metadata":{"generateName":"a-"}},"responseObject":{"metadata":{"name":"a-b"}})"),
            "a-b");
  EXPECT_EQ(pod(R"(,"requestObject":{"metadata":{"name":"given"}},"responseObject":{"kind":"Status","metadata":{}})"),
            "given");
  EXPECT_EQ(pod(R"(,"requestObject":{"metadata":{"generateName":"a-"}})"), "unknown");
  EXPECT_EQ(ReadEvent(event_with(R"("verb":"list","objectRef":{"resource":"pods"})")).show("target.pod"), "absent");
}

std::string reason(std::string_view text) {
  return R"("annotations":{"authorization.k8s.io/decision":"allow","authorization.k8s.io/reason":")" +
         std::string(text) + "\"}";
}

TEST(DerivedFields, Authorization) {
  const std::string cluster = reason(
      R"(RBAC: allowed by ClusterRoleBinding \"cluster-admin\" of ClusterRole \"cluster-admin\" to Group \"system:masters\")");
  const std::string local =
      reason(R"(RBAC: allowed by RoleBinding \"read/team-a\" of Role \"view\" to User \"alice\")");
  check({{cluster.c_str(), "authz.decision", "allow"},
         {cluster.c_str(), "authz.binding", "ClusterRoleBinding/cluster-admin"},
         {cluster.c_str(), "authz.role", "ClusterRole/cluster-admin"},
         {local.c_str(), "authz.binding", "RoleBinding/team-a/read"},
         {local.c_str(), "authz.role", "Role/view"},
         {reason("").c_str(), "authz.binding", "absent"},
         {reason("").c_str(), "authz.reason", ""},
         {reason(R"(RBAC: allowed by RoleBinding \"unfinished)").c_str(), "authz.binding", "absent"},
         {reason("internal error").c_str(), "authz.role", "absent"}});
}

TEST(DerivedFields, WrittenBindings) {
  constexpr const char* kBinding =
      R"("verb":"create","objectRef":{"resource":"rolebindings","namespace":"x","apiGroup":"rbac.authorization.k8s.io"},)"
      R"("requestObject":{"metadata":{"name":"b"},"subjects":[{"kind":"User","name":"alice"},)"
      R"({"kind":"Group","name":"system:authenticated"},{"kind":"ServiceAccount","name":"sa"},)"
      R"({"kind":"ServiceAccount","name":"sb","namespace":"y"}]})";
  constexpr const char* kDeleted =
      R"("verb":"delete","objectRef":{"resource":"clusterrolebindings","name":"c","apiGroup":"rbac.authorization.k8s.io"})";
  constexpr const char* kPatched =
      R"("verb":"patch","objectRef":{"resource":"clusterrolebindings","name":"c","apiGroup":"rbac.authorization.k8s.io"},)"
      R"("requestObject":[{"op":"add","path":"/subjects/-","value":{"kind":"User","name":"eve"}}])";
  constexpr const char* kLabelled =
      R"("verb":"patch","objectRef":{"resource":"clusterrolebindings","name":"c","apiGroup":"rbac.authorization.k8s.io"},)"
      R"("requestObject":{"metadata":{"labels":{"a":"b"}}})";
  check({{kBinding, "written.binding", "RoleBinding/x/b"},
         {kBinding, "written.subjects",
          "alice|Group:system:authenticated|system:serviceaccount:x:sa|system:serviceaccount:y:sb"},
         {kDeleted, "written.binding", "ClusterRoleBinding/c"},
         {kDeleted, "written.subjects", "absent"},
         {kPatched, "written.subjects", "eve"},
         {kLabelled, "written.subjects", "partial"},
         {R"("verb":"create","objectRef":{"resource":"pods"},"requestObject":{"subjects":[{"name":"x"}]})",
          "written.subjects", "absent"}});
}

TEST(DerivedFields, WrittenRolesAndTargetAccounts) {
  constexpr const char* kRole =
      R"("verb":"create","objectRef":{"resource":"roles","namespace":"x","apiGroup":"rbac.authorization.k8s.io"},)"
      R"("requestObject":{"metadata":{"name":"r"}})";
  constexpr const char* kDeleted =
      R"("verb":"delete","objectRef":{"resource":"clusterroles","name":"c","apiGroup":"rbac.authorization.k8s.io"})";
  constexpr const char* kMinted =
      R"("verb":"create","objectRef":{"resource":"serviceaccounts","subresource":"token","namespace":"x","name":"s"})";
  constexpr const char* kNamedByServer =
      R"("verb":"create","objectRef":{"resource":"serviceaccounts","namespace":"x"},"requestObject":{"metadata":{"generateName":"s-"}})";
  check({{kRole, "written.role", "Role/r"},
         {kDeleted, "written.role", "ClusterRole/c"},
         {kMinted, "written.role", "absent"},
         {kMinted, "target.account", "system:serviceaccount:x:s"},
         {kNamedByServer, "target.account", "unknown"},
         {kRole, "target.account", "absent"}});
}

TEST(DerivedFields, RepeatedKeysOfRbacObjectsAllCount) {
  const auto patch = [](const char* resource, const char* body) {
    return event_with(R"("verb":"patch","objectRef":{"apiGroup":"rbac.authorization.k8s.io","name":"r","resource":")" +
                      std::string(resource) + "\"},\"requestObject\":" + body);
  };
  EXPECT_EQ(ReadEvent(patch("clusterroles", R"({"rules":[],"rules":[{"verbs":["*"]}]})")).show("rbacRules.verbs"), "*");
  EXPECT_EQ(ReadEvent(patch("clusterrolebindings",
                            R"({"subjects":[{"kind":"User","kind":"Group","name":"a","name":"system:masters"}]})"))
                .show("written.subjects"),
            "a|Group:a|system:masters|Group:system:masters");
}

// The API server takes the last of repeated keys; more of them than are looked at must not hide it.
TEST(DerivedFields, ManyRepeatedSubjectNames) {
  std::string subject = R"("kind":"Group")";
  for (int i = 0; i < 20; ++i) subject += R"(,"name":"a")";
  const std::string ref =
      R"("verb":"patch","objectRef":{"resource":"rolebindings","apiGroup":"rbac.authorization.k8s.io"})";
  ReadEvent e(event_with(ref + R"(,"requestObject":{"subjects":[{)" + subject + R"(,"name":"system:masters"}]})"));
  EXPECT_EQ(e.show("written.subjects"), "unknown");
}

TEST(DerivedFields, SubjectOfUnknownKind) {
  ReadEvent e(
      event_with(R"("verb":"patch","objectRef":{"resource":"rolebindings","apiGroup":"rbac.authorization.k8s.io"},)"
                 R"("requestObject":[{"op":"replace","path":"/subjects/0/name","value":"system:authenticated"}])"));
  EXPECT_EQ(e.show("written.subjects"), "system:authenticated|Group:system:authenticated");
}

TEST(DerivedFields, RbacRulesKeepElementsTogether) {
  ReadEvent e(event_with(
      R"("verb":"update","objectRef":{"resource":"clusterroles","apiGroup":"rbac.authorization.k8s.io"},)"
      R"("requestObject":{"rules":[{"verbs":["get"],"resources":["secrets"]},{"verbs":["*"],"resources":["pods"]}]})"));
  EXPECT_EQ(e.show("rbacRules.verbs"), "get|*");
  EXPECT_EQ(e.show_elements("rbacRules", "resources"), "secrets;pods");
}

// openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /dev/null
//   -subj '/O=system:masters/CN=alice' | base64 -w0
constexpr std::string_view kRequest =
    "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlIak1JR0xBZ0VBTUNreEZ6QVZCZ05WQkFvTURuTjVjM1JsYlRw"
    "dFlYTjBaWEp6TVE0d0RBWURWUVFEREFWaApiR2xqWlRCWk1CTUdCeXFHU000OUFnRUdDQ3FHU000OUF3RUhBMElBQk55UllKQzE4"
    "bFJNOFBMczFOL0Job0VFCmRiZUVHWFppajRwTWxjYnBFNmtMNjVXcmtNV3hNb3Q0UlQvNEwzL0lJMTFUTnJxOXVJOUhGT3kxc3Vx"
    "ZHBvcWcKQURBS0JnZ3Foa2pPUFFRREFnTkhBREJFQWlBMWxxSGJMa01KMUJiYzhoY1R1REJDVFMyQnRBWnJCSlBvY09VTApFUm5V"
    "eHdJZ09XaHBLdVVtb1VxQ3J1emFONVpCbXFVS3hPSTVxQysvZTd2WDZCdjZHc1U9Ci0tLS0tRU5EIENFUlRJRklDQVRFIFJFUVVF"
    "U1QtLS0tLQo=";

TEST(DerivedFields, SubjectOfCertificateRequests) {
  const auto subject = [](std::string_view request) {
    return ReadEvent(event_with(R"("verb":"create","objectRef":{"resource":"certificatesigningrequests"},)"
                                R"("requestObject":{"spec":{"request":")" +
                                std::string(request) + "\"}}"))
        .show("csr.subject");
  };
  EXPECT_EQ(subject(kRequest), "O=system:masters|CN=alice");
  EXPECT_EQ(subject("bm90IGEgcmVxdWVzdA=="), "unknown");
  EXPECT_EQ(subject("!"), "unknown");
}

TEST(DerivedFields, NormalisedPaths) {
  for (const auto& [path, normal] :
       std::vector<std::pair<const char*, const char*>>{{"/", "/"},
                                                        {"//", "/"},
                                                        {"/var/run/docker.sock", "/run/docker.sock"},
                                                        {"/var//run/", "/run"},
                                                        {"/var/./run/../run/x", "/run/x"},
                                                        {"/etc/../..", "/"},
                                                        {"/var/running", "/var/running"},
                                                        {"/a/var/run", "/a/var/run"},
                                                        {"etc/", "/etc"},
                                                        {"", ""},
                                                        {"/run/../var/run/x", "/run/x"}}) {
    EXPECT_EQ(normalised_path(path), normal) << path;
  }
}

}  // namespace
}  // namespace kubevigil
