// What goes on in any cluster all day long.
#include <array>

#include "engine/app/demo_event.h"
#include "engine/app/demo_stream.h"

namespace kubevigil {
namespace {

using namespace demo;
using Events = std::vector<CaseEvent>;

constexpr std::array<std::string_view, 5> kNamespaces = {"shop", "billing", "search", "auth", "web"};
constexpr int kNodes = 6;
constexpr int kMinutes = 240;

Actor node(int i) {
  return {"system:node:node-" + std::to_string(i), "kubelet/v1.31.4 (linux/amd64) kubernetes/a78aa47",
          "10.0.1." + std::to_string(10 + i)};
}

Actor account(std::string_view ns, std::string_view name, std::string_view client, std::string_view ip) {
  return {"system:serviceaccount:" + std::string(ns) + ":" + std::string(name), std::string(client), std::string(ip)};
}

Actor controller(std::string_view name) {
  return account("kube-system", name,
                 "kube-controller-manager/v1.31.4 (linux/amd64) kubernetes/a78aa47/system:serviceaccount:kube-system:" +
                     std::string(name),
                 "10.0.0.2");
}

void add_kubelets(Events& out) {
  for (int i = 0; i < kNodes; ++i) {
    const Actor kubelet = node(i);
    const std::string name = "node-" + std::to_string(i);
    const Duration offset = Duration{i * 1'700'000 + 250'000};
    out.push_back(
        repeated(request(kubelet, offset, "update", "leases", "kube-node-lease", name), kMinutes, minutes(1)));
    out.push_back(
        repeated(request(kubelet, offset + minutes(0.4), "patch", "nodes/status", "", name), kMinutes / 5, minutes(5)));
    out.push_back(repeated(request(kubelet, offset + minutes(2), "create", "serviceaccounts/token", "shop", "web"), 8,
                           minutes(29)));
    out.push_back(repeated(request(kubelet, offset + minutes(3), "get", "pods", "shop", "web-" + std::to_string(i)), 40,
                           minutes(6)));
    out.push_back(
        repeated(request(kubelet, offset + minutes(3.2), "patch", "pods/status", "shop", "web-" + std::to_string(i)),
                 20, minutes(12)));
    for (const std::string_view ns : kNamespaces) {
      const CaseEvent secret = request(kubelet, offset + minutes(1), "watch", "secrets", ns, "db");
      out.push_back(repeated(with_query(secret, "fieldSelector=metadata.name%3Ddb"), 5, minutes(47)));
    }
  }
}

void add_control_plane(Events& out) {
  const Actor manager = {"system:kube-controller-manager",
                         "kube-controller-manager/v1.31.4 (linux/amd64) kubernetes/a78aa47/leader-election",
                         "10.0.0.2"};
  const Actor scheduler = {"system:kube-scheduler",
                           "kube-scheduler/v1.31.4 (linux/amd64) kubernetes/a78aa47/leader-election", "10.0.0.2"};
  out.push_back(repeated(request(manager, minutes(0.1), "update", "leases", "kube-system", "kube-controller-manager"),
                         kMinutes, minutes(1)));
  out.push_back(repeated(request(scheduler, minutes(0.2), "update", "leases", "kube-system", "kube-scheduler"),
                         kMinutes, minutes(1)));
  out.push_back(repeated(
      request(controller("endpointslice-controller"), minutes(1.3), "update", "endpointslices", "shop", "web-x7k2p"),
      60, minutes(4)));
  out.push_back(repeated(
      request(controller("deployment-controller"), minutes(2.7), "update", "deployments/status", "shop", "web"), 60,
      minutes(4)));
  out.push_back(
      repeated(request(controller("resourcequota-controller"), minutes(5), "list", "secrets"), 8, minutes(30)));
  const std::string pod = child_pod("ReplicaSet", "web-6c9f7d5b8d",
                                    R"({"containers":[{"name":"web","image":"registry.example.com/shop/web:4.2"}]})");
  out.push_back(
      repeated(with_body(request(controller("replicaset-controller"), minutes(6), "create", "pods", "shop"), pod), 24,
               minutes(9)));
  const Actor health = {"system:anonymous", "kube-probe/1.31", "10.0.0.5"};
  out.push_back(repeated(address(health, minutes(0.05), "/readyz"), kMinutes * 2, minutes(0.5)));
  out.push_back(repeated(address(health, minutes(0.3), "/livez?verbose=true"), kMinutes, minutes(1)));
  out.push_back(repeated(address({"system:anonymous", "ELB-HealthChecker/2.0", "10.0.0.9"}, minutes(0.4), "/version"),
                         48, minutes(5)));
}

void add_gitops(Events& out) {
  const Actor kustomize = account("flux-system", "kustomize-controller", "kustomize-controller/v1.4.0", "10.244.2.11");
  const Actor helm = account("flux-system", "helm-controller", "helm-controller/v1.1.0", "10.244.2.12");
  double offset = 4;
  for (const std::string_view ns : kNamespaces) {
    offset += 0.35;
    const std::string body = workload(
        "Deployment", "web",
        R"({"containers":[{"name":"web","image":"registry.example.com/shop/web:4.2","ports":[{"containerPort":8080}],"readinessProbe":{"httpGet":{"path":"/","port":8080}}}]})");
    const CaseEvent apply = with_body(request(kustomize, minutes(offset), "patch", "deployments", ns, "web"), body);
    out.push_back(repeated(with_query(apply, "fieldManager=kustomize-controller&force=true"), 23, minutes(10)));
    out.push_back(
        repeated(request(kustomize, minutes(offset + 0.1), "get", "secrets", ns, "registry"), 23, minutes(10)));
    const CaseEvent releases = request(helm, minutes(offset + 0.2), "list", "secrets", ns);
    out.push_back(repeated(with_query(releases, "labelSelector=name%3Dweb%2Cowner%3Dhelm"), 11, minutes(20)));
  }
  const Actor argo =
      account("argocd", "argocd-application-controller", "argocd-application-controller/v2.13.1", "10.244.3.20");
  out.push_back(repeated(request(argo, minutes(3), "list", "applications.argoproj.io", "argocd"), 80, minutes(3)));
  out.push_back(repeated(request(argo, minutes(7), "watch", "secrets"), 8, minutes(29)));
}

void add_platform(Events& out) {
  const Actor prometheus = account("monitoring", "prometheus-k8s", "Prometheus/2.55.1", "10.244.4.8");
  for (const std::string_view kind : {"pods", "services", "endpoints", "nodes"}) {
    out.push_back(repeated(request(prometheus, minutes(1.9), "watch", kind), 30, minutes(8)));
  }
  out.push_back(
      repeated(request(account("monitoring", "kube-state-metrics", "kube-state-metrics/v2.14.0", "10.244.4.9"),
                       minutes(6), "list", "secrets"),
               8, minutes(28)));
  const Actor certificates = account("cert-manager", "cert-manager", "cert-manager-certificates/v1.16.2", "10.244.5.3");
  double offset = 11;
  for (const std::string_view ns : kNamespaces) {
    out.push_back(repeated(request(certificates, minutes(offset), "get", "secrets", ns, "web-tls"), 6, minutes(35)));
    offset += 0.4;
  }
  const Actor kyverno = account("kyverno", "kyverno-admission-controller", "kyverno/v1.13.2", "10.244.5.7");
  const std::string question =
      R"({"kind":"SelfSubjectAccessReview","apiVersion":"authorization.k8s.io/v1","spec":{"resourceAttributes":{"verb":"get","resource":"configmaps","namespace":"kyverno"}}})";
  out.push_back(repeated(with_body(request(kyverno, minutes(0.7), "create", "selfsubjectaccessreviews"), question), 480,
                         minutes(0.5)));
  out.push_back(repeated(request(kyverno, minutes(0.9), "create", "selfsubjectrulesreviews"), 24, minutes(10)));
  const Actor metrics = account("kube-system", "metrics-server", "metrics-server/v0.7.2", "10.244.1.4");
  out.push_back(repeated(request(metrics, minutes(0.6), "list", "nodes"), 120, minutes(2)));
}

void add_people(Events& out) {
  const Actor alice = {"alice@example.com", "kubectl/v1.31.0 (darwin/arm64) kubernetes/9edcffc", "10.20.0.31"};
  const Actor bob = {"bob@example.com", "kubectl/v1.30.4 (linux/amd64) kubernetes/a51b3b7", "10.20.0.44"};
  out.push_back(repeated(request(alice, minutes(31), "list", "pods", "shop"), 40, minutes(2.3)));
  out.push_back(repeated(request(alice, minutes(33), "get", "pods/log", "shop", "web-2"), 12, minutes(11)));
  out.push_back(repeated(request(bob, minutes(45), "list", "deployments", "billing"), 30, minutes(4)));
  out.push_back(request(bob, minutes(62), "get", "secrets", "billing", "db"));
  CaseEvent missing = request(bob, minutes(71), "get", "configmaps", "billing", "featurs");
  missing.code = 404;
  out.push_back(missing);
  CaseEvent refused = request(bob, minutes(73), "list", "nodes");
  refused.code = 403;
  out.push_back(refused);
  CaseEvent debugging = with_query(request(alice, minutes(96), "get", "pods/exec", "shop", "web-2"),
                                   "command=sh&container=web&stdin=true&stdout=true&tty=true");
  debugging.session = minutes(22);
  out.push_back(debugging);
  const Actor pipeline = account("ci", "deployer", "kubectl/v1.31.0 (linux/amd64) kubernetes/9edcffc", "10.244.6.15");
  const std::string image =
      R"({"spec":{"template":{"spec":{"containers":[{"name":"web","image":"registry.example.com/shop/web:4.3"}]}}}})";
  out.push_back(repeated(with_body(request(pipeline, minutes(20), "patch", "deployments", "shop", "web"), image), 5,
                         minutes(41)));
  out.push_back(repeated(request(pipeline, minutes(20.5), "get", "deployments", "shop", "web"), 60, minutes(3.5)));
}

}  // namespace

std::vector<CaseEvent> demo_cluster_events() {
  Events events;
  add_kubelets(events);
  add_control_plane(events);
  add_gitops(events);
  add_platform(events);
  add_people(events);
  return events;
}

}  // namespace kubevigil
