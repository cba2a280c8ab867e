// Installation day: everything an intrusion also does, done by people and programs whose job it is. None of it may
// give an alert of level medium or above.
#include <array>

#include "engine/app/demo_event.h"
#include "engine/app/demo_stream.h"

namespace kubevigil {
namespace {

using namespace demo;
using Events = std::vector<CaseEvent>;

const Actor kAdmin = {"platform@example.com", "Helm/3.16.3", "10.20.0.12"};
const Actor kFlux = {"system:serviceaccount:flux-system:helm-controller", "helm-controller/v1.1.0", "10.244.2.12"};
const Actor kRook = {"system:serviceaccount:rook-ceph:rook-ceph-system", "rook/v1.15.6", "10.244.7.2"};
const Actor kDaemonSetController = {"system:serviceaccount:kube-system:daemon-set-controller",
                                    "kube-controller-manager/v1.31.4 (linux/amd64) "
                                    "kubernetes/a78aa47/system:serviceaccount:kube-system:daemon-set-controller",
                                    "10.0.0.2"};

constexpr std::string_view kNetworkAgent =
    R"({"hostNetwork":true,"serviceAccountName":"cilium","tolerations":[{"operator":"Exists"}],"initContainers":[{"name":"mount-cgroup","image":"quay.io/cilium/cilium:v1.16.5","securityContext":{"privileged":true}}],"containers":[{"name":"cilium-agent","image":"quay.io/cilium/cilium:v1.16.5","securityContext":{"privileged":true},"resources":{"requests":{"cpu":"1"}},"livenessProbe":{"httpGet":{"path":"/healthz","port":9879}}}],"volumes":[{"name":"cni","hostPath":{"path":"/opt/cni/bin"}},{"name":"etc-cni","hostPath":{"path":"/etc/cni/net.d"}},{"name":"run","hostPath":{"path":"/var/run/cilium"}}]})";
constexpr std::string_view kStorageDriver =
    R"({"serviceAccountName":"ebs-csi-node-sa","tolerations":[{"operator":"Exists"}],"containers":[{"name":"ebs-plugin","image":"public.ecr.aws/ebs-csi-driver/aws-ebs-csi-driver:v1.38.1","securityContext":{"privileged":true},"ports":[{"containerPort":9808}]}],"volumes":[{"name":"kubelet","hostPath":{"path":"/var/lib/kubelet"}},{"name":"dev","hostPath":{"path":"/dev"}}]})";
constexpr std::string_view kNodeExporter =
    R"({"hostPID":true,"hostNetwork":true,"serviceAccountName":"node-exporter","tolerations":[{"operator":"Exists"}],"containers":[{"name":"node-exporter","image":"quay.io/prometheus/node-exporter:v1.8.2","ports":[{"containerPort":9100}]}],"volumes":[{"name":"root","hostPath":{"path":"/"}}]})";
constexpr std::string_view kSecurityAgent =
    R"({"serviceAccountName":"falco","tolerations":[{"operator":"Exists"}],"containers":[{"name":"falco","image":"docker.io/falcosecurity/falco:0.39.2","securityContext":{"privileged":true}}],"volumes":[{"name":"socket","hostPath":{"path":"/run/containerd/containerd.sock"}},{"name":"proc","hostPath":{"path":"/proc"}}]})";
constexpr std::string_view kCephDriver =
    R"({"serviceAccountName":"rook-csi-rbd-plugin-sa","hostNetwork":true,"containers":[{"name":"csi-rbdplugin","image":"quay.io/cephcsi/cephcsi:v3.12.3","securityContext":{"privileged":true}}],"volumes":[{"name":"plugins","hostPath":{"path":"/var/lib/kubelet/plugins"}},{"name":"pods","hostPath":{"path":"/var/lib/kubelet/pods"}}]})";

// helm looks for its records in each namespace before it installs, then applies kind by kind.
void add_helm_install(Events& out, double at, std::string_view ns, std::string_view release) {
  const std::string selector = "labelSelector=name%3D" + std::string(release) + "%2Cowner%3Dhelm";
  out.push_back(with_query(request(kAdmin, minutes(at), "list", "secrets", ns), selector));
  out.push_back(request(kAdmin, minutes(at + 0.05), "create", "namespaces", ns, ns));
  out.push_back(request(kAdmin, minutes(at + 0.1), "create", "secrets", ns,
                        "sh.helm.release.v1." + std::string(release) + ".v1"));
  out.push_back(request(kAdmin, minutes(at + 0.2), "create", "serviceaccounts", ns, release));
  const std::string role = R"({"kind":"ClusterRole","metadata":{"name":")" + std::string(release) +
                           R"("},"rules":[{"apiGroups":["*"],"resources":["*"],"verbs":["get","list","watch"]}]})";
  out.push_back(with_body(request(kAdmin, minutes(at + 0.3), "create", "clusterroles", "", release), role));
  const std::string binding = R"({"kind":"ClusterRoleBinding","metadata":{"name":")" + std::string(release) +
                              R"("},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":")" +
                              std::string(release) + R"("},"subjects":[{"kind":"ServiceAccount","name":")" +
                              std::string(release) + R"(","namespace":")" + std::string(ns) + R"("}]})";
  out.push_back(with_body(request(kAdmin, minutes(at + 0.35), "create", "clusterrolebindings", "", release), binding));
  CaseEvent existing = request(kAdmin, minutes(at + 0.4), "get", "secrets", ns, std::string(release) + "-tls");
  existing.code = 404;
  out.push_back(existing);
  out.push_back(request(kAdmin, minutes(at + 0.45), "create", "secrets", ns, std::string(release) + "-tls"));
  out.push_back(repeated(request(kAdmin, minutes(at + 0.5), "create", "customresourcedefinitions", "",
                                 std::string(release) + "s.example.com"),
                         6, Duration{400'000}));
  out.push_back(request(kAdmin, minutes(at + 0.6), "create", "validatingwebhookconfigurations", "", release));
  out.push_back(request(kAdmin, minutes(at + 1.2), "update", "secrets", ns,
                        "sh.helm.release.v1." + std::string(release) + ".v1"));
}

// A DaemonSet, and one pod on each of six nodes that its controller makes.
void add_agent(Events& out, const Actor& installer, double at, std::string_view ns, std::string_view name,
               std::string_view spec, std::string_view verb = "create") {
  out.push_back(
      with_body(request(installer, minutes(at), verb, "daemonsets", ns, name), workload("DaemonSet", name, spec)));
  const CaseEvent child = with_body(request(kDaemonSetController, minutes(at + 0.02), "create", "pods", ns),
                                    child_pod("DaemonSet", name, spec));
  out.push_back(repeated(child, 6, Duration{180'000}));
}

void add_operator(Events& out) {
  const Actor operator_account = {"system:serviceaccount:kyverno:kyverno-reports-controller", "kyverno/v1.13.2",
                                  "10.244.5.9"};
  out.push_back(request(operator_account, minutes(128), "create", "selfsubjectrulesreviews"));
  out.push_back(request(operator_account, minutes(128.4), "get", "secrets", "kyverno",
                        "kyverno-svc.kyverno.svc.kyverno-tls-pair"));
  for (int i = 0; i < 14; ++i) {
    const std::string question =
        R"({"spec":{"resourceAttributes":{"verb":"list","resource":"kind)" + std::to_string(i) + R"("}}})";
    out.push_back(with_body(
        request(operator_account, minutes(128.5) + Duration{i * 900'000}, "create", "selfsubjectaccessreviews"),
        question));
  }
  out.push_back(request(operator_account, minutes(129), "update", "validatingwebhookconfigurations", "",
                        "kyverno-resource-validating-webhook-cfg"));
  out.push_back(request(kRook, minutes(133), "get", "secrets", "rook-ceph", "rook-ceph-mon"));
  out.push_back(request(kRook, minutes(133.2), "create", "secrets", "rook-ceph", "rook-csi-rbd-node"));
}

}  // namespace

std::vector<CaseEvent> demo_install_events() {
  Events events;
  constexpr std::array<std::string_view, 6> kReleases = {"cilium",        "kyverno",   "falco",
                                                         "node-exporter", "rook-ceph", "vault"};
  double at = 120;
  for (const std::string_view release : kReleases) {
    add_helm_install(events, at, release, release);
    at += 1.4;
  }
  add_agent(events, kAdmin, 121, "kube-system", "cilium", kNetworkAgent);
  add_agent(events, kAdmin, 124, "monitoring", "node-exporter", kNodeExporter);
  add_agent(events, kAdmin, 126, "falco", "falco", kSecurityAgent);
  add_agent(events, kFlux, 130, "kube-system", "ebs-csi-node", kStorageDriver, "patch");
  add_agent(events, kRook, 134, "rook-ceph", "csi-rbdplugin", kCephDriver);
  add_operator(events);
  const Actor admin = {"platform@example.com", "kubectl/v1.31.0 (linux/amd64) kubernetes/9edcffc", "10.20.0.12"};
  events.push_back(repeated(request(admin, minutes(122), "list", "pods"), 15, minutes(1.1)));
  CaseEvent status = with_query(request(admin, minutes(137), "create", "pods/exec", "kube-system", "cilium-x2x9k"),
                                "command=cilium&command=status");
  status.session = Duration::seconds(2);
  events.push_back(status);
  return events;
}

}  // namespace kubevigil
