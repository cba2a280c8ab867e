#include "engine/run/case_event.h"

#include <algorithm>
#include <array>

#include "engine/base/hash.h"
#include "engine/base/json_writer.h"

namespace kubevigil {
namespace {

struct KnownResource {
  std::string_view resource, group, version;
};

// Resources of Kubernetes outside the core group; everything else is core v1 or named with its group.
constexpr std::array kResources = {
    KnownResource{"deployments", "apps", "v1"},
    KnownResource{"daemonsets", "apps", "v1"},
    KnownResource{"statefulsets", "apps", "v1"},
    KnownResource{"replicasets", "apps", "v1"},
    KnownResource{"jobs", "batch", "v1"},
    KnownResource{"cronjobs", "batch", "v1"},
    KnownResource{"roles", "rbac.authorization.k8s.io", "v1"},
    KnownResource{"clusterroles", "rbac.authorization.k8s.io", "v1"},
    KnownResource{"rolebindings", "rbac.authorization.k8s.io", "v1"},
    KnownResource{"clusterrolebindings", "rbac.authorization.k8s.io", "v1"},
    KnownResource{"selfsubjectaccessreviews", "authorization.k8s.io", "v1"},
    KnownResource{"selfsubjectrulesreviews", "authorization.k8s.io", "v1"},
    KnownResource{"subjectaccessreviews", "authorization.k8s.io", "v1"},
    KnownResource{"tokenreviews", "authentication.k8s.io", "v1"},
    KnownResource{"leases", "coordination.k8s.io", "v1"},
    KnownResource{"endpointslices", "discovery.k8s.io", "v1"},
    KnownResource{"customresourcedefinitions", "apiextensions.k8s.io", "v1"},
    KnownResource{"mutatingwebhookconfigurations", "admissionregistration.k8s.io", "v1"},
    KnownResource{"validatingwebhookconfigurations", "admissionregistration.k8s.io", "v1"},
    KnownResource{"certificatesigningrequests", "certificates.k8s.io", "v1"},
    KnownResource{"ingresses", "networking.k8s.io", "v1"},
    KnownResource{"networkpolicies", "networking.k8s.io", "v1"},
    KnownResource{"storageclasses", "storage.k8s.io", "v1"},
    KnownResource{"csidrivers", "storage.k8s.io", "v1"},
    KnownResource{"csinodes", "storage.k8s.io", "v1"},
    KnownResource{"poddisruptionbudgets", "policy", "v1"},
    KnownResource{"horizontalpodautoscalers", "autoscaling", "v2"},
};

bool is_session(const CaseEvent& e) { return e.subresource == "exec" || e.subresource == "attach"; }

int code_of(const CaseEvent& e) {
  if (e.code != 0) return e.code;
  if (is_session(e)) return 101;
  return e.verb == "create" ? 201 : 200;
}

// A form that looks like a random UUID and is a function of the case.
std::string uuid_of(std::string_view seed, size_t index, size_t repetition) {
  const std::string hex =
      sha256_hex(std::string(seed) + '/' + std::to_string(index) + '/' + std::to_string(repetition));
  return hex.substr(0, 8) + '-' + hex.substr(8, 4) + "-4" + hex.substr(13, 3) + "-8" + hex.substr(17, 3) + '-' +
         hex.substr(20, 12);
}

std::string uri_of(const CaseEvent& e) {
  std::string uri = e.uri;
  if (uri.empty()) {
    uri = e.group.empty() ? "/api/" + e.version : "/apis/" + e.group + '/' + e.version;
    if (!e.ns.empty() && e.resource != "namespaces") uri += "/namespaces/" + e.ns;
    uri += '/' + e.resource;
    const bool named = e.verb != "create" || !e.subresource.empty();
    if (named && !e.name.empty()) uri += '/' + e.name;
    if (!e.subresource.empty()) uri += '/' + e.subresource;
    if (e.verb == "watch") uri += "?watch=true";
  }
  if (!e.query.empty()) uri += (uri.find('?') == std::string::npos ? "?" : "&") + e.query;
  return uri;
}

std::vector<std::string> groups_of(const CaseEvent& e) {
  constexpr std::string_view kAccount = "system:serviceaccount:";
  if (!e.groups.empty()) return e.groups;
  if (e.user.empty()) return {};
  if (e.user == "system:anonymous") return {"system:unauthenticated"};
  if (e.user.starts_with("system:node:")) return {"system:nodes", "system:authenticated"};
  if (e.user.starts_with(kAccount)) {
    const std::string rest = e.user.substr(kAccount.size());
    return {"system:serviceaccounts", "system:serviceaccounts:" + rest.substr(0, rest.find(':')),
            "system:authenticated"};
  }
  return {"system:authenticated"};
}

void write_user(JsonWriter& w, const CaseEvent& e) {
  w.key("user").begin_object();
  if (!e.user.empty()) w.member("username", e.user);
  w.optional("uid", e.uid).optional("groups", groups_of(e));
  if (!e.extra.empty()) {
    w.key("extra").begin_object();
    for (const auto& [key, value] : e.extra) w.member(key, std::vector<std::string>{value});
    w.end_object();
  }
  w.end_object();
  if (e.as.empty()) return;
  w.key("impersonatedUser").begin_object().member("username", e.as).optional("groups", e.as_groups).end_object();
}

void write_object_ref(JsonWriter& w, const CaseEvent& e) {
  if (e.resource.empty()) return;
  w.key("objectRef").begin_object().member("resource", e.resource);
  w.optional("namespace", e.ns).optional("name", e.name).optional("apiGroup", e.group);
  w.optional("apiVersion", e.version).optional("subresource", e.subresource).end_object();
}

void write_status(JsonWriter& w, const CaseEvent& e) {
  const int code = code_of(e);
  w.key("responseStatus").begin_object().key("metadata").raw("{}");
  if (code >= 400) w.member("status", "Failure");
  w.optional("message", e.message).optional("reason", e.reason).member("code", code).end_object();
}

void write_annotations(JsonWriter& w, const CaseEvent& e) {
  const int code = code_of(e);
  const bool denied = code == 401 || code == 403;
  w.key("annotations").begin_object();
  w.member("authorization.k8s.io/decision", e.decision.empty() ? (denied ? "forbid" : "allow") : e.decision);
  const auto gives_reason = [](const auto& annotation) { return annotation.first == "authorization.k8s.io/reason"; };
  if (std::none_of(e.annotations.begin(), e.annotations.end(), gives_reason))
    w.member("authorization.k8s.io/reason", "");
  for (const auto& [key, value] : e.annotations) w.member(key, value);
  w.end_object();
}

std::string level_of(const CaseEvent& e) {
  if (!e.level.empty()) return e.level;
  if (!e.response.empty()) return "RequestResponse";
  return e.body.empty() ? "Metadata" : "Request";
}

std::string json_of(const CaseEvent& e, std::string_view stage, std::string_view id, Timestamp received,
                    Timestamp now) {
  JsonWriter w;
  w.begin_object().member("kind", "Event").member("apiVersion", "audit.k8s.io/v1").member("level", level_of(e));
  w.member("auditID", id).member("stage", stage).member("requestURI", uri_of(e)).member("verb", e.verb);
  write_user(w, e);
  w.member("sourceIPs", e.ips.empty() ? std::vector<std::string>{"10.0.0.17"} : e.ips);
  w.member("userAgent",
           e.user_agent.empty() ? std::string("kubectl/v1.31.0 (linux/amd64) kubernetes/9edcffc") : e.user_agent);
  write_object_ref(w, e);
  if (stage != "RequestReceived") write_status(w, e);
  if (!e.body.empty()) w.key("requestObject").raw(e.body);
  if (!e.response.empty() && stage == "ResponseComplete") w.key("responseObject").raw(e.response);
  w.member("requestReceivedTimestamp", format_rfc3339(received)).member("stageTimestamp", format_rfc3339(now));
  write_annotations(w, e);
  return w.end_object().take();
}

}  // namespace

void set_resource(CaseEvent& event, std::string_view text) {
  const size_t slash = text.find('/');
  event.subresource = slash == std::string_view::npos ? "" : std::string(text.substr(slash + 1));
  text = text.substr(0, slash);
  const size_t dot = text.find('.');
  event.resource = std::string(text.substr(0, dot));
  event.version = "v1";
  if (dot != std::string_view::npos) {
    event.group = std::string(text.substr(dot + 1));
    return;
  }
  const auto* known = std::find_if(kResources.begin(), kResources.end(),
                                   [&](const KnownResource& r) { return r.resource == event.resource; });
  if (known == kResources.end()) return;
  event.group = std::string(known->group);
  event.version = std::string(known->version);
}

std::vector<CaseRecord> expand(const CaseEvent& event, Timestamp start, std::string_view seed, size_t index) {
  constexpr Duration kHandling{4'000};  // from the request's arrival to its answer
  std::vector<CaseRecord> records;
  for (uint32_t i = 0; i < event.times; ++i) {
    const Timestamp now = start + event.at + Duration{event.every.micros * i};
    const std::string id = event.audit_id.empty() ? uuid_of(seed, index, i) : event.audit_id;
    if (event.session.micros != 0) {
      const Timestamp end = now + event.session;
      records.push_back({now, json_of(event, "ResponseStarted", id, now - kHandling, now), event.cluster});
      records.push_back({end, json_of(event, "ResponseComplete", id, now - kHandling, end), event.cluster});
      continue;
    }
    records.push_back({now,
                       json_of(event, event.stage.empty() ? "ResponseComplete" : event.stage, id, now - kHandling, now),
                       event.cluster});
  }
  std::stable_sort(records.begin(), records.end(), [](const auto& a, const auto& b) { return a.time < b.time; });
  return records;
}

}  // namespace kubevigil
