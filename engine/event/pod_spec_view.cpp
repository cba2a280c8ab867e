// podSpec: the pod spec in whatever object the request writes, found by resource and else by shape.
#include <algorithm>
#include <array>

#include "engine/base/limits.h"
#include "engine/base/text.h"
#include "engine/event/derived.h"
#include "engine/event/tree_path.h"

namespace kubevigil {
namespace {

constexpr std::array<std::string_view, 3> kContainerLists = {"containers", "initContainers", "ephemeralContainers"};

// Members that only a pod spec has.
constexpr std::array<std::string_view, 9> kPodSpecMembers = {
    "containers", "initContainers", "ephemeralContainers", "hostNetwork", "hostPID",
    "hostIPC",    "nodeName",       "serviceAccountName",  "volumes"};

constexpr std::array<std::string_view, 9> kWorkloads = {"pods",        "podtemplates", "replicationcontrollers",
                                                        "deployments", "daemonsets",   "statefulsets",
                                                        "replicasets", "jobs",         "cronjobs"};

template <size_t N>
bool is_one_of(std::string_view text, const std::array<std::string_view, N>& list) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

// Groups of Kubernetes itself; other groups are custom resources, which may hold a pod template.
bool is_builtin_group(std::string_view group) { return group.find('.') == group.npos || group.ends_with(".k8s.io"); }

bool looks_like_pod_spec(const JsonTree& tree, uint32_t node) {
  return std::any_of(kPodSpecMembers.begin(), kPodSpecMembers.end(),
                     [&](std::string_view key) { return tree.find(node, key) != JsonNode::kNone; });
}

uint32_t find_pod_spec(const Event& event, const JsonTree& tree, uint32_t object) {
  if (event.text(FieldId::ObjectResource) == "pods") {
    // pods/ephemeralcontainers before 1.22: the list stands at the top
    if (tree.find(object, "ephemeralContainers") != JsonNode::kNone) return object;
    return tree.find(object, "spec");
  }
  const std::array candidates = {find_path(tree, object, {"spec", "jobTemplate", "spec", "template", "spec"}),
                                 find_path(tree, object, {"spec", "template", "spec"}),
                                 find_path(tree, object, {"template", "spec"}), tree.find(object, "spec")};
  for (const uint32_t node : candidates) {
    if (node != JsonNode::kNone && looks_like_pod_spec(tree, node)) return node;
  }
  return JsonNode::kNone;
}

void add_all_containers(const JsonTree& tree, uint32_t spec, JsonTree& out) {
  uint32_t all = JsonNode::kNone;
  for (const std::string_view list : kContainerLists) {
    for (uint32_t member = tree.child(spec); member != JsonNode::kNone; member = tree[member].next) {
      if (tree[member].key != list || tree[member].value.type != ValueType::Array) continue;
      if (all == JsonNode::kNone) all = out.add(out.root(), "allContainers", {ValueType::Array, {}, 0});
      for (uint32_t c = tree.child(member); c != JsonNode::kNone; c = tree[c].next) out.copy(all, {}, tree, c);
    }
  }
}

}  // namespace

bool may_hold_pod_spec(const Event& event) {
  const std::string_view sub = event.text(FieldId::ObjectSubresource);
  if (!sub.empty() && sub != "ephemeralcontainers" && sub != "resize") return false;
  return is_one_of(event.text(FieldId::ObjectResource), kWorkloads) ||
         !is_builtin_group(event.text(FieldId::ObjectApiGroup));
}

BodyView pod_spec(const DerivedInput& in, JsonTree& memory) {
  if (!may_hold_pod_spec(in.event)) return {};
  const BodyView body = in.bodies.written();
  if (!body) return body;
  const uint32_t spec = find_pod_spec(in.event, *body.tree, body.node);
  if (spec == JsonNode::kNone) return {nullptr, JsonNode::kNone, body.missing};
  memory.reset();
  memory.copy(JsonNode::kNone, {}, *body.tree, spec);
  add_all_containers(*body.tree, spec, memory);
  return {&memory, memory.root(), body.missing};
}

Presence host_paths(const BodyView& spec, TextPool& texts, Values& out) {
  if (!spec) return spec.missing;
  static const std::array<PathSegment, 3> kPath = {PathSegment{"volumes", {}}, PathSegment{"hostPath", {}},
                                                   PathSegment{"path", {}}};
  std::vector<uint32_t> nodes;
  walk_path(*spec.tree, spec.node, kPath, nodes);
  for (const uint32_t node : nodes) {
    const Value& value = (*spec.tree)[node].value;
    if (value.type == ValueType::String) out.push_back(Value::string(texts.keep(normalised_path(value.text))));
  }
  return out.empty() ? spec.missing : Presence::Present;
}

// As the kernel would resolve it on a usual node: no "//", "." or "..", /var/run is the link to /run, no slash at the
// end but for "/" itself. "" stays.
std::string normalised_path(std::string_view path) {
  if (path.empty()) return {};
  std::vector<std::string_view> parts;
  for (const std::string_view part : split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      if (!parts.empty()) parts.pop_back();
      continue;
    }
    parts.push_back(part);
    if (parts.size() == 2 && parts[0] == "var" && parts[1] == "run") parts = {"run"};
  }
  std::string out;
  for (const std::string_view part : parts) out += "/" + std::string(part);
  return out.empty() ? "/" : out;
}

}  // namespace kubevigil
