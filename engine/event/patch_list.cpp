#include "engine/event/patch_list.h"

#include <algorithm>
#include <array>

#include "engine/base/one_of.h"

namespace kubevigil {
namespace {

// Lists of scalars that are merged as sets (k8s.io/api: patchStrategy=merge or listType=set).
constexpr std::array<std::string_view, 2> kMergedScalars = {"finalizers", "podCIDRs"};

// Lists of objects that are replaced as a whole (k8s.io/api: neither patchStrategy=merge nor listType=map). A name that
// is merged in some type is not here: `ports` is atomic in NetworkPolicies only.
constexpr std::array<std::string_view, 21> kAtomicObjects = {"clusterRoleSelectors",
                                                             "egress",
                                                             "envFrom",
                                                             "from",
                                                             "httpHeaders",
                                                             "ingress",
                                                             "items",
                                                             "matchExpressions",
                                                             "matchFields",
                                                             "nodeSelectorTerms",
                                                             "options",
                                                             "paths",
                                                             "readinessGates",
                                                             "rules",
                                                             "sources",
                                                             "subjects",
                                                             "sysctls",
                                                             "taints",
                                                             "tls",
                                                             "tolerations",
                                                             "volumeClaimTemplates"};

bool is_container(ValueType type) { return type == ValueType::Object || type == ValueType::Array; }

}  // namespace

bool is_open_list(const JsonTree& tree, uint32_t list, PatchKind form) {
  if (form == PatchKind::None) return false;
  bool objects = tree.child(list) == JsonNode::kNone;  // of an empty list nobody knows
  for (uint32_t c = tree.child(list); c != JsonNode::kNone; c = tree[c].next) {
    if (!tree[c].key.empty()) return true;
    objects = objects || is_container(tree[c].value.type);
  }
  if (form == PatchKind::Operations) return false;
  return objects ? !is_one_of(tree[list].key, kAtomicObjects) : is_one_of(tree[list].key, kMergedScalars);
}

// Recursion is bounded by the depth of the tree plus the length of the path. An index says nothing about an open list.
bool crosses_open_list(const JsonTree& tree, uint32_t from, std::span<const PathSegment> path, PatchKind form) {
  if (form == PatchKind::None || from == JsonNode::kNone) return false;
  const ValueType type = tree[from].value.type;
  if (type == ValueType::Array) {
    if (is_open_list(tree, from, form)) return true;
    for (uint32_t c = tree.child(from); c != JsonNode::kNone; c = tree[c].next) {
      if (crosses_open_list(tree, c, path, form)) return true;
    }
  } else if (type == ValueType::Object && !path.empty()) {
    for (uint32_t c = tree.child(from); c != JsonNode::kNone; c = tree[c].next) {
      if (tree[c].key == path.front().key && crosses_open_list(tree, c, path.subspan(1), form)) return true;
    }
  }
  return false;
}

}  // namespace kubevigil
