#include "engine/event/json_patch.h"

#include <algorithm>
#include <string>
#include <vector>

#include "engine/base/limits.h"
#include "engine/base/text.h"

namespace kubevigil {
namespace {

// pointer = *( "/" token ), token with ~1 for / and ~0 for ~                                  (RFC 6901)
std::string_view unescaped(std::string_view token, JsonTree& memory) {
  if (token.find('~') == std::string_view::npos) return token;
  std::string text;
  for (size_t i = 0; i < token.size(); ++i) {
    const char next = i + 1 < token.size() ? token[i + 1] : '\0';
    if (token[i] == '~' && (next == '0' || next == '1')) {
      text += next == '0' ? '~' : '/';
      ++i;
    } else {
      text += token[i];
    }
  }
  return memory.keep(std::move(text));
}

bool is_element(std::string_view token) {
  return token == "-" || (!token.empty() && token.size() < 7 && token.find_first_not_of("0123456789") == token.npos);
}

// A child to descend into: elements are told apart by their number, which rebuilt arrays keep as the key.
uint32_t child_container(const JsonTree& tree, uint32_t parent, std::string_view token) {
  if (token == "-") return JsonNode::kNone;
  uint32_t c = tree.child(parent);
  while (c != JsonNode::kNone) {
    const ValueType type = tree[c].value.type;
    if (tree[c].key == token && (type == ValueType::Object || type == ValueType::Array)) return c;
    c = tree[c].next;
  }
  return c;
}

void put(JsonTree& out, const std::vector<std::string_view>& tokens, const JsonTree& tree, uint32_t value) {
  uint32_t at = out.root();
  for (size_t i = 0; i + 1 < tokens.size(); ++i) {
    uint32_t next = child_container(out, at, tokens[i]);
    if (next == JsonNode::kNone) {
      const ValueType type = is_element(tokens[i + 1]) ? ValueType::Array : ValueType::Object;
      next = out.add(at, tokens[i], {type, {}, 0});
    }
    at = next;
  }
  out.copy(at, tokens.back(), tree, value);
}

void put_whole(JsonTree& out, const JsonTree& tree, uint32_t value) {
  if (tree[value].value.type != ValueType::Object) return;
  for (uint32_t c = tree.child(value); c != JsonNode::kNone; c = tree[c].next) {
    out.copy(out.root(), tree[c].key, tree, c);
  }
}

void apply(JsonTree& out, const JsonTree& tree, uint32_t path, uint32_t value) {
  const std::string_view pointer = tree[path].value.text;
  if (pointer.empty()) return put_whole(out, tree, value);
  if (pointer.front() != '/') return;
  std::vector<std::string_view> tokens;
  for (const std::string_view token : split(pointer.substr(1), '/')) {
    if (tokens.size() == kPatchDepth) return;
    tokens.push_back(unescaped(token, out));
  }
  put(out, tokens, tree, value);
}

bool sets_a_value(const JsonTree& tree, uint32_t operation) {
  for (uint32_t c = tree.child(operation); c != JsonNode::kNone; c = tree[c].next) {
    const std::string_view op = tree[c].value.text;
    if (tree[c].key == "op" && (op == "add" || op == "replace")) return true;
  }
  return false;
}

}  // namespace

void rebuild_json_patch(const JsonTree& tree, uint32_t patch, JsonTree& out) {
  out.reset();
  out.add(JsonNode::kNone, {}, {ValueType::Object, {}, 0});
  size_t count = 0;
  for (uint32_t op = tree.child(patch); op != JsonNode::kNone && count < kPatchOperations; op = tree[op].next) {
    ++count;
    if (tree[op].value.type != ValueType::Object || !sets_a_value(tree, op)) continue;
    for (uint32_t path = tree.child(op); path != JsonNode::kNone; path = tree[path].next) {
      if (tree[path].key != "path" || tree[path].value.type != ValueType::String) continue;
      for (uint32_t value = tree.child(op); value != JsonNode::kNone; value = tree[value].next) {
        if (tree[value].key == "value" && out.size() < limits::kJsonNodes) apply(out, tree, path, value);
      }
    }
  }
}

}  // namespace kubevigil
