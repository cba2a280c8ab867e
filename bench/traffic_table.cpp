// The table of bench/traffic.h. Shares follow what busy clusters show: most requests renew leases, then come
// node and pod status, reviews, watches; people are a percent.
#include <array>

#include "bench/traffic.h"

namespace kubevigil::bench {
namespace {

#define KCM "kube-controller-manager/v1.32.4 (linux/amd64) kubernetes/59526cd/system:serviceaccount:kube-system:"

// Index = Traffic::agent.
constexpr std::array<std::string_view, 29> kAgents = {
    "kubelet/v1.32.4 (linux/amd64) kubernetes/59526cd",
    "kubelet/v1.31.8 (linux/arm64) kubernetes/17f14a2",
    "kube-controller-manager/v1.32.4 (linux/amd64) kubernetes/59526cd/leader-election",
    KCM "replicaset-controller",
    KCM "deployment-controller",
    KCM "endpointslice-controller",
    KCM "generic-garbage-collector",
    KCM "cronjob-controller",
    KCM "job-controller",
    KCM "horizontal-pod-autoscaler",
    "kube-scheduler/v1.32.4 (linux/amd64) kubernetes/59526cd/leader-election",
    "kube-scheduler/v1.32.4 (linux/amd64) kubernetes/59526cd/scheduler",
    "kube-apiserver/v1.32.4 (linux/amd64) kubernetes/59526cd",
    "kube-proxy/v1.32.4 (linux/amd64) kubernetes/59526cd",
    "coredns/v1.11.3 (linux/amd64) kubernetes/$Format",
    "metrics-server/v0.7.2 (linux/amd64) kubernetes/7d3ba9a",
    "argocd-application-controller/v2.13.2 (linux/amd64) kubernetes/$Format",
    "cert-manager-cainjector/v1.16.2 (linux/amd64) cert-manager/v1.16.2/9a2f3c1",
    "cluster-autoscaler/v1.32.0 (linux/amd64) kubernetes/$Format/cluster-autoscaler",
    "ebs-csi-driver/v1.37.0 (linux/amd64) kubernetes/$Format",
    "cilium-agent/1.16.5 ad688277a7 2024-12-12T14:21:32+00:00 go version go1.22.10 linux/amd64 k8s-client",
    "Prometheus/2.55.1",
    "kyverno/v1.13.2 (linux/amd64) kubernetes/4d4d0a9",
    "external-secrets/v0.12.1 (linux/amd64) kubernetes/$Format",
    "java-client/21.0.2 (fabric8 kubernetes-client 6.13.4)",
    "OpenAPI-Generator/31.0.0/python",
    "app/v0.0.0 (linux/amd64) kubernetes/$Format",
    "kubectl/v1.32.2 (darwin/arm64) kubernetes/67a30c0",
    "k9s/v0.32.7 (linux/amd64) kubernetes/$Format",
};
#undef KCM

constexpr std::string_view kCoordination = "coordination.k8s.io", kAuthz = "authorization.k8s.io",
                           kAuthn = "authentication.k8s.io", kDiscovery = "discovery.k8s.io", kArgo = "argoproj.io";

using enum Who;
// clang-format off
constexpr std::array<Traffic, 55> kTraffic = {{
    {2700, "update", kCoordination, "v1", "leases", "", Target::Self, Node, "", 0, Body::None},
    {900, "update", kCoordination, "v1", "leases", "", Target::Self, Node, "", 1, Body::None},
    {250, "update", kCoordination, "v1", "leases", "", Target::Leader, Control, "system:kube-controller-manager", 2, Body::None},
    {250, "update", kCoordination, "v1", "leases", "", Target::Leader, Control, "system:kube-scheduler", 10, Body::None},
    {400, "update", kCoordination, "v1", "leases", "", Target::Leader, Account, "kube-system/cluster-autoscaler", 18, Body::None},
    {500, "update", kCoordination, "v1", "leases", "", Target::Leader, Account, "kube-system/ebs-csi-controller-sa", 19, Body::None},
    {250, "get", kCoordination, "v1", "leases", "", Target::Leader, Account, "cert-manager/cert-manager-cainjector", 17, Body::None},
    {120, "patch", "", "v1", "nodes", "status", Target::Self, Node, "", 0, Body::NodeStatus},
    {200, "get", "", "v1", "nodes", "", Target::Self, Node, "", 0, Body::None},
    {300, "patch", "", "v1", "pods", "status", Target::Pod, Node, "", 0, Body::PodStatus},
    {200, "get", "", "v1", "pods", "", Target::Pod, Node, "", 0, Body::None},
    {150, "watch", "", "v1", "pods", "", Target::Cluster, Node, "", 0, Body::None},
    {200, "watch", "", "v1", "configmaps", "", Target::Workload, Node, "", 0, Body::None},
    {150, "watch", "", "v1", "secrets", "", Target::Workload, Node, "", 0, Body::None},
    {180, "create", "", "v1", "serviceaccounts", "token", Target::Workload, Node, "", 0, Body::None},
    {150, "create", kAuthn, "v1", "tokenreviews", "", Target::Cluster, Node, "", 0, Body::None},
    {300, "create", kAuthz, "v1", "subjectaccessreviews", "", Target::Cluster, Node, "", 1, Body::None},
    {150, "create", "", "v1", "events", "", Target::Namespace, Node, "", 0, Body::None},
    {60, "patch", "", "v1", "events", "", Target::Pod, Node, "", 0, Body::None},
    {110, "create", "", "v1", "pods", "", Target::Pod, Account, "kube-system/replicaset-controller", 3, Body::Pod},
    {60, "delete", "", "v1", "pods", "", Target::Pod, Account, "kube-system/replicaset-controller", 3, Body::None},
    {70, "update", "apps", "v1", "replicasets", "status", Target::Workload, Account, "kube-system/replicaset-controller", 3, Body::Deployment},
    {70, "update", "apps", "v1", "deployments", "status", Target::Workload, Account, "kube-system/deployment-controller", 4, Body::Deployment},
    {120, "update", kDiscovery, "v1", "endpointslices", "", Target::Workload, Account, "kube-system/endpointslice-controller", 5, Body::Endpoints},
    {40, "delete", "apps", "v1", "replicasets", "", Target::Workload, Account, "kube-system/generic-garbage-collector", 6, Body::None},
    {60, "create", "batch", "v1", "jobs", "", Target::Workload, Account, "kube-system/cronjob-controller", 7, Body::Deployment},
    {60, "update", "batch", "v1", "jobs", "status", Target::Workload, Account, "kube-system/job-controller", 8, Body::Deployment},
    {60, "update", "autoscaling", "v2", "horizontalpodautoscalers", "status", Target::Workload, Account, "kube-system/horizontal-pod-autoscaler", 9, Body::Custom},
    {60, "get", "metrics.k8s.io", "v1beta1", "pods", "", Target::Namespace, Account, "kube-system/horizontal-pod-autoscaler", 9, Body::None},
    {80, "create", "", "v1", "pods", "binding", Target::Pod, Control, "system:kube-scheduler", 11, Body::None},
    {60, "create", "events.k8s.io", "v1", "events", "", Target::Namespace, Control, "system:kube-scheduler", 11, Body::None},
    {60, "get", "", "v1", "namespaces", "", Target::Cluster, Control, "system:apiserver", 12, Body::None},
    {70, "watch", "", "v1", "services", "", Target::Cluster, Node, "", 13, Body::None},
    {60, "watch", kDiscovery, "v1", "endpointslices", "", Target::Cluster, Account, "kube-system/coredns", 14, Body::None},
    {90, "create", kAuthz, "v1", "subjectaccessreviews", "", Target::Cluster, Account, "kube-system/metrics-server", 15, Body::Review},
    {150, "patch", kArgo, "v1alpha1", "applications", "", Target::Workload, Account, "argocd/argocd-application-controller", 16, Body::Custom},
    {60, "patch", "apps", "v1", "deployments", "", Target::Workload, Account, "argocd/argocd-application-controller", 16, Body::Deployment},
    {80, "get", "", "v1", "configmaps", "", Target::Workload, Account, "argocd/argocd-application-controller", 16, Body::None},
    {60, "update", "cilium.io", "v2", "ciliumendpoints", "", Target::Pod, Account, "kube-system/cilium", 20, Body::Custom},
    {80, "get", "", "v1", "/metrics", "", Target::Path, Account, "monitoring/prometheus", 21, Body::None},
    {80, "create", kAuthz, "v1", "subjectaccessreviews", "", Target::Cluster, Account, "kyverno/kyverno-admission-controller", 22, Body::Review},
    {60, "get", "", "v1", "secrets", "", Target::Workload, Account, "external-secrets/external-secrets", 23, Body::None},
    {220, "list", "", "v1", "endpoints", "", Target::Namespace, Workload, "", 24, Body::None},
    {150, "get", "", "v1", "configmaps", "", Target::Workload, Workload, "", 25, Body::None},
    {100, "update", "", "v1", "configmaps", "", Target::Workload, Workload, "", 26, Body::ConfigMap},
    {300, "get", kCoordination, "v1", "leases", "", Target::Workload, Workload, "", 26, Body::None},
    {200, "update", kCoordination, "v1", "leases", "", Target::Workload, Workload, "", 26, Body::None},
    {40, "get", "", "v1", "pods", "log", Target::Pod, Human, "", 27, Body::None},
    {60, "list", "", "v1", "pods", "", Target::Namespace, Human, "", 28, Body::None},
    {40, "get", "", "v1", "/readyz", "", Target::Path, Control, "system:kube-scheduler", 10, Body::None},
    {60, "list", "", "v1", "nodes", "", Target::Cluster, Account, "kube-system/cluster-autoscaler", 18, Body::None},
    {30, "create", "", "v1", "pods", "eviction", Target::Pod, Account, "kube-system/cluster-autoscaler", 18, Body::None},
    {60, "watch", "apps", "v1", "deployments", "", Target::Cluster, Account, "argocd/argocd-application-controller", 16, Body::None},
    {40, "get", "", "v1", "services", "", Target::Workload, Account, "argocd/argocd-application-controller", 16, Body::None},
    {20, "patch", "apps", "v1", "deployments", "", Target::Workload, Human, "", 27, Body::Deployment},
}};
// clang-format on

}  // namespace

std::span<const Traffic> traffic_table() { return kTraffic; }
std::span<const std::string_view> user_agents() { return kAgents; }

}  // namespace kubevigil::bench
