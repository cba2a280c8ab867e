// podSpec: the pod spec in whatever object the request writes, found by resource and else by shape.
#include <algorithm>
#include <array>
#include <span>

#include "engine/base/limits.h"
#include "engine/base/one_of.h"
#include "engine/base/text.h"
#include "engine/event/derived.h"
#include "engine/event/image_name.h"
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

// Groups of Kubernetes itself; other groups are custom resources, which may hold a pod template.
bool is_builtin_group(std::string_view group) { return group.find('.') == group.npos || group.ends_with(".k8s.io"); }

bool looks_like_pod_spec(const JsonTree& tree, uint32_t node) {
  return std::any_of(kPodSpecMembers.begin(), kPodSpecMembers.end(),
                     [&](std::string_view key) { return tree.find(node, key) != JsonNode::kNone; });
}

using Keys = std::initializer_list<std::string_view>;

// All nodes at the path, also where a key is repeated: which of them the API server takes is not ours to guess.
std::vector<uint32_t> nodes_at(const JsonTree& tree, uint32_t object, Keys keys) {
  std::vector<PathSegment> path;
  for (const std::string_view key : keys) path.push_back({std::string(key), {}});
  std::vector<uint32_t> nodes;
  walk_path(tree, object, path, nodes);
  return nodes;
}

struct PodSpecs {
  std::vector<uint32_t> nodes;
  bool cut = false;  // there may be more: keys were repeated more often than walk_path() follows
};

// Where the kind has its pod spec. Patches may name members that the kind does not have, and the API server drops
// them: only custom resources are searched, by shape.
PodSpecs find_pod_specs(const Event& event, const JsonTree& tree, uint32_t object) {
  const std::string_view resource = event.text(FieldId::ObjectResource);
  const bool custom = !is_builtin_group(event.text(FieldId::ObjectApiGroup));
  PodSpecs found;
  const auto take = [&](Keys keys) {
    const std::vector<uint32_t> nodes = nodes_at(tree, object, keys);
    found.cut = found.cut || nodes.size() >= limits::kListValues;
    for (const uint32_t node : nodes) {
      if (!custom || looks_like_pod_spec(tree, node)) found.nodes.push_back(node);
    }
  };
  // pods/ephemeralcontainers before 1.22: the list stands at the top
  const bool old_list = event.text(FieldId::ObjectSubresource) == "ephemeralcontainers";
  if (old_list && tree.find(object, "ephemeralContainers") != JsonNode::kNone) found.nodes.push_back(object);
  if (custom || resource == "cronjobs") take({"spec", "jobTemplate", "spec", "template", "spec"});
  if (custom || resource == "podtemplates") take({"template", "spec"});
  if (custom || resource == "pods") take({"spec"});
  const bool other = resource != "cronjobs" && resource != "podtemplates" && resource != "pods";
  if (custom || other) take({"spec", "template", "spec"});
  return found;
}

// A patch that names one of the lists says nothing about the others: all of them together are open.
void add_all_containers(const JsonTree& tree, const std::vector<uint32_t>& specs, bool patch, JsonTree& out) {
  uint32_t all = JsonNode::kNone;
  const auto add_list = [&](uint32_t list) {
    if (all == JsonNode::kNone) all = out.add(out.root(), "allContainers", {ValueType::Array, {}, 0});
    for (uint32_t c = tree.child(list); c != JsonNode::kNone; c = tree[c].next)
      out.copy(all, patch ? kOneMore : std::string_view{}, tree, c);
  };
  for (const std::string_view list : kContainerLists) {
    for (const uint32_t spec : specs) {
      for (uint32_t member = tree.child(spec); member != JsonNode::kNone; member = tree[member].next) {
        if (tree[member].key == list && tree[member].value.type == ValueType::Array) add_list(member);
      }
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
  const PodSpecs specs = find_pod_specs(in.event, *body.tree, body.node);
  const Presence missing = specs.cut ? Presence::Unknown : body.missing;
  if (specs.nodes.empty()) return {nullptr, JsonNode::kNone, missing, PatchKind::None};
  memory.reset();
  memory.add(JsonNode::kNone, {}, {ValueType::Object, {}, 0});
  for (const uint32_t spec : specs.nodes) {
    for (uint32_t c = body.tree->child(spec); c != JsonNode::kNone; c = (*body.tree)[c].next) {
      memory.copy(memory.root(), (*body.tree)[c].key, *body.tree, c);
    }
  }
  add_all_containers(*body.tree, specs.nodes, body.patch != PatchKind::None, memory);
  return {&memory, memory.root(), missing, body.patch};
}

namespace {

// Every text at `path`, as `convert` writes it.
template <class Convert>
Presence texts_at(const BodyView& spec, std::span<const PathSegment> path, TextPool& texts, Values& out,
                  Convert convert) {
  if (!spec) return spec.missing;
  std::vector<uint32_t> nodes;
  walk_path(*spec.tree, spec.node, path, nodes);
  for (const uint32_t node : nodes) {
    const Value& value = (*spec.tree)[node].value;
    if (value.type == ValueType::String) out.push_back(Value::string(texts.keep(convert(value.text))));
  }
  if (nodes.size() >= limits::kListValues) return Presence::Unknown;
  if (out.empty() || spec.missing == Presence::Unknown) return spec.missing;
  return crosses_open_list(*spec.tree, spec.node, path, spec.patch) ? Presence::Open : Presence::Present;
}

}  // namespace

Presence host_paths(const BodyView& spec, TextPool& texts, Values& out) {
  static const std::array<PathSegment, 3> kPath = {PathSegment{"volumes", {}}, PathSegment{"hostPath", {}},
                                                   PathSegment{"path", {}}};
  return texts_at(spec, kPath, texts, out, normalised_path);
}

Presence images(const BodyView& spec, FieldId wanted, TextPool& texts, Values& out) {
  static const std::array<PathSegment, 2> kPath = {PathSegment{"allContainers", {}}, PathSegment{"image", {}}};
  return texts_at(spec, kPath, texts, out, [&](std::string_view image) {
    const ImageName name = image_name(image);
    return wanted == FieldId::ImageRegistries ? std::string(name.registry) : name.repository;
  });
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
