#include "engine/event/tree_path.h"

#include "engine/base/limits.h"

namespace kubevigil {
namespace {

template <typename Visit>
void for_each_child(const JsonTree& tree, uint32_t node, Visit&& visit) {
  for (uint32_t c = tree.child(node); c != JsonNode::kNone; c = tree[c].next) visit(c);
}

void take_index(const JsonTree& tree, uint32_t node, size_t index, std::span<const PathSegment> rest,
                std::vector<uint32_t>& out) {
  if (tree[node].value.type != ValueType::Array) return;
  uint32_t c = tree.child(node);
  while (c != JsonNode::kNone && index > 0) {
    c = tree[c].next;
    --index;
  }
  if (c != JsonNode::kNone) walk_path(tree, c, rest, out);
}

}  // namespace

// Recursion is bounded by the depth of the tree plus the length of the path.
void walk_path(const JsonTree& tree, uint32_t from, std::span<const PathSegment> path, std::vector<uint32_t>& out) {
  if (from == JsonNode::kNone || out.size() >= limits::kListValues) return;
  if (path.empty()) {
    out.push_back(from);
    return;
  }
  const PathSegment& segment = path.front();
  if (segment.key.empty() && segment.index) return take_index(tree, from, *segment.index, path.subspan(1), out);
  const ValueType type = tree[from].value.type;
  if (type == ValueType::Array) {
    for_each_child(tree, from, [&](uint32_t c) { walk_path(tree, c, path, out); });
  } else if (type == ValueType::Object) {
    for_each_child(tree, from, [&](uint32_t c) {
      if (tree[c].key != segment.key) return;
      if (segment.index) {
        take_index(tree, c, *segment.index, path.subspan(1), out);
      } else {
        walk_path(tree, c, path.subspan(1), out);
      }
    });
  }
}

void append_values(const JsonTree& tree, uint32_t node, std::vector<Value>& out) {
  const Value& value = tree[node].value;
  if (value.type == ValueType::Null || out.size() >= limits::kListValues) return;
  if (value.type != ValueType::Array) {
    out.push_back(value);
    return;
  }
  for_each_child(tree, node, [&](uint32_t c) { append_values(tree, c, out); });
}

uint32_t find_path(const JsonTree& tree, uint32_t from, std::initializer_list<std::string_view> keys) {
  for (const std::string_view key : keys) from = tree.find(from, key);
  return from;
}

}  // namespace kubevigil
