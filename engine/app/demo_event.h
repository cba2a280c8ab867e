// Small constructors of events for the demo: who, what, where, when.
#pragma once

#include <string>
#include <string_view>

#include "engine/run/case_event.h"

namespace kubevigil::demo {

inline Duration minutes(double n) { return {static_cast<int64_t>(n * 60e6)}; }

// An actor: user name, client, address.
struct Actor {
  std::string user, client, ip;
  std::vector<std::pair<std::string, std::string>> extra = {};
  std::string allowed_by = {};  // the authorizer's reason
};

inline CaseEvent request(const Actor& actor, Duration at, std::string_view verb, std::string_view resource,
                         std::string_view ns = {}, std::string_view name = {}) {
  CaseEvent e;
  e.at = at;
  e.user = actor.user;
  e.user_agent = actor.client;
  e.ips = {actor.ip};
  e.extra = actor.extra;
  if (!actor.allowed_by.empty()) e.annotations = {{"authorization.k8s.io/reason", actor.allowed_by}};
  e.verb = verb;
  set_resource(e, resource);
  e.ns = ns;
  e.name = name;
  if (verb == "watch") e.stage = "ResponseStarted";
  return e;
}

inline CaseEvent address(const Actor& actor, Duration at, std::string_view uri) {
  CaseEvent e = request(actor, at, "get", "");
  e.resource.clear();
  e.version.clear();
  e.uri = uri;
  return e;
}

inline CaseEvent with_body(CaseEvent e, std::string body) {
  e.body = std::move(body);
  return e;
}

inline CaseEvent with_query(CaseEvent e, std::string_view query) {
  e.query = query;
  return e;
}

inline CaseEvent repeated(CaseEvent e, uint32_t times, Duration every) {
  e.times = times;
  e.every = every;
  return e;
}

// A workload around a pod spec given as JSON.
inline std::string workload(std::string_view kind, std::string_view name, std::string_view pod_spec) {
  return "{\"apiVersion\":\"apps/v1\",\"kind\":\"" + std::string(kind) + "\",\"metadata\":{\"name\":\"" +
         std::string(name) + "\"},\"spec\":{\"selector\":{\"matchLabels\":{\"app\":\"" + std::string(name) +
         "\"}},\"template\":{\"metadata\":{\"labels\":{\"app\":\"" + std::string(name) +
         "\"}},\"spec\":" + std::string(pod_spec) + "}}}";
}

// A pod as a controller makes it of a template.
inline std::string child_pod(std::string_view owner_kind, std::string_view owner, std::string_view pod_spec) {
  return "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"generateName\":\"" + std::string(owner) +
         "-\",\"ownerReferences\":[{\"apiVersion\":\"apps/v1\",\"kind\":\"" + std::string(owner_kind) +
         "\",\"name\":\"" + std::string(owner) +
         "\",\"uid\":\"7d0c4b52-11aa-4d5e-9b1e-2f6d1c9e0a01\",\"controller\":true}]},\"spec\":" +
         std::string(pod_spec) + "}";
}

}  // namespace kubevigil::demo
