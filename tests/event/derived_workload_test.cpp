// workload.kind and workload.name, as tables: who writes what, and which workload that is.
#include "engine/event/derived_workload.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/event/read_event.h"

namespace kubevigil {
namespace {

constexpr const char* kReplicaSets = "system:serviceaccount:kube-system:replicaset-controller";
constexpr const char* kDaemonSets = "system:serviceaccount:kube-system:daemon-set-controller";
constexpr const char* kManager = "system:kube-controller-manager";

struct Write {
  std::string user = "alice";
  std::string verb = "create";
  std::string resource = "pods";
  std::string name = "";
  std::string metadata = "{}";
  std::string more = "";
};

std::string shown(const Write& w) {
  const std::string name = w.name.empty() ? "" : R"(,"name":")" + w.name + "\"";
  ReadEvent e(event_with(R"("user":{"username":")" + w.user + R"("},"verb":")" + w.verb +
                         R"(","objectRef":{"namespace":"shop","resource":")" + w.resource + "\"" + name +
                         R"(},"requestObject":{"metadata":)" + w.metadata + "}" + w.more));
  return e.show("workload.kind") + "/" + e.show("workload.name");
}

std::string owner(const std::string& kind, const std::string& name, const std::string& controller = "true") {
  return R"({"kind":")" + kind + R"(","name":")" + name + R"(","controller":)" + controller + "}";
}

std::string owned(const std::string& owners, const std::string& more = "") {
  return R"({"generateName":"gen-")" + more + R"(,"ownerReferences":[)" + owners + "]}";
}

TEST(DerivedWorkload, MakerByName) {
  struct Case {
    Workload owner;
    const char* label;
    Workload maker;
  };
  for (const Case& c : {
           Case{{"ReplicaSet", "web-7998647bdf"}, "7998647bdf", {"Deployment", "web"}},
           // Older versions label with the plain number.
           Case{{"ReplicaSet", "web-5cdcc99dbf"}, "1787755869", {"Deployment", "web"}},
           Case{{"ReplicaSet", "web-7998647bdf"}, "other", {"ReplicaSet", "web-7998647bdf"}},
           Case{{"ReplicaSet", "web-front-7998647bdf"}, "", {"Deployment", "web-front"}},
           Case{{"ReplicaSet", "web-7998647b"}, "", {"Deployment", "web"}},
           Case{{"ReplicaSet", "web-799864b"}, "", {"ReplicaSet", "web-799864b"}},          // 7
           Case{{"ReplicaSet", "web-7998647bdfb"}, "", {"ReplicaSet", "web-7998647bdfb"}},  // 11
           Case{{"ReplicaSet", "web-799864abdf"}, "", {"ReplicaSet", "web-799864abdf"}},    // a is not in the alphabet
           Case{{"ReplicaSet", "web-x"}, "x", {"Deployment", "web"}},
           Case{{"ReplicaSet", "7998647bdf"}, "", {"ReplicaSet", "7998647bdf"}},
           Case{{"ReplicaSet", "-7998647bdf"}, "", {"ReplicaSet", "-7998647bdf"}},
           Case{{"ReplicaSet", "web-"}, "", {"ReplicaSet", "web-"}},
           Case{{"ReplicaSet", ""}, "", {"ReplicaSet", ""}},
           Case{{"Job", "nightly-28391234"}, "", {"CronJob", "nightly"}},
           Case{{"Job", "nightly-1700000000"}, "", {"CronJob", "nightly"}},
           Case{{"Job", "nightly-2839123"}, "", {"Job", "nightly-2839123"}},
           Case{{"Job", "nightly-2839123x"}, "", {"Job", "nightly-2839123x"}},
           Case{{"Job", "web-7998647bdf"}, "7998647bdf", {"Job", "web-7998647bdf"}},
           Case{{"DaemonSet", "cni-7998647bdf"}, "7998647bdf", {"DaemonSet", "cni-7998647bdf"}},
       }) {
    const Workload maker = maker_of(c.owner, c.label);
    EXPECT_EQ(maker.kind, c.maker.kind) << c.owner.name;
    EXPECT_EQ(maker.name, c.maker.name) << c.owner.name;
  }
}

TEST(DerivedWorkload, OfControllers) {
  constexpr const char* kLabel = R"(,"labels":{"pod-template-hash":"7998647bdf"})";
  const auto pod = [](const char* user, const std::string& metadata) {
    return shown({.user = user, .metadata = metadata});
  };
  EXPECT_EQ(pod(kReplicaSets, owned(owner("ReplicaSet", "web-7998647bdf"), kLabel)), "Deployment/web");
  EXPECT_EQ(pod(kReplicaSets, owned(owner("ReplicaSet", "web-7998647bdf"))), "Deployment/web");
  EXPECT_EQ(pod(kReplicaSets, owned(owner("ReplicaSet", "web"))), "ReplicaSet/web");
  EXPECT_EQ(pod(kDaemonSets, owned(owner("DaemonSet", "cni"))), "DaemonSet/cni");
  EXPECT_EQ(pod(kManager, owned(owner("Job", "nightly-28391234"))), "CronJob/nightly");
  EXPECT_EQ(pod(kReplicaSets, owned(owner("Node", "n1", "false") + "," + owner("ReplicaSet", "web"))),
            "ReplicaSet/web");
  EXPECT_EQ(shown({.user = "system:serviceaccount:kube-system:deployment-controller",
                   .resource = "replicasets",
                   .name = "web-7998647bdf",
                   .metadata = owned(owner("Deployment", "web"))}),
            "Deployment/web");
  EXPECT_EQ(shown({.user = "system:serviceaccount:kube-system:cronjob-controller",
                   .resource = "jobs",
                   .name = "nightly-28391234",
                   .metadata = owned(owner("CronJob", "nightly"))}),
            "CronJob/nightly");
}

TEST(DerivedWorkload, WithoutAnOwnerTheObjectItself) {
  const auto pod = [](const std::string& metadata) { return shown({.user = kDaemonSets, .metadata = metadata}); };
  EXPECT_EQ(pod(R"({"name":"p"})"), "Pod/p");
  EXPECT_EQ(pod(R"({"name":"p","generateName":"g-","ownerReferences":[]})"), "Pod/p");
  EXPECT_EQ(pod(owned(owner("DaemonSet", "cni", "false"))), "Pod/gen-");
  EXPECT_EQ(pod(owned(owner("DaemonSet", "cni", "\"true\""))), "Pod/gen-");
  EXPECT_EQ(pod(owned(R"({"kind":"DaemonSet","name":"cni"})")), "Pod/gen-");
  EXPECT_EQ(pod(owned(R"({"kind":"DaemonSet","controller":true})")), "Pod/gen-");
  EXPECT_EQ(pod(R"({"generateName":"g-","ownerReferences":{"kind":1}})"), "Pod/g-");
  EXPECT_EQ(pod(owned(R"("DaemonSet",7,null)")), "Pod/gen-");
  EXPECT_EQ(shown({.resource = "deployments", .name = "web", .metadata = R"({"name":"other"})"}), "Deployment/web");
  EXPECT_EQ(shown({.resource = "rollouts", .metadata = R"({"name":"r"})"}), "absent/absent");  // group of Kubernetes
}

TEST(DerivedWorkload, WhoMayNotClaimAnOwner) {
  const std::string claim = owned(owner("DaemonSet", "kube-proxy"));
  for (const char* user :
       {"alice", "system:serviceaccount:shop:default", "System:Kube-Controller-Manager",
        "system:serviceaccount:kube-system:Daemon-Set-Controller", "system:serviceaccount:shop:daemon-set-controller",
        "system:serviceaccount:kube-system:daemon-set-controller2",
        "system:serviceaccount:kube-system:replicaset-controller", "system:node:n1"}) {
    EXPECT_EQ(shown({.user = user, .metadata = claim}), "Pod/gen-") << user;
    EXPECT_EQ(shown({.user = user, .name = "p", .metadata = claim}), "Pod/p") << user;
  }
  EXPECT_EQ(shown({.user = kDaemonSets, .metadata = claim, .more = R"(,"impersonatedUser":{"username":"bob"})"}),
            "Pod/gen-");
  EXPECT_EQ(
      shown({.metadata = claim, .more = R"(,"impersonatedUser":{"username":")" + std::string(kDaemonSets) + "\"}"}),
      "Pod/gen-");
  EXPECT_EQ(shown({.user = kManager, .metadata = owned(owner("Widget", "w"))}), "Pod/gen-");
}

TEST(DerivedWorkload, Patches) {
  EXPECT_EQ(shown({.verb = "patch", .resource = "deployments", .name = "web"}), "Deployment/web");
  EXPECT_EQ(shown({.verb = "patch", .resource = "deployments"}), "Deployment/partial");
  EXPECT_EQ(shown({.user = kReplicaSets, .verb = "patch", .name = "web-7998647bdf-x7k2p"}), "Pod/web-7998647bdf-x7k2p");
  // The response has the whole object.
  EXPECT_EQ(shown({.user = kReplicaSets,
                   .verb = "patch",
                   .name = "web-7998647bdf-x7k2p",
                   .more = R"(,"responseObject":{"kind":"Pod","metadata":{"name":"web-7998647bdf-x7k2p",)"
                           R"("ownerReferences":[)" +
                           owner("ReplicaSet", "web-7998647bdf") + "]}}"}),
            "Deployment/web");
}

TEST(DerivedWorkload, OfOtherRequestsAndWithoutBodies) {
  const auto event = [](const std::string& user, const std::string& verb, const std::string& object) {
    ReadEvent e(R"({"level":"Metadata","auditID":"a","stage":"ResponseComplete","user":{"username":")" + user +
                R"("},"verb":")" + verb + R"(","objectRef":)" + object + "}");
    return e.show("workload.kind") + "/" + e.show("workload.name");
  };
  EXPECT_EQ(event("alice", "create", R"({"resource":"pods","name":"p"})"), "Pod/p");
  EXPECT_EQ(event("alice", "create", R"({"resource":"pods"})"), "Pod/unknown");
  EXPECT_EQ(event(kDaemonSets, "create", R"({"resource":"pods","name":"p"})"), "unknown/unknown");
  EXPECT_EQ(event("alice", "patch", R"({"resource":"pods","subresource":"ephemeralcontainers","name":"p"})"), "Pod/p");
  EXPECT_EQ(event("alice", "create", R"({"resource":"rollouts","apiGroup":"argoproj.io","name":"r"})"), "unknown/r");
  EXPECT_EQ(event("alice", "get", R"({"resource":"pods","name":"p"})"), "absent/absent");
  EXPECT_EQ(event("alice", "delete", R"({"resource":"pods","name":"p"})"), "absent/absent");
  EXPECT_EQ(event("alice", "create", R"({"resource":"secrets","name":"s"})"), "absent/absent");
  EXPECT_EQ(event("alice", "update", R"({"resource":"pods","subresource":"status","name":"p"})"), "absent/absent");
}

}  // namespace
}  // namespace kubevigil
