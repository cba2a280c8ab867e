// Pods: metadata, spec, status, and their managedFields.
#include <fmt/format.h>

#include <array>

#include "bench/objects.h"
#include "bench/pod_object.h"

namespace kubevigil::bench {
namespace {

constexpr std::array<std::string_view, 12> kVariables = {
    "DATABASE_URL", "CACHE_HOST", "FEATURE_FLAGS", "OTEL_EXPORTER_OTLP_ENDPOINT", "LOG_LEVEL", "QUEUE_TOPIC",
    "REGION",       "POD_NAME",   "HTTP_PROXY",    "JAVA_TOOL_OPTIONS",           "TENANT",    "BUILD_REVISION"};
constexpr std::array<std::string_view, 6> kValues = {
    "postgres://app@db.internal:5432/app?sslmode=verify-full&pool_max_conns=20",
    "redis-cache-master.cache.svc.cluster.local:6379",
    "{\"newCheckout\":true,\"limits\":{\"perUser\":25,\"perTenant\":400}}",
    "http://otel-collector.monitoring.svc.cluster.local:4317",
    "info",
    "-Xms512m -Xmx512m -XX:+UseG1GC -XX:MaxGCPauseMillis=100 -Dfile.encoding=UTF-8"};

std::string variable_name(size_t i) {
  return i < kVariables.size() ? std::string(kVariables[i])
                               : fmt::format("{}_{}", kVariables[i % kVariables.size()], i);
}

void write_container(GoJson& json, const Workload& workload, size_t variables, const PodTraits& traits) {
  json.open('{').member("name", "app").member("image", traits.image.empty() ? workload.image : traits.image);
  if (!traits.command.empty()) {
    json.open("command", '[').text("/bin/sh").text("-c").text(traits.command).close(']');
  }
  json.open("ports", '[').open('{').member("name", "http").member("containerPort", 8080).member("protocol", "TCP");
  json.close('}').close(']').open("env", '[');
  for (size_t i = 0; i < variables; ++i) {
    json.open('{').member("name", variable_name(i)).member("value", kValues[i % kValues.size()]).close('}');
  }
  json.close(']').raw_member("resources",
                             R"({"limits":{"cpu":"2","memory":"1Gi"},"requests":{"cpu":"250m","memory":"512Mi"}})");
  json.open("volumeMounts", '[').open('{').member("name", "config").member("mountPath", "/etc/app").close('}');
  if (!traits.host_path.empty()) json.open('{').member("name", "host").member("mountPath", "/host").close('}');
  json.raw(
      R"({"name":"kube-api-access-7x2lq","readOnly":true,"mountPath":"/var/run/secrets/kubernetes.io/serviceaccount"})");
  json.close(']').raw_member(
      "livenessProbe",
      R"({"httpGet":{"path":"/healthz","port":8080,"scheme":"HTTP"},"timeoutSeconds":1,"periodSeconds":10,"successThreshold":1,"failureThreshold":3})");
  json.member("terminationMessagePath", "/dev/termination-log").member("terminationMessagePolicy", "File");
  json.member("imagePullPolicy", "IfNotPresent");
  json.raw_member(
      "securityContext",
      traits.privileged
          ? R"({"privileged":true})"
          : R"({"capabilities":{"drop":["ALL"]},"runAsNonRoot":true,"readOnlyRootFilesystem":true,"allowPrivilegeEscalation":false})");
  json.close('}');
}

void write_volumes(GoJson& json, const Workload& workload, const PodTraits& traits) {
  json.open("volumes", '[').open('{').member("name", "config").open("configMap", '{');
  json.member("name", workload.name + "-config").member("defaultMode", 420).close('}').close('}');
  if (!traits.host_path.empty()) {
    json.open('{').member("name", "host").open("hostPath", '{').member("path", traits.host_path).member("type", "");
    json.close('}').close('}');
  }
  json.raw(
      R"({"name":"kube-api-access-7x2lq","projected":{"sources":[{"serviceAccountToken":{"expirationSeconds":3607,"path":"token"}},{"configMap":{"name":"kube-root-ca.crt","items":[{"key":"ca.crt","path":"ca.crt"}]}},{"downwardAPI":{"items":[{"path":"namespace","fieldRef":{"apiVersion":"v1","fieldPath":"metadata.namespace"}}]}}],"defaultMode":420}})");
  json.close(']');
}

}  // namespace

void write_pod_spec(GoJson& json, const Cluster& cluster, size_t pod, size_t variables, const PodTraits& traits) {
  const Workload& workload = cluster.workloads[cluster.pods[pod].workload];
  json.open('{');
  write_volumes(json, workload, traits);
  json.open("containers", '[');
  write_container(json, workload, variables, traits);
  json.close(']').member("restartPolicy", "Always").member("terminationGracePeriodSeconds", 30);
  json.member("dnsPolicy", "ClusterFirst").member("serviceAccountName", workload.name);
  json.member("serviceAccount", workload.name);
  if (traits.host_network) json.raw_member("hostNetwork", "true").raw_member("hostPID", "true");
  json.raw_member("securityContext",
                  R"({"runAsUser":10001,"fsGroup":10001,"seccompProfile":{"type":"RuntimeDefault"}})");
  json.member("schedulerName", "default-scheduler");
  json.raw_member(
      "tolerations",
      R"([{"key":"node.kubernetes.io/not-ready","operator":"Exists","effect":"NoExecute","tolerationSeconds":300},{"key":"node.kubernetes.io/unreachable","operator":"Exists","effect":"NoExecute","tolerationSeconds":300}])");
  json.member("priority", 0)
      .raw_member("enableServiceLinks", "true")
      .member("preemptionPolicy", "PreemptLowerPriority");
  json.close('}');
}

std::string pod_fields(size_t variables) {
  std::string text;
  GoJson json(text);
  json.raw(
      R"({"f:metadata":{"f:annotations":{".":{},"f:checksum/config":{},"f:prometheus.io/scrape":{}},"f:generateName":{},"f:labels":{".":{},"f:app.kubernetes.io/instance":{},"f:app.kubernetes.io/name":{},"f:pod-template-hash":{}},"f:ownerReferences":{".":{},"k:{\"uid\":\"5e4a6f0c-1f2b-4a3e-9f65-2d1f0f3b7c11\"}":{}}},"f:spec":{"f:containers":{"k:{\"name\":\"app\"}":{".":{},"f:env":{".":{})");
  for (size_t i = 0; i < variables; ++i) {
    json.key(fmt::format("k:{{\"name\":\"{}\"}}", variable_name(i))).raw(R"({".":{},"f:name":{},"f:value":{}})");
  }
  text +=
      R"(},"f:image":{},"f:imagePullPolicy":{},"f:livenessProbe":{".":{},"f:failureThreshold":{},"f:httpGet":{".":{},"f:path":{},"f:port":{},"f:scheme":{}},"f:periodSeconds":{},"f:successThreshold":{},"f:timeoutSeconds":{}},"f:name":{},"f:ports":{".":{},"k:{\"containerPort\":8080,\"protocol\":\"TCP\"}":{".":{},"f:containerPort":{},"f:name":{},"f:protocol":{}}},"f:resources":{".":{},"f:limits":{".":{},"f:cpu":{},"f:memory":{}},"f:requests":{".":{},"f:cpu":{},"f:memory":{}}},"f:terminationMessagePath":{},"f:terminationMessagePolicy":{},"f:volumeMounts":{".":{},"k:{\"mountPath\":\"/etc/app\"}":{".":{},"f:mountPath":{},"f:name":{}}}}},"f:dnsPolicy":{},"f:enableServiceLinks":{},"f:restartPolicy":{},"f:schedulerName":{},"f:securityContext":{},"f:serviceAccount":{},"f:serviceAccountName":{},"f:terminationGracePeriodSeconds":{},"f:volumes":{".":{},"k:{\"name\":\"config\"}":{".":{},"f:configMap":{".":{},"f:defaultMode":{},"f:name":{}},"f:name":{}}}}})";
  return text;
}

void write_pod_status(GoJson& json, const Cluster& cluster, size_t pod, int64_t now) {
  const Pod& p = cluster.pods[pod];
  const Workload& workload = cluster.workloads[p.workload];
  const std::string time = second_time(now);
  json.open('{').member("phase", "Running").open("conditions", '[');
  for (const std::string_view type :
       {"PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"}) {
    json.open('{').member("type", type).member("status", "True").raw_member("lastProbeTime", "null");
    json.member("lastTransitionTime", time).close('}');
  }
  json.close(']').member("hostIP", cluster.nodes[p.node].ip).open("hostIPs", '[').open('{');
  json.member("ip", cluster.nodes[p.node].ip).close('}').close(']').member("podIP", p.ip).open("podIPs", '[').open('{');
  json.member("ip", p.ip).close('}').close(']').member("startTime", time).open("containerStatuses", '[').open('{');
  json.member("name", "app").open("state", '{').open("running", '{').member("startedAt", time).close('}').close('}');
  json.raw_member("lastState", "{}")
      .raw_member("ready", "true")
      .member("restartCount", 0)
      .member("image", workload.image);
  json.member("imageID", "registry.example.com/app@sha256:" + make_hex(p.workload * 977u, 64));
  json.member("containerID", "containerd://" + make_hex(pod * 7919u, 64)).raw_member("started", "true");
  json.close('}').close(']').member("qosClass", "Burstable").close('}');
}

}  // namespace kubevigil::bench
