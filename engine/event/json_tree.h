// JsonTree: a parsed JSON value as a flat array of nodes, for request and response bodies. Repeated keys are
// all kept. Reused from event to event: reset() keeps the memory up to a bound. One thread.
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
  Value value;           // type and, for scalars, the content
  std::string_view key;  // member name when the parent is an object
  uint32_t first_child = kNone;
  uint32_t last_child = kNone;
  uint32_t next = kNone;  // next sibling
};

enum class JsonDefect : uint8_t {
  Grammar,  // not RFC 8259
  Depth,    // deeper than limits::kJsonDepth
  Nodes,    // more values than limits::kJsonNodes
};

struct JsonError {
  JsonDefect defect = JsonDefect::Grammar;
  size_t offset = 0;         // byte where it was found
  std::string_view message;  // what was expected there; static text
};

struct JsonFacts {
  uint32_t values = 0;         // containers and scalars, not keys
  uint32_t longest_array = 0;  // most elements of one array
};

// Whether JsonTree::parse() would take it, without making a tree.
tl::expected<JsonFacts, JsonError> check_json(std::string_view json);

class JsonTree {
 public:
  // Parses one JSON document, strictly. Scalars and keys without escapes borrow from `json`; others are decoded
  // (a lone surrogate becomes U+FFFD). UTF-8 is not checked: the reader did. No padding is needed. Numbers keep
  // their spelling; one outside the range of double has the number +-infinity or 0. On an error the tree is empty.
  tl::expected<void, JsonError> parse(std::string_view json);

  void reset();
  bool empty() const { return nodes_.empty(); }
  size_t size() const { return nodes_.size(); }
  uint32_t root() const { return empty() ? JsonNode::kNone : 0; }
  const JsonNode& operator[](uint32_t node) const { return nodes_[node]; }

  // Building by hand (views, JSON Patch): appends a node under `parent` (kNone: the root). Text is borrowed
  // unless it came from keep().
  uint32_t add(uint32_t parent, std::string_view key, Value value);
  std::string_view keep(std::string text);
  void make_object(uint32_t container) { nodes_[container].value.type = ValueType::Object; }
  // Copies the subtree `from` of `other` under `parent`; texts stay borrowed from `other`.
  uint32_t copy(uint32_t parent, std::string_view key, const JsonTree& other, uint32_t from);

  // First child of `object` with that key, or kNone; also kNone when `object` is kNone.
  uint32_t find(uint32_t object, std::string_view key) const;
  // First child of an object or array, or kNone; also kNone when `node` is kNone.
  uint32_t child(uint32_t node) const { return node == JsonNode::kNone ? node : nodes_[node].first_child; }

 private:
  std::vector<JsonNode> nodes_;
  std::deque<std::string> kept_;
  std::string decoded_;  // memory of decoded strings of parse()
};

// Compact JSON text of a subtree, for tests and `why`; "" for kNone.
std::string to_text(const JsonTree& tree, uint32_t node);

}  // namespace kubevigil
