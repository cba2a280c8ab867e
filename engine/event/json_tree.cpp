#include "engine/event/json_tree.h"

#include <algorithm>
#include <array>
#include <utility>

#include "engine/base/limits.h"
#include "engine/base/text.h"
#include "engine/event/json_text.h"

namespace kubevigil {
namespace {

constexpr size_t kKeptNodes = 1u << 13;  // memory that reset() keeps: 512 KiB of nodes
constexpr size_t kKeptBytes = 64u << 10;

bool ends_scalar(char c) {
  switch (c) {
    case ',':
    case ':':
    case ']':
    case '}':
    case '[':
    case '{':
    case '"':
      return true;
    default:
      return is_json_space(c);
  }
}

// RFC 8259, without recursion: `open` holds the containers that are not closed yet. Without a tree it only checks.
class Parser {
 public:
  Parser(std::string_view json, JsonTree* tree, std::string& decoded) : json_(json), tree_(tree), decoded_(decoded) {}

  tl::expected<JsonFacts, JsonError> run() {
    while (!failed_) {
      value();
      if (failed_ || !close_finished()) break;
    }
    if (!failed_ && peek() != 0) fail("expected the end");
    if (!failed_ && at_ < json_.size()) fail("expected the end");
    if (failed_) return tl::unexpected(error_);
    return facts_;
  }

 private:
  struct Open {
    uint32_t node;
    uint32_t values;
    bool object;
  };

  void fail(std::string_view message, JsonDefect defect = JsonDefect::Grammar) {
    if (failed_) return;
    failed_ = true;
    error_ = {defect, at_, message};
  }

  char peek() {
    while (at_ < json_.size() && is_json_space(json_[at_])) ++at_;
    return at_ < json_.size() ? json_[at_] : '\0';
  }

  uint32_t add(const Value& value) {
    if (facts_.values == limits::kJsonNodes) fail("too many values", JsonDefect::Nodes);
    if (failed_) return JsonNode::kNone;
    ++facts_.values;
    if (depth_ > 0 && !open_[depth_ - 1].object) {
      facts_.longest_array = std::max(facts_.longest_array, ++open_[depth_ - 1].values);
    }
    return tree_ == nullptr ? 0 : tree_->add(depth_ == 0 ? JsonNode::kNone : open_[depth_ - 1].node, key_, value);
  }

  std::string_view string() {
    const size_t begin = at_ + 1;
    size_t stop = find_string_stop(json_, begin);
    if (stop < json_.size() && json_[stop] == '"') {  // most strings: nothing to decode, nothing forbidden
      at_ = stop + 1;
      return json_.substr(begin, stop - begin);
    }
    bool control = false;
    for (; stop < json_.size() && json_[stop] != '"'; stop = find_string_stop(json_, stop)) {
      control = control || json_[stop] != '\\';
      stop += json_[stop] == '\\' ? 2 : 1;
    }
    if (stop >= json_.size()) fail("string without end");
    if (control) fail("control character in a string");
    if (failed_) return {};
    if (tree_ == nullptr) decoded_.clear();
    if (decoded_.capacity() < json_.size()) decoded_.reserve(json_.size());  // at once: views must stay valid
    const auto text = decode_json_string(json_.substr(begin, stop - begin), decoded_);
    if (!text) fail("unknown escape in a string");
    at_ = stop + 1;
    return text.value_or(std::string_view{});
  }

  void scalar() {
    size_t end = at_;
    while (end < json_.size() && !ends_scalar(json_[end])) ++end;
    const auto parsed = parse_json_scalar(json_.substr(at_, end - at_));
    if (!parsed) return fail("expected a value");
    add(*parsed);
    at_ = end;
  }

  // One value; of a container, whose first value follows, only its beginning.
  void value() {
    const char c = peek();
    if (c == '"') {
      const std::string_view text = string();
      add(Value::string(text));
      return;
    }
    if (c != '{' && c != '[') return scalar();
    if (depth_ == limits::kJsonDepth) return fail("nested too deep", JsonDefect::Depth);
    const bool object = c == '{';
    const uint32_t node = add(Value{object ? ValueType::Object : ValueType::Array, {}, 0});
    open_[depth_++] = {node, 0, object};
    ++at_;
    if (peek() == (object ? '}' : ']')) return;  // empty: close_finished() takes the bracket
    if (object) member_name();
    key_ = object ? key_ : std::string_view{};
    if (!failed_) value_follows_ = true;
  }

  void member_name() {
    if (peek() != '"') return fail("expected a member name");
    key_ = string();
    if (!failed_ && peek() != ':') return fail("expected a colon");
    ++at_;
  }

  // After a value: closes containers that end here; false when the document is complete.
  bool close_finished() {
    if (std::exchange(value_follows_, false)) return true;
    while (depth_ > 0) {
      const bool object = open_[depth_ - 1].object;
      const char c = peek();
      if (c == ',') {
        ++at_;
        key_ = {};
        if (object) member_name();
        return !failed_;
      }
      if (c != (object ? '}' : ']')) {
        fail(object ? "expected a comma or }" : "expected a comma or ]");
        return false;
      }
      ++at_;
      --depth_;
    }
    key_ = {};
    return false;
  }

  std::string_view json_;
  JsonTree* tree_;
  std::string& decoded_;
  JsonFacts facts_;
  size_t at_ = 0;
  size_t depth_ = 0;
  std::string_view key_;
  bool value_follows_ = false;
  bool failed_ = false;
  JsonError error_;
  std::array<Open, limits::kJsonDepth> open_;
};

void append_text(const JsonTree& tree, uint32_t node, std::string& out);

void append_children(const JsonTree& tree, uint32_t node, bool keys, std::string& out) {
  for (uint32_t c = tree[node].first_child; c != JsonNode::kNone; c = tree[c].next) {
    if (c != tree[node].first_child) out += ',';
    if (keys) out += '"' + json_escaped(tree[c].key) + "\":";
    append_text(tree, c, out);
  }
}

// Recursion is bounded by limits::kJsonDepth: parse() and copy() build nothing deeper.
void append_text(const JsonTree& tree, uint32_t node, std::string& out) {
  const Value& v = tree[node].value;
  switch (v.type) {
    case ValueType::Null:
      out += "null";
      break;
    case ValueType::Bool:
    case ValueType::Int:
    case ValueType::Double:
      out += v.text;
      break;
    case ValueType::String:
      out += '"' + json_escaped(v.text) + '"';
      break;
    case ValueType::Object:
    case ValueType::Array: {
      const bool object = v.type == ValueType::Object;
      out += object ? '{' : '[';
      append_children(tree, node, object, out);
      out += object ? '}' : ']';
      break;
    }
  }
}

}  // namespace

tl::expected<void, JsonError> JsonTree::parse(std::string_view json) {
  reset();
  const auto result = Parser(json, this, decoded_).run();
  if (result) return {};
  reset();
  return tl::unexpected(result.error());
}

tl::expected<JsonFacts, JsonError> check_json(std::string_view json) {
  std::string decoded;
  return Parser(json, nullptr, decoded).run();
}

void JsonTree::reset() {
  nodes_.clear();
  kept_.clear();
  decoded_.clear();
  if (nodes_.capacity() > kKeptNodes) std::vector<JsonNode>().swap(nodes_);
  if (decoded_.capacity() > kKeptBytes) std::string().swap(decoded_);
}

uint32_t JsonTree::add(uint32_t parent, std::string_view key, Value value) {
  const auto node = static_cast<uint32_t>(nodes_.size());
  nodes_.push_back({value, key, JsonNode::kNone, JsonNode::kNone, JsonNode::kNone});
  if (parent == JsonNode::kNone) return node;
  JsonNode& p = nodes_[parent];
  (p.last_child == JsonNode::kNone ? p.first_child : nodes_[p.last_child].next) = node;
  p.last_child = node;
  return node;
}

std::string_view JsonTree::keep(std::string text) { return kept_.emplace_back(std::move(text)); }

uint32_t JsonTree::copy(uint32_t parent, std::string_view key, const JsonTree& other, uint32_t from) {
  const uint32_t node = add(parent, key, other[from].value);
  for (uint32_t c = other[from].first_child; c != JsonNode::kNone; c = other[c].next)
    copy(node, other[c].key, other, c);
  return node;
}

uint32_t JsonTree::find(uint32_t object, std::string_view key) const {
  if (object == JsonNode::kNone || nodes_[object].value.type != ValueType::Object) return JsonNode::kNone;
  uint32_t c = nodes_[object].first_child;
  while (c != JsonNode::kNone && nodes_[c].key != key) c = nodes_[c].next;
  return c;
}

std::string to_text(const JsonTree& tree, uint32_t node) {
  std::string out;
  if (node != JsonNode::kNone) append_text(tree, node, out);
  return out;
}

}  // namespace kubevigil
