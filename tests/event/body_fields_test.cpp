// Fields below bodies: presence, patches, pod specs, array elements, keywords.
#include <gtest/gtest.h>

#include "tests/event/read_event.h"

namespace kubevigil {
namespace {

TEST(BodyFields, PresenceOfMissingBodies) {
  const auto at_level = [](std::string_view level, std::string_view members) {
    return R"({"auditID":"a","stage":"ResponseComplete","level":")" + std::string(level) + "\"," +
           std::string(members) + "}";
  };
  const std::string ref = R"(,"objectRef":{"resource":"pods","name":"p")";
  struct Case {
    std::string record, request, response;
  };
  for (const Case& c :
       {Case{at_level("Metadata", R"("verb":"create")" + ref + "}"), "unknown", "unknown"},
        Case{at_level("Request", R"("verb":"create")" + ref + "}"), "unknown", "unknown"},
        Case{at_level("RequestResponse", R"("verb":"update")" + ref + "}"), "unknown", "absent"},
        Case{at_level("Metadata", R"("verb":"get")" + ref + "}"), "absent", "unknown"},
        Case{at_level("Metadata", R"("verb":"watch")" + ref + "}"), "absent", "absent"},
        Case{at_level("Metadata", R"("verb":"create")" + ref + R"(,"subresource":"exec"})"), "absent", "absent"},
        Case{at_level("Metadata", R"("verb":"delete")" + ref + "}"), "unknown", "unknown"},
        Case{at_level("Request", R"("verb":"delete")" + ref + "}"), "absent", "unknown"},
        Case{at_level("Request",
                      R"("verb":"deletecollection","annotations":{"audit.k8s.io/truncated":"true"})" + ref + "}"),
             "unknown", "unknown"},
        Case{at_level("Metadata", R"("verb":"post","requestURI":"/x")"), "absent", "unknown"},
        Case{at_level("RequestResponse", R"("verb":"patch","requestObject":{"y":1})" + ref + "}"), "partial", "absent"},
        Case{at_level("RequestResponse", R"("verb":"update","requestObject":{"y":1},"responseObject":{})" + ref + "}"),
             "absent", "absent"},
        Case{at_level("RequestResponse", R"("verb":"create","requestObject":{"x":]})" + ref + "}"), "unknown",
             "absent"},
        Case{at_level("RequestResponse", "\"verb\":\"create\",\"requestObject\":{\"x\":\"\xff\"}" + ref + "}"),
             "unknown", "absent"},
        Case{at_level("RequestResponse", R"("verb":"create","requestObject":{"x":null})" + ref + "}"), "empty",
             "absent"},
        Case{at_level("Metadata", R"("verb":"create","requestObject":{"x":[]})" + ref + "}"), "empty", "unknown"},
        Case{at_level("RequestResponse", R"("verb":"create","requestObject":null)" + ref + "}"), "unknown", "absent"},
        Case{at_level("Request",
                      R"("verb":"create","annotations":{"audit.k8s.io/truncated":"true"},"requestObject":{"x":1})" +
                          ref + "}"),
             "1", "unknown"}}) {
    ReadEvent e(c.record);
    EXPECT_EQ(e.show("requestObject.x"), c.request) << c.record;
    EXPECT_EQ(e.show("responseObject.x"), c.response) << c.record;
  }
}

TEST(BodyFields, DefectsFoundWhileWalking) {
  const std::string deep = std::string(300, '[') + std::string(300, ']');
  for (const auto& [body, defect] : std::vector<std::pair<std::string, std::string>>{{"{\"x\":" + deep + "}", "depth"},
                                                                                     {"{\"x\":01}", "grammar"},
                                                                                     {"{\"x\":\"\xff\"}", "utf8"},
                                                                                     {"{}", "absent"}}) {
    ReadEvent e(event_with(R"("verb":"create","objectRef":{"resource":"pods"},"requestObject":)" + body));
    EXPECT_EQ(e.show("body.defect"), defect) << body;
    EXPECT_EQ(e.show("requestObject.x"), defect == "absent" ? "absent" : "unknown");
    EXPECT_EQ(e.lookup.defect() == BodyDefect::None, defect == "absent");
  }
}

TEST(BodyFields, Paths) {
  ReadEvent e(event_with(
      R"("verb":"create","objectRef":{"resource":"things","apiGroup":"example.com"},"requestObject":)"
      R"({"a":[{"b":1},{"b":[2,3]},{"c":4}],"s":"t","s":"u","metadata":{"labels":{"x.y/z":"l"}},"n":[[1],[2,[3]]],"o":{}})"));
  for (const auto& [field, shown] :
       std::vector<std::pair<const char*, const char*>>{{"requestObject.a.b", "1|2|3"},
                                                        {"requestObject.a[0].b", "1"},
                                                        {"requestObject.a[1].b[1]", "3"},
                                                        {"requestObject.a[7].b", "absent"},
                                                        {"requestObject.s", "t|u"},
                                                        {"requestObject.s.t", "absent"},
                                                        {"requestObject.metadata.labels.x.y/z", "l"},
                                                        {"requestObject.n", "1|2|3"},
                                                        {"requestObject.n[1][1]", "3"},
                                                        {"requestObject.o", "{}"},
                                                        {"requestObject.a", "{}|{}|{}"},
                                                        {"requestObject", "{}"}}) {
    EXPECT_EQ(e.show(field), shown) << field;
  }
  EXPECT_EQ(e.show_elements("requestObject.a", "b"), "1;2|3;absent");
  EXPECT_EQ(e.show_elements("requestObject.s", "."), "t;u");
  EXPECT_EQ(e.show_elements("requestObject.zz", "."), "absent");
}

TEST(BodyFields, ElementsOfEnvelopeLists) {
  ReadEvent e(event_with(R"("user":{"groups":["g","h"]})"));
  EXPECT_EQ(e.show_elements("user.groups", "."), "g;h");
  EXPECT_EQ(e.show_elements("user.groups", "x"), "absent;absent");
  EXPECT_EQ(e.show_elements("sourceIPs", "."), "absent");
}

std::string patch_of(std::string_view body, std::string_view more = "") {
  return event_with(
      R"("verb":"patch","objectRef":{"resource":"deployments","apiGroup":"apps","name":"d"},"requestObject":)" +
      std::string(body) + std::string(more));
}

TEST(BodyFields, JsonPatchReadsAsPartialObject) {
  ReadEvent e(
      patch_of(R"([{"op":"test","path":"/metadata/name","value":"d"},)"
               R"({"op":"replace","path":"/spec/template/spec/containers/0/image","value":"evil"},)"
               R"({"op":"add","path":"/spec/template/spec/containers/0/securityContext","value":{"privileged":true}},)"
               R"({"op":"add","path":"/spec/template/spec/containers/-","value":{"name":"n"}},)"
               R"({"op":"add","path":"/metadata/labels/a~1b~0c","value":"v"},)"
               R"({"op":"remove","path":"/spec/replicas"}])"));
  EXPECT_EQ(e.show("requestObject.metadata.labels.a/b~c"), "v");
  EXPECT_EQ(e.show("requestObject.metadata.name"), "partial");
  EXPECT_EQ(e.show("requestObject.spec.replicas"), "partial");
  EXPECT_EQ(e.show("requestObject.op"), "test|replace|add|add|add|remove");
  EXPECT_EQ(e.show("requestObject[0].path"), "/metadata/name");
  EXPECT_EQ(e.show_elements("podSpec.allContainers", "image"), "evil;partial");
  EXPECT_EQ(e.show_elements("podSpec.containers", "securityContext.privileged"), "true;partial");
  EXPECT_EQ(e.show("podSpec.hostPID"), "partial");
}

TEST(BodyFields, PatchesTakeTheWholeObjectFromTheResponse) {
  constexpr const char* kWhole =
      R"(,"responseObject":{"kind":"Deployment","spec":{"template":{"spec":{"containers":[{"image":"i"}]}}}})";
  ReadEvent merge(patch_of(R"({"spec":{"template":{"spec":{"hostPID":true}}}})"));
  EXPECT_EQ(merge.show("podSpec.hostPID"), "true");
  EXPECT_EQ(merge.show("podSpec.containers.image"), "partial");
  ReadEvent whole(patch_of(R"({"metadata":{}})", kWhole));
  EXPECT_EQ(whole.show("podSpec.containers.image"), "i");
  EXPECT_EQ(whole.show("podSpec.hostPID"), "absent");
  ReadEvent failed(patch_of(R"({"metadata":{}})", R"(,"responseObject":{"kind":"Status","code":422})"));
  EXPECT_EQ(failed.show("podSpec.hostPID"), "partial");
  ReadEvent cut(event_with(R"("verb":"patch","objectRef":{"resource":"pods"},"level":"Metadata")"));
  EXPECT_EQ(cut.show("podSpec.hostPID"), "unknown");
}

Presence presence_of(const std::string& body, std::string_view field) {
  ReadEvent e(patch_of(body));
  return e.lookup.values(*parse_field(field)).presence;
}

// Which lists of a patch are all that the object has: strategic merge and apply patches merge lists of objects.
TEST(BodyFields, ListsThatAPatchShowsInPart) {
  const std::string spec = R"({"metadata":{"finalizers":["f"]},"spec":{"template":{"spec":{"hostPID":true,)"
                           R"("volumes":[{"name":"v","hostPath":{"path":"/"}}],"tolerations":[{"operator":"Exists"}],)"
                           R"("containers":[{"name":"c","image":"i","args":["a"],"env":[]}]}}}})";
  struct Row {
    const char* field;
    Presence presence;
  };
  for (const Row& row :
       {Row{"podSpec.hostPID", Presence::Present}, Row{"podSpec.containers", Presence::Open},
        Row{"podSpec.containers.image", Presence::Open}, Row{"hostPaths", Presence::Open},
        Row{"podSpec.containers[0].image", Presence::Open}, Row{"podSpec.allContainers.image", Presence::Open},
        Row{"podSpec.initContainers.image", Presence::Partial}, Row{"podSpec.tolerations.operator", Presence::Present},
        Row{"requestObject.metadata.finalizers", Presence::Open},
        Row{"requestObject.spec.template.spec.containers.env", Presence::Open}}) {
    EXPECT_EQ(presence_of(spec, row.field), row.presence) << row.field;
  }
  ReadEvent e(patch_of(spec));
  const ArrayElement container = e.lookup.elements(*parse_field("podSpec.containers")).elements.front();
  EXPECT_EQ(e.lookup.values(container, parse_element_field("args")).presence, Presence::Present);
  EXPECT_EQ(e.lookup.values(container, parse_element_field("env")).presence, Presence::Open);
  // JSON Patch: values are whole, what is put there by index is part of a list.
  const std::string whole = R"([{"op":"add","path":"/spec/template/spec/containers","value":[{"image":"i"}]}])";
  EXPECT_EQ(presence_of(whole, "podSpec.containers.image"), Presence::Present);
  EXPECT_EQ(presence_of(whole, "podSpec.allContainers.image"), Presence::Open);  // nothing is said of the others
  const std::string one = R"([{"op":"add","path":"/spec/template/spec/containers/-","value":{"image":"i"}}])";
  EXPECT_EQ(presence_of(one, "podSpec.containers.image"), Presence::Open);
  const std::string copied = R"([{"op":"add","path":"/spec/template/spec/hostPID","value":false},)"
                             R"({"op":"copy","from":"/metadata","path":"/spec/template/spec/containers/-"}])";
  EXPECT_EQ(presence_of(copied, "podSpec.hostPID"), Presence::Unknown);
}

TEST(BodyFields, RulesAndSubjectsOfAPatchAreWhole) {
  const auto presence = [](std::string_view resource, std::string_view body, std::string_view field) {
    ReadEvent e(
        event_with(R"("verb":"patch","objectRef":{"apiGroup":"rbac.authorization.k8s.io","name":"n","resource":")" +
                   std::string(resource) + R"("},"requestObject":)" + std::string(body)));
    return e.lookup.values(*parse_field(field)).presence;
  };
  const char* subject = R"({"subjects":[{"kind":"Group","name":"g"}]})";
  EXPECT_EQ(presence("rolebindings", subject, "written.subjects"), Presence::Present);
  EXPECT_EQ(presence("clusterroles", R"({"rules":[{"verbs":["get"]}]})", "rbacRules.verbs"), Presence::Present);
  const char* added = R"([{"op":"add","path":"/subjects/-","value":{"kind":"Group","name":"g"}}])";
  EXPECT_EQ(presence("rolebindings", added, "written.subjects"), Presence::Open);
  const char* rule = R"([{"op":"add","path":"/rules/0","value":{"verbs":["get"]}}])";
  EXPECT_EQ(presence("clusterroles", rule, "rbacRules.verbs"), Presence::Open);
}

// What a client can write so that the object comes out as it wants, and looks like another one here.
TEST(BodyFields, RepeatedKeysAndStrangeMembersHideNothing) {
  constexpr const char* kEvil = R"({"template":{"spec":{"containers":[{"image":"evil"}]}}})";
  const std::string evil = kEvil;
  for (const std::string& body : std::vector<std::string>{
           R"({"spec":{"replicas":1},"spec":)" + evil + "}", R"({"spec":)" + evil + R"(,"spec":{"replicas":1}})",
           R"({"spec":{"template":{},"template":{"spec":{},"spec":{"containers":[{"image":"evil"}]}}}})",
           R"({"spec":{"jobTemplate":{"spec":{"template":{"spec":{"containers":[]}}}},)" + evil.substr(1) + "}",
           R"({"template":{"spec":{"containers":[]}},"spec":)" + evil + "}"}) {
    EXPECT_EQ(ReadEvent(patch_of(body)).show("podSpec.allContainers.image"), "evil") << body;
  }
  const std::string pods =
      event_with(R"("verb":"patch","objectRef":{"resource":"pods"},)"
                 R"("requestObject":{"ephemeralContainers":[{}],"spec":{"containers":[{"image":"evil"}]}})");
  EXPECT_EQ(ReadEvent(pods).show("podSpec.allContainers.image"), "evil");
}

TEST(BodyFields, AResponseOfAnotherShapeDoesNotReplaceThePatch) {
  for (const char* answer :
       {R"({"kind":"Table","rows":[]})", R"({"kind":"PartialObjectMetadata","metadata":{"name":"d"}})"}) {
    ReadEvent patch(patch_of(R"({"spec":{"template":{"spec":{"hostPID":true}}}})",
                             (R"(,"responseObject":)" + std::string(answer)).c_str()));
    EXPECT_EQ(patch.show("podSpec.hostPID"), "true") << answer;
    EXPECT_EQ(patch.show("podSpec.hostIPC"), "partial") << answer;
  }
}

TEST(BodyFields, JsonPatchPathsThatGoReadsAsNumbers) {
  for (const char* index : {"0", "-", "00", "+0", "-1", "00000000000"}) {
    ReadEvent e(patch_of(R"([{"op":"add","path":"/spec/template/spec/containers/)" + std::string(index) +
                         R"(/securityContext/privileged","value":true}])"));
    EXPECT_EQ(e.show("podSpec.allContainers.securityContext.privileged"), "true") << index;
  }
  ReadEvent whole(
      patch_of(R"([{"op":"add","path":"/spec/template/spec/containers","value":[{"name":"a"},{"name":"b"}]},)"
               R"({"op":"add","path":"/spec/template/spec/containers/1/image","value":"i"}])"));
  EXPECT_EQ(whole.show_elements("podSpec.containers", "name"), "a;b");
  EXPECT_EQ(whole.show_elements("podSpec.containers", "image"), "partial;i");
}

TEST(BodyFields, JsonPatchCopiesAndMoves) {
  for (const char* op : {"copy", "move"}) {
    ReadEvent known(patch_of(R"([{"op":"add","path":"/spec/x","value":{"spec":{"hostPID":true}}},{"op":")" +
                             std::string(op) + R"(","from":"/spec/x","path":"/spec/template"}])"));
    EXPECT_EQ(known.show("podSpec.hostPID"), "true") << op;
    EXPECT_EQ(known.show("podSpec.hostIPC"), "partial") << op;
    ReadEvent hidden(patch_of(R"([{"op":")" + std::string(op) +
                              R"(","from":"/spec/paused","path":"/spec/template/spec/hostPID"}])"));
    EXPECT_EQ(hidden.show("podSpec.hostPID"), "unknown") << op;
    EXPECT_EQ(hidden.show("body.defect"), "absent") << op;
  }
}

TEST(BodyFields, JsonPatchWorkIsBounded) {
  std::string elements = "0";
  for (int i = 0; i < 100'000; ++i) elements += ",0";
  std::string quadratic = R"([{"op":"add","path":"/p","value":[)" + elements + "]}";
  for (int i = 0; i < 9'000; ++i) quadratic += R"(,{"op":"add","path":"/p/999999/x","value":1})";
  std::string doubling = R"([{"op":"add","path":"/a","value":{"b":1}})";
  for (int i = 0; i < 9'000; ++i) doubling += R"(,{"op":"copy","from":"/a","path":"/a/a"})";
  for (const std::string& patch : {quadratic + "]", doubling + "]"}) {
    ReadEvent e(patch_of(patch));
    EXPECT_EQ(e.show("requestObject.p"), "unknown");
    EXPECT_EQ(e.lookup.defect(), BodyDefect::Nodes);
  }
}

TEST(BodyFields, DefectDoesNotDependOnWhatWasReadBefore) {
  const std::string record =
      event_with(R"("verb":"update","objectRef":{"resource":"pods"},"requestObject":{},"responseObject":)" +
                 std::string(300, '[') + std::string(300, ']'));
  ReadEvent first(record), second(record);
  EXPECT_EQ(second.show("responseObject.x"), "unknown");
  EXPECT_EQ(first.show("body.defect"), "absent");
  EXPECT_EQ(second.show("body.defect"), "absent");
  EXPECT_EQ(second.lookup.defect(FieldId::ResponseObject), BodyDefect::Depth);
}

TEST(BodyFields, MoreElementsThanAreReadAreUnknown) {
  std::string fill = R"({"emptyDir":{}})";
  for (int i = 0; i < 5'000; ++i) fill += R"(,{"emptyDir":{}})";
  ReadEvent e(event_with(R"("verb":"create","objectRef":{"resource":"pods"},"requestObject":{"spec":{"volumes":[)" +
                         fill + R"(,{"hostPath":{"path":"/"}}]}})"));
  EXPECT_EQ(e.lookup.elements(*parse_field("podSpec.volumes")).presence, Presence::Unknown);
  EXPECT_EQ(e.show("body.defect"), "values");
}

struct WorkloadCase {
  const char* group;
  const char* resource;
  const char* body;
  const char* images;
};

TEST(BodyFields, PodSpecOfAnyWorkload) {
  for (
      const WorkloadCase& c :
      {WorkloadCase{
           "", "pods",
           R"({"spec":{"containers":[{"image":"i"}],"initContainers":[{"image":"j"}],"ephemeralContainers":[{"image":"k"}]}})",
           "i|j|k"},
       WorkloadCase{"apps", "deployments", R"({"spec":{"template":{"spec":{"containers":[{"image":"i"}]}}}})", "i"},
       WorkloadCase{"batch", "cronjobs",
                    R"({"spec":{"jobTemplate":{"spec":{"template":{"spec":{"initContainers":[{"image":"i"}]}}}}}})",
                    "i"},
       WorkloadCase{"", "podtemplates", R"({"template":{"spec":{"containers":[{"image":"i"}]}}})", "i"},
       WorkloadCase{"", "replicationcontrollers", R"({"spec":{"template":{"spec":{"containers":[{"image":"i"}]}}}})",
                    "i"},
       WorkloadCase{"argoproj.io", "rollouts", R"({"spec":{"template":{"spec":{"containers":[{"image":"i"}]}}}})", "i"},
       WorkloadCase{"example.com", "widgets", R"({"spec":{"size":3}})", "absent"},
       WorkloadCase{"", "services", R"({"spec":{"containers":[{"image":"i"}]}})", "absent"},
       WorkloadCase{"", "pods", R"({"spec":{"containers":[]}})", "absent"},
       WorkloadCase{"", "pods", R"({"metadata":{}})", "absent"}}) {
    ReadEvent e(event_with(R"("verb":"create","objectRef":{"resource":")" + std::string(c.resource) +
                           R"(","apiGroup":")" + c.group + R"("},"requestObject":)" + c.body));
    EXPECT_EQ(e.show("podSpec.allContainers.image"), c.images) << c.resource;
  }
}

TEST(BodyFields, PodSpecOfSubresources) {
  const auto images = [](std::string_view sub, std::string_view body) {
    return ReadEvent(event_with(R"("verb":"patch","objectRef":{"resource":"pods","subresource":")" + std::string(sub) +
                                R"("},"requestObject":)" + std::string(body)))
        .show("podSpec.allContainers.image");
  };
  EXPECT_EQ(images("ephemeralcontainers", R"({"spec":{"ephemeralContainers":[{"image":"i"}]}})"), "i");
  EXPECT_EQ(images("ephemeralcontainers", R"({"kind":"EphemeralContainers","ephemeralContainers":[{"image":"i"}]})"),
            "i");
  EXPECT_EQ(images("status", R"({"spec":{"containers":[{"image":"i"}]}})"), "absent");
}

TEST(BodyFields, UnknownOnlyWherePodsCouldBe) {
  const auto shown = [](std::string_view ref) {
    return ReadEvent(R"({"auditID":"a","stage":"ResponseComplete","level":"Metadata","verb":"create","objectRef":)" +
                     std::string(ref) + "}")
        .show("podSpec.hostPID");
  };
  EXPECT_EQ(shown(R"({"resource":"pods"})"), "unknown");
  EXPECT_EQ(shown(R"({"resource":"rollouts","apiGroup":"argoproj.io"})"), "unknown");
  EXPECT_EQ(shown(R"({"resource":"secrets"})"), "absent");
  EXPECT_EQ(shown(R"({"resource":"leases","apiGroup":"coordination.k8s.io"})"), "absent");
}

TEST(BodyFields, HostPaths) {
  const auto shown = [](std::string_view verb, std::string_view spec) {
    return ReadEvent(event_with("\"verb\":\"" + std::string(verb) +
                                R"(","objectRef":{"resource":"pods"},"requestObject":{"spec":)" + std::string(spec) +
                                "}"))
        .show("hostPaths");
  };
  EXPECT_EQ(
      shown("create",
            R"({"volumes":[{"hostPath":{"path":"/var/run//docker.sock"}},{"emptyDir":{}},{"hostPath":{"path":"/"}}]})"),
      "/run/docker.sock|/");
  EXPECT_EQ(shown("create", R"({"volumes":[{"emptyDir":{}}]})"), "absent");
  EXPECT_EQ(shown("patch", R"({"hostPID":true})"), "partial");
}

TEST(BodyFields, Images) {
  const auto shown = [](std::string_view verb, std::string_view spec, std::string_view field) {
    return ReadEvent(event_with("\"verb\":\"" + std::string(verb) +
                                R"(","objectRef":{"resource":"pods"},"requestObject":{"spec":)" + std::string(spec) +
                                "}"))
        .show(field);
  };
  constexpr const char* kThree =
      R"({"containers":[{"image":"nginx"}],"initContainers":[{"image":"Quay.io:443/a/b:1.2@sha256:00"}],)"
      R"("ephemeralContainers":[{"image":"acme/tool@sha256:00"}]})";
  EXPECT_EQ(shown("create", kThree, "imageRepositories"),
            "docker.io/library/nginx|quay.io:443/a/b|docker.io/acme/tool");
  EXPECT_EQ(shown("create", kThree, "imageRegistries"), "docker.io|quay.io:443|docker.io");
  EXPECT_EQ(shown("create", R"({"containers":[{"name":"c"}]})", "imageRegistries"), "absent");
  EXPECT_EQ(shown("patch", R"({"hostPID":true})", "imageRepositories"), "partial");
}

TEST(BodyFields, KeywordsAreAllScalars) {
  ReadEvent e(event_with(
      R"("verb":"create","user":{"username":"u","groups":["g"],"extra":{"k":["ev"]}},"annotations":{"n":"av"},)"
      R"("responseStatus":{"code":201,"details":{"kind":"dk"}},"objectRef":{"resource":"pods"},)"
      R"("requestObject":{"deep":[{"x":"bv"},7]},"responseObject":{"r":true})"));
  EXPECT_EQ(e.show("(keywords)"), "RequestResponse|a|ResponseComplete|create|u|g|pods|201|ev|av|dk|bv|7|true");
}

TEST(BodyFields, LookupsAreForgottenWithTheEvent) {
  ReadEvent e(event_with(
      R"("verb":"create","objectRef":{"resource":"pods","name":"a"},"requestObject":{"spec":{"hostPID":true}})"));
  EXPECT_EQ(e.show("podSpec.hostPID"), "true");
  EXPECT_EQ(e.show("target.pod"), "a");
  ASSERT_TRUE(e.read(event_with(R"("verb":"get","objectRef":{"resource":"pods","name":"b"})")));
  EXPECT_EQ(e.show("podSpec.hostPID"), "absent");
  EXPECT_EQ(e.show("requestObject.spec.hostPID"), "absent");
  EXPECT_EQ(e.show("target.pod"), "b");
}

// The API server takes the last of repeated keys; more of them than are looked at must not hide it.
TEST(BodyFields, ManyRepeatedPodSpecs) {
  for (const std::string group : {"", "example.com"}) {
    for (const std::string decoy : {R"({"containers":[{"image":"nginx"}]})", "{}"}) {
      std::string body = "{";
      for (int i = 0; i < 5000; ++i) body += "\"spec\":" + decoy + ",";
      ReadEvent e(event_with(R"("verb":"patch","level":"Request","objectRef":{"resource":"pods","apiGroup":")" + group +
                             R"("},"requestObject":)" + body + R"("spec":{"hostPID":true}})"));
      EXPECT_EQ(e.show("podSpec.hostPID"), "unknown") << group << decoy;
    }
  }
}

}  // namespace
}  // namespace kubevigil
