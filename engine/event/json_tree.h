// JsonTree: a parsed JSON value as a flat array of nodes, for request and response bodies. Repeated keys are
// all kept. Reused from event to event: reset() keeps the memory. One thread.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/event/value.h"

namespace kubevigil {

struct JsonNode {
  static constexpr uint32_t kNone = UINT32_MAX;
  Value value;            // type and, for scalars, the content
  std::string_view key;   // member name when the parent is an object
  uint32_t first_child = kNone;
  uint32_t last_child = kNone;
  uint32_t next = kNone;  // next sibling
};

class JsonTree {
 public:
  // Parses one JSON document. Strings are decoded; ill-formed UTF-8 was repaired before. On an error (grammar,
  // depth > limits::kJsonDepth, nodes > limits::kJsonNodes) the tree is empty and the error says which.
  Result<void> parse(std::string_view json);

  void reset();
  bool empty() const { return nodes_.empty(); }
  uint32_t root() const { return empty() ? JsonNode::kNone : 0; }
  const JsonNode& operator[](uint32_t node) const { return nodes_[node]; }

  // Building by hand (views, JSON Patch): appends a node under `parent` (kNone: the root). Text is borrowed
  // unless it came from keep().
  uint32_t add(uint32_t parent, std::string_view key, Value value);
  std::string_view keep(std::string text);
  // Copies the subtree `from` of `other` under `parent`; texts stay borrowed from `other`.
  uint32_t copy(uint32_t parent, std::string_view key, const JsonTree& other, uint32_t from);

  // First child of `object` with that key, or kNone.
  uint32_t find(uint32_t object, std::string_view key) const;

 private:
  std::vector<JsonNode> nodes_;
  std::deque<std::string> kept_;
  std::string decoded_;  // memory of decoded strings of parse()
};

// Compact JSON text of a subtree, for tests and `why`.
std::string to_text(const JsonTree& tree, uint32_t node);

}  // namespace kubevigil
