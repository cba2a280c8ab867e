// What a policy decides, held against answers of the API server's own code (tests/golden/apiserver); what is wrong with
// a file, with its place; what a file can hardly mean.
#include "engine/run/audit_policy.h"

#include <gtest/gtest.h>

#include <fstream>

#include "engine/event/event_reader.h"
#include "engine/event/json_tree.h"
#include "tests/support/source_file.h"

namespace kubevigil {
namespace {

std::string text_at(const JsonTree& tree, uint32_t object, std::string_view key) {
  const uint32_t node = tree.find(object, key);
  return node == JsonNode::kNone ? "" : std::string(tree[node].value.text);
}

std::vector<std::string> list_at(const JsonTree& tree, uint32_t object, std::string_view key) {
  std::vector<std::string> out;
  const uint32_t list = tree.find(object, key);
  for (uint32_t n = tree.child(list); n != JsonNode::kNone; n = tree[n].next) out.emplace_back(tree[n].value.text);
  return out;
}

PolicyRequest request_at(const JsonTree& tree, uint32_t node) {
  PolicyRequest r;
  r.user = text_at(tree, node, "user");
  r.groups = list_at(tree, node, "groups");
  r.verb = text_at(tree, node, "verb");
  r.resource = text_at(tree, node, "resource");
  r.is_resource = !r.resource.empty();
  r.subresource = text_at(tree, node, "subresource");
  r.api_group = text_at(tree, node, "apiGroup");
  r.ns = text_at(tree, node, "namespace");
  r.name = text_at(tree, node, "name");
  r.path = text_at(tree, node, "path");
  return r;
}

// What the server takes and we call an error: it reads only half of it, or as YAML 1.1.
bool is_stricter_on_purpose(std::string_view policy) {
  for (const std::string_view part :
       {"kind: PolicyList", "rules: [null]", "\n---\n", "level: null", "omitManagedFields: yes"}) {
    if (policy.find(part) != policy.npos) return true;
  }
  return false;
}

TEST(AuditPolicy, DecidesAsTheServerDoes) {
  std::ifstream in(test::source_file("tests/golden/apiserver/audit_policies.jsonl"));
  size_t policies = 0, requests = 0;
  for (std::string line; std::getline(in, line);) {
    JsonTree tree;
    ASSERT_TRUE(tree.parse(line));
    const std::string text = text_at(tree, tree.root(), "policy");
    const std::string taken = text_at(tree, tree.root(), "taken");
    Diagnostics diagnostics;
    const AuditPolicy policy = parse_audit_policy(text, "policy.yaml", diagnostics);
    const bool fine = !diagnostics.has_errors();
    if (!is_stricter_on_purpose(text)) {
      EXPECT_EQ(fine, taken == "yes") << text << render(diagnostics, {});
    }
    ++policies;
    if (taken != "yes" || !fine) continue;
    for (uint32_t n = tree.child(tree.find(tree.root(), "requests")); n != JsonNode::kNone; n = tree[n].next) {
      const PolicyDecision d = decide(policy, request_at(tree, n));
      EXPECT_EQ(to_text(d.level), text_at(tree, n, "level")) << text << to_text(tree, n);
      EXPECT_EQ(d.omit_managed_fields, text_at(tree, n, "omitManagedFields") == "true") << text << to_text(tree, n);
      AuditStages omitted = 0;
      for (const std::string& stage : list_at(tree, n, "omit"))
        omitted = static_cast<AuditStages>(omitted | bit(parse_audit_stage(stage).value()));
      EXPECT_EQ(d.omit_stages, omitted) << text << to_text(tree, n);
      ++requests;
    }
  }
  EXPECT_GT(policies, 150u);
  EXPECT_GT(requests, 1000u);
}

std::string problems_of(const std::string& rules, bool with_end = true) {
  std::string text = "apiVersion: audit.k8s.io/v1\nkind: Policy\nomitStages: [RequestReceived]\nrules:\n" + rules;
  if (with_end) text += "  - level: Metadata\n";
  Diagnostics diagnostics;
  parse_audit_policy(text, "p.yaml", diagnostics);
  diagnostics.sort();
  std::string out;
  for (const Diagnostic& d : diagnostics.entries()) {
    out += std::to_string(d.span.line) + ":" + std::to_string(d.span.column) + " " + std::string(to_text(d.severity)) +
           " " + d.code + (d.hint.empty() ? "" : " (" + d.hint + ")") + "\n";
  }
  return out;
}

// Line 5 is the first line of each text.
TEST(AuditPolicy, EveryProblemHasItsPlaceAndTheWayOut) {
  const struct {
    const char* rules;
    const char* problems;
  } cases[] = {
      {"", ""},
      {"  - {level: Metadata, verb: [get]}\n", "5:23 error policy-key (did you mean \"verbs\"?)\n"},
      {"  - {level: Metadata, resources: [{group: '', resources: [pods], verbs: [get]}]}\n",
       "5:66 error policy-key (\"verbs\" belongs to a rule: move it beside \"level\")\n"},
      {"  - {level: Metadata, verbs: get}\n", "5:30 error policy-value (write [get])\n"},
      {"  - {level: all, verbs: [1], omitStages: [End]}\n",
       "5:13 error policy-value (levels are None, Metadata, Request and RequestResponse)\n"
       "5:26 error policy-value (write \"1\" with quotes)\n"
       "5:43 error policy-value (stages are RequestReceived, ResponseStarted, ResponseComplete and Panic)\n"},
      {"  - {level: Metadata, resources: [pods]}\n",
       "5:35 error policy-value (write {group: \"\", resources: [pods]})\n"},
      {"  - {level: Metadata, resources: [{group: apps/v1}]}\n", "5:43 error policy-value (leave the version out)\n"},
      {"  - {level: Metadata, nonResourceURLs: [x, '/a*b'], namespaces: [a]}\n",
       "5:40 error policy-value (make two rules of it)\n5:41 error policy-value\n5:44 error policy-value\n"},
      {"  - {level: Metadata, verbs: [exec]}\n",
       "5:5 warning policy-verb (exec, attach and portforward are create or get of pods/exec, pods/attach, "
       "pods/portforward)\n"},
      {"  - {level: Metadata, verbs: [lst]}\n", "5:5 warning policy-verb (did you mean \"list\"?)\n"},
      {"  - {level: Metadata, users: ['*'], verbs: ['*']}\n",
       "5:5 warning policy-wildcard (leave users out to match all)\n"
       "5:5 warning policy-wildcard (leave verbs out to match all)\n"},
      {"  - {level: Metadata, resources: [{group: '', resources: [deployments, Pods, pods/exce]}]}\n",
       "5:35 warning policy-resource (it is in group apps)\n5:35 warning policy-resource (did you mean \"pods\"?)\n"
       "5:35 warning policy-resource\n"},
      {"  - {level: Metadata, resources: [{group: '*', resources: [pods]}]}\n", "5:35 note policy-wildcard\n"},
      {"  - {level: Metadata, omitStages: [ResponseComplete]}\n",
       "5:5 warning policy-stages (omit RequestReceived only)\n6:5 warning policy-unreachable (the first rule that "
       "matches "
       "decides: put the narrower one first)\n"},
      {"  - {level: Metadata, verbs: [get, list]}\n  - {level: None, verbs: [list]}\n",
       "6:5 warning policy-unreachable (the first rule that matches decides: put the narrower one first)\n"},
      {"  - {level: Metadata, resources: [{group: ''}]}\n"
       "  - {level: Request, resources: [{group: '', resources: [pods]}, {group: apps}]}\n",
       ""},
      {"  - {level: Request, resources: [{group: '', resources: ['*']}]}\n",
       "5:5 warning policy-secrets (put a rule for secrets with level: Metadata before it)\n"
       "5:5 warning policy-secrets (put a rule for configmaps with level: Metadata before it)\n"
       "5:5 warning policy-secrets (put a rule for serviceaccounts/token with level: Metadata before it)\n"},
      {"  - {level: Metadata, resources: [{group: '', resources: [secrets, configmaps, serviceaccounts/token]}]}\n"
       "  - {level: Request, resources: [{group: '', resources: ['*']}]}\n",
       ""},
      {"  - {level: None, users: ['system:kube-controller-manager']}\n",
       "5:5 warning policy-blind-caller (name the verbs and resources that are noise, not the caller alone)\n"},
      {"  - {level: None, users: ['system:kube-proxy'], verbs: [watch], resources: [{group: '', resources: "
       "[endpoints]}]}\n",
       ""},
  };
  for (const auto& c : cases) EXPECT_EQ(problems_of(c.rules), c.problems) << c.rules;
  EXPECT_EQ(problems_of("  - {level: Request, resources: [{group: apps}]}\n", false),
            "5:5 warning policy-catch-all (end with a rule that has nothing but level: Metadata)\n");
}

// A policy may name more than can be tried: then nothing is said that was not seen.
TEST(AuditPolicy, ManyRulesAndNamesAreLookedAtUpToABound) {
  std::string names;
  for (int i = 0; i < 40; ++i) names += (i == 0 ? "n" : ", n") + std::to_string(i);
  const std::string lists = "users: [" + names + "], userGroups: [" + names + "], namespaces: [" + names + "], ";
  std::string rules = "  - {level: Metadata, " + lists + "verbs: [get]}\n";
  for (int i = 0; i < 250; ++i) rules += "  - {level: Metadata, users: [u" + std::to_string(i) + "]}\n";
  EXPECT_EQ(problems_of("  - {level: Metadata, " + lists + "verbs: [get, list]}\n" + rules),
            "205:5 note policy-limit\n");
}

TEST(AuditPolicy, RequestsAreWhatThePolicySaw) {
  const std::string head = R"({"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"a",)"
                           R"("stage":"ResponseComplete","user":{"username":"alice","groups":["dev"]},)"
                           R"("impersonatedUser":{"username":"bob"},)";
  const auto read = [&](const std::string& rest) {
    std::string record = head + rest + "}";
    const size_t size = record.size();
    record.append(kRecordPadding, ' ');
    EventReader reader;
    Event event;
    EXPECT_TRUE(reader.read(std::string_view(record).substr(0, size), {}, event));
    FieldLookup fields;
    fields.begin(event);
    return policy_request(event, fields);
  };
  const std::string pod = R"("objectRef":{"resource":"pods","namespace":"shop","name":"web","apiVersion":"v1")";
  PolicyRequest r = read(R"("verb":"create","requestURI":"/api/v1/namespaces/shop/pods",)" + pod + "}");
  EXPECT_TRUE(r.is_resource);
  EXPECT_EQ(r.user, "alice");
  EXPECT_EQ(r.groups, std::vector<std::string>{"dev"});
  EXPECT_EQ(r.ns, "shop");
  EXPECT_EQ(r.name, "");  // it stood in the body only
  r = read(R"("verb":"create","requestURI":"/api/v1/namespaces/shop/pods/web/exec",)" + pod +
           R"(,"subresource":"exec"})");
  EXPECT_EQ(r.name, "web");
  r = read(R"("verb":"get","requestURI":"/health%7A?x=/y")");
  EXPECT_FALSE(r.is_resource);
  EXPECT_EQ(r.path, "/healthz");
}

}  // namespace
}  // namespace kubevigil
