#include "bench/objects.h"

#include <fmt/format.h>

#include <array>

#include "bench/pod_object.h"

namespace kubevigil::bench {
namespace {

constexpr std::string_view kStatusFields =
    R"({"f:status":{"f:conditions":{"k:{\"type\":\"ContainersReady\"}":{".":{},"f:lastProbeTime":{},"f:lastTransitionTime":{},"f:status":{},"f:type":{}},"k:{\"type\":\"Initialized\"}":{".":{},"f:lastProbeTime":{},"f:lastTransitionTime":{},"f:status":{},"f:type":{}},"k:{\"type\":\"Ready\"}":{".":{},"f:lastProbeTime":{},"f:lastTransitionTime":{},"f:status":{},"f:type":{}}},"f:containerStatuses":{},"f:hostIP":{},"f:hostIPs":{},"f:phase":{},"f:podIP":{},"f:podIPs":{".":{},"k:{\"ip\":\"100.64.0.1\"}":{".":{},"f:ip":{}}},"f:startTime":{}}})";

struct Draft {  // what the writers of one body share
  const Cluster& cluster;
  Random& random;
  Subject subject;
  int64_t now;
  const Workload& workload() const { return cluster.workloads[cluster.pods[subject.pod].workload]; }
  const Pod& pod() const { return cluster.pods[subject.pod]; }
};

void write_pod(std::string& out, const Draft& d, size_t variables, bool stored) {
  GoJson json(out);
  json.open('{');
  write_head(json, {"Pod", "v1", stored ? d.pod().name : "", d.workload().space, stored ? d.pod().uid : ""},
             d.workload().name, stored ? pod_fields(variables) : "", stored ? 1 : 0, d.now);
  json.key("spec");
  write_pod_spec(json, d.cluster, d.subject.pod, variables, {});
  if (stored) {
    json.key("status");
    write_pod_status(json, d.cluster, d.subject.pod, d.now);
  }
  json.close('}');
}

void write_pod_status_patch(const Draft& d, Request& r) {
  GoJson json(r.request_object);
  json.open('{').open("metadata", '{').member("uid", d.pod().uid).close('}').key("status");
  write_pod_status(json, d.cluster, d.subject.pod, d.now);
  json.close('}');
  write_pod(r.response_object, d, d.random.between(18, 70), true);
}

// A controller that owns a pod template: Deployment, ReplicaSet, Job.
void write_template_owner(std::string& out, const Draft& d, const ObjectName& object, size_t variables) {
  GoJson json(out);
  json.open('{');
  write_head(json, object, d.workload().name, pod_fields(variables), 1, d.now);
  json.open("spec", '{').member("replicas", 1 + d.subject.pod % kPodsPerWorkload);
  json.open("selector", '{').open("matchLabels", '{').member("app.kubernetes.io/name", d.workload().name);
  json.close('}').close('}').open("template", '{').open("metadata", '{').raw_member("creationTimestamp", "null");
  json.open("labels", '{').member("app.kubernetes.io/name", d.workload().name).close('}').close('}').key("spec");
  write_pod_spec(json, d.cluster, d.subject.pod, variables, {});
  json.close('}').close('}').open("status", '{').member("observedGeneration", 12).member("replicas", 8);
  json.member("updatedReplicas", 8).member("readyReplicas", 8).close('}').close('}');
}

void write_node_status(const Draft& d, Request& r) {
  const Node& node = d.cluster.nodes[d.subject.node];
  GoJson request(r.request_object);
  request.raw(
      R"({"status":{"$setElementOrder/conditions":[{"type":"MemoryPressure"},{"type":"DiskPressure"},{"type":"PIDPressure"},{"type":"Ready"}],"conditions":[)");
  for (const std::string_view type : {"MemoryPressure", "DiskPressure", "PIDPressure", "Ready"}) {
    request.open('{').member("lastHeartbeatTime", second_time(d.now)).member("type", type).close('}');
  }
  request.close(']').close('}').close('}');
  GoJson json(r.response_object);
  json.open('{');
  write_head(json, {"Node", "v1", node.name, "", node.uid}, "node", kStatusFields, 2, d.now);
  json.open("spec", '{').member("providerID", "aws:///eu-central-1a/i-" + node.uid.substr(0, 8)).close('}');
  json.open("status", '{').open("addresses", '[').open('{').member("type", "InternalIP").member("address", node.ip);
  json.close('}').close(']').open("images", '[');
  const size_t images = d.random.between(20, 80);
  for (size_t i = 0; i < images; ++i) {
    const Workload& workload = d.cluster.workloads[(d.subject.node * 7 + i * 13) % kWorkloads];
    json.open('{').open("names", '[');
    json.text(fmt::format("{}@sha256:{}", workload.image.substr(0, workload.image.rfind(':')), make_hex(i * 7919, 64)));
    json.text(workload.image).close(']').member("sizeBytes", 20'000'000 + i * 1'234'567).close('}');
  }
  json.close(']').close('}').close('}');
}

// ConfigMaps, custom resources and endpoint slices: many short members of one kind.
void write_entries(std::string& out, const Draft& d, Body body, size_t entries) {
  const Workload& workload = d.workload();
  const bool config = body == Body::ConfigMap, endpoints = body == Body::Endpoints;
  GoJson json(out);
  json.open('{');
  write_head(json,
             {config      ? "ConfigMap"
              : endpoints ? "EndpointSlice"
                          : "Application",
              config      ? "v1"
              : endpoints ? "discovery.k8s.io/v1"
                          : "argoproj.io/v1alpha1",
              workload.name, workload.space, workload.uid},
             workload.name, kStatusFields, 1, d.now);
  json.open(config ? "data" : endpoints ? "endpoints" : "resources", config ? '{' : '[');
  for (size_t i = 0; i < entries; ++i) {
    const Pod& pod = d.cluster.pods[(d.subject.pod + i) % d.cluster.pods.size()];
    if (config) {
      json.member(fmt::format("{}.yaml", pod.name),
                  "server:\n  listen: \"0.0.0.0:8080\"\n  upstream: <none>\n  retry: 3 && 5\n");
    } else if (endpoints) {
      json.open('{')
          .open("addresses", '[')
          .text(pod.ip)
          .close(']')
          .raw_member("conditions", R"({"ready":true,"serving":true,"terminating":false})");
      json.open("targetRef", '{')
          .member("kind", "Pod")
          .member("name", pod.name)
          .member("uid", pod.uid)
          .close('}')
          .close('}');
    } else {
      json.open('{').member("group", "apps").member("kind", "Deployment").member("name", pod.name);
      json.member("status", "Synced").raw_member("health", R"({"status":"Healthy"})").close('}');
    }
  }
  json.close(config ? '}' : ']').close('}');
}

void write_review(const Draft& d, Request& r) {
  for (std::string* out : {&r.request_object, &r.response_object}) {
    GoJson json(*out);
    json.open('{').member("kind", "SubjectAccessReview").member("apiVersion", "authorization.k8s.io/v1");
    json.raw_member("metadata", R"({"creationTimestamp":null})").open("spec", '{').open("resourceAttributes", '{');
    json.member("namespace", d.workload().space).member("verb", "get").member("resource", "pods").close('}');
    json.member("user", "system:serviceaccount:" + d.workload().space + ":" + d.workload().name).open("groups", '[');
    const size_t groups = d.random.between(30, 60);  // reviews of people with many directory groups
    for (size_t i = 0; i < groups; ++i) json.text(fmt::format("oidc:cn=app-{:03},ou=groups,dc=example,dc=com", i));
    json.close(']').close('}').open("status", '{').raw_member("allowed", "true").close('}').close('}');
  }
}

}  // namespace

void write_head(GoJson& json, const ObjectName& object, std::string_view app, std::string_view fields, size_t copies,
                int64_t now) {
  json.member("kind", object.kind).member("apiVersion", object.api_version).open("metadata", '{');
  if (object.name.empty()) json.member("generateName", std::string(app) + "-");
  if (!object.name.empty()) json.member("name", object.name);
  if (!object.space.empty()) json.member("namespace", object.space);
  if (!object.uid.empty()) json.member("uid", object.uid).member("resourceVersion", "912345678");
  if (object.uid.empty()) json.raw_member("creationTimestamp", "null");
  if (!object.uid.empty()) json.member("creationTimestamp", second_time(now - 3'600'000'000));
  json.open("labels", '{').member("app.kubernetes.io/instance", app).member("app.kubernetes.io/name", app).close('}');
  json.open("annotations", '{').member("checksum/config", make_hex(app.size() * 104'729, 64));
  json.member("prometheus.io/scrape", "true").close('}');
  if (copies > 0) json.open("managedFields", '[');
  for (size_t i = 0; i < copies; ++i) {
    json.open('{').member("manager", i == 0 ? "kube-controller-manager" : "kubelet").member("operation", "Update");
    json.member("apiVersion", object.api_version).member("time", second_time(now)).member("fieldsType", "FieldsV1");
    json.raw_member("fieldsV1", fields).close('}');
  }
  if (copies > 0) json.close(']');
  json.close('}');
}

void write_bodies(const Cluster& cluster, Random& random, Body body, Subject subject, int64_t now, Request& r) {
  const Draft d{cluster, random, subject, now};
  const Workload& workload = d.workload();
  switch (body) {
    case Body::None:
      return;
    case Body::PodStatus:
      return write_pod_status_patch(d, r);
    case Body::NodeStatus:
      return write_node_status(d, r);
    case Body::Review:
      return write_review(d, r);
    case Body::Pod: {
      const size_t variables = random.between(12, 60);
      write_pod(r.request_object, d, variables, false);
      return write_pod(r.response_object, d, variables, true);
    }
    case Body::Deployment: {
      const ObjectName object{r.resource == "jobs"          ? "Job"
                              : r.resource == "replicasets" ? "ReplicaSet"
                                                            : "Deployment",
                              r.resource == "jobs" ? "batch/v1" : "apps/v1", workload.name, workload.space,
                              workload.uid};
      const size_t variables = random.between(10, 60);
      write_template_owner(r.request_object, d, object, variables);
      return write_template_owner(r.response_object, d, object, variables);
    }
    case Body::ConfigMap:
    case Body::Custom:
    case Body::Endpoints: {
      const size_t entries = random.between(10, 70);
      write_entries(r.request_object, d, body, entries);
      return write_entries(r.response_object, d, body, entries);
    }
  }
}

}  // namespace kubevigil::bench
