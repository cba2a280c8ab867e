#include "engine/event/derived_workload.h"

#include <algorithm>
#include <array>
#include <string>

#include "engine/event/tree_path.h"

namespace kubevigil {
namespace {

struct ControllerRow {
  std::string_view user, owner_kind;
};
constexpr std::array kControllers = {
    ControllerRow{"system:serviceaccount:kube-system:replicaset-controller", "ReplicaSet"},
    ControllerRow{"system:serviceaccount:kube-system:daemon-set-controller", "DaemonSet"},
    ControllerRow{"system:serviceaccount:kube-system:statefulset-controller", "StatefulSet"},
    ControllerRow{"system:serviceaccount:kube-system:job-controller", "Job"},
    ControllerRow{"system:serviceaccount:kube-system:cronjob-controller", "CronJob"},
    ControllerRow{"system:serviceaccount:kube-system:deployment-controller", "Deployment"},
    ControllerRow{"system:serviceaccount:kube-system:replication-controller", "ReplicationController"},
};
// A control plane without --use-service-account-credentials does it all under one name.
constexpr std::string_view kControllerManager = "system:kube-controller-manager";

struct KindRow {
  std::string_view resource, kind;
};
constexpr std::array kKinds = {KindRow{"pods", "Pod"},
                               KindRow{"podtemplates", "PodTemplate"},
                               KindRow{"replicationcontrollers", "ReplicationController"},
                               KindRow{"deployments", "Deployment"},
                               KindRow{"daemonsets", "DaemonSet"},
                               KindRow{"statefulsets", "StatefulSet"},
                               KindRow{"replicasets", "ReplicaSet"},
                               KindRow{"jobs", "Job"},
                               KindRow{"cronjobs", "CronJob"}};

// k8s.io/apimachinery pkg/util/rand: no vowels and nothing that looks like one.
constexpr std::string_view kSafeAlphabet = "bcdfghjklmnpqrstvwxz2456789";
constexpr size_t kShortestHash = 8, kLongestHash = 10;
constexpr size_t kShortestSchedule = 8;

std::string safe_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) out += kSafeAlphabet[static_cast<unsigned char>(c) % kSafeAlphabet.size()];
  return out;
}

bool is_template_hash(std::string_view suffix, std::string_view label) {
  if (!label.empty()) return suffix == label || suffix == safe_encoded(label);
  return suffix.size() >= kShortestHash && suffix.size() <= kLongestHash &&
         suffix.find_first_not_of(kSafeAlphabet) == suffix.npos;
}

bool is_schedule(std::string_view suffix) {
  return suffix.size() >= kShortestSchedule && suffix.find_first_not_of("0123456789") == suffix.npos;
}

std::string_view text_at(const BodyView& body, std::initializer_list<std::string_view> path) {
  const uint32_t node = find_path(*body.tree, body.node, path);
  return node == JsonNode::kNone ? std::string_view{} : (*body.tree)[node].value.text;
}

// metadata.ownerReferences: [{kind, name, controller: true, ...}]; at most one is the controller's.
Workload controlling_owner(const BodyView& body, std::string_view user) {
  const JsonTree& tree = *body.tree;
  const auto member = [&](uint32_t owner, std::string_view key) {
    const uint32_t node = tree.find(owner, key);
    return node == JsonNode::kNone ? Value{} : tree[node].value;
  };
  const uint32_t list = find_path(tree, body.node, {"metadata", "ownerReferences"});
  for (uint32_t owner = tree.child(list); owner != JsonNode::kNone; owner = tree[owner].next) {
    const Value controls = member(owner, "controller");
    if (controls.type != ValueType::Bool || controls.text != "true") continue;
    const Workload found{member(owner, "kind").text, member(owner, "name").text};
    if (!found.name.empty() && is_workload_controller(user, found.kind)) return found;
  }
  return {};
}

bool is_controller(std::string_view user) {
  return user == kControllerManager || std::any_of(kControllers.begin(), kControllers.end(),
                                                   [&](const ControllerRow& row) { return row.user == user; });
}

// The kind follows from the resource, so that patches, which do not repeat it, have the same.
std::string_view own_kind(const Event& event, const BodyView& body) {
  const std::string_view resource = event.text(FieldId::ObjectResource);
  for (const KindRow& row : kKinds) {
    if (row.resource == resource) return row.kind;
  }
  return body ? text_at(body, {"kind"}) : std::string_view{};
}

Workload itself(const Event& event, const BodyView& body) {
  Workload self{own_kind(event, body), event.text(FieldId::ObjectName)};
  if (self.name.empty() && body) self.name = text_at(body, {"metadata", "name"});
  if (self.name.empty() && body) self.name = text_at(body, {"metadata", "generateName"});
  return self;
}

}  // namespace

bool is_workload_controller(std::string_view user, std::string_view owner_kind) {
  return std::any_of(kControllers.begin(), kControllers.end(), [&](const ControllerRow& row) {
    return row.owner_kind == owner_kind && (user == row.user || user == kControllerManager);
  });
}

Workload maker_of(Workload owner, std::string_view pod_template_hash) {
  const size_t dash = owner.name.rfind('-');
  if (dash == owner.name.npos || dash == 0) return owner;
  const std::string_view stem = owner.name.substr(0, dash), suffix = owner.name.substr(dash + 1);
  if (owner.kind == "ReplicaSet" && is_template_hash(suffix, pod_template_hash)) return {"Deployment", stem};
  if (owner.kind == "Job" && is_schedule(suffix)) return {"CronJob", stem};
  return owner;
}

Presence workload(const DerivedInput& in, FieldId wanted, Values& out) {
  if (!writes_object(in.event) || !may_hold_pod_spec(in.event)) return Presence::Absent;
  const std::string_view user = in.event.text(FieldId::UserUsername);
  const BodyView body = in.bodies.written();
  const bool by_controller = is_controller(user) && !is_impersonated(in.event);
  if (by_controller && !body) return body.missing;  // whose it is stands in the body
  Workload found = by_controller ? controlling_owner(body, user) : Workload{};
  if (!found.name.empty()) {
    found = maker_of(found, text_at(body, {"metadata", "labels", "pod-template-hash"}));
  } else {
    found = itself(in.event, body);
  }
  const std::string_view text = wanted == FieldId::WorkloadKind ? found.kind : found.name;
  if (text.empty()) return body.missing;
  out.push_back(Value::string(text));
  return Presence::Present;
}

}  // namespace kubevigil
