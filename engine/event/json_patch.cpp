#include "engine/event/json_patch.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <vector>

#include "engine/base/limits.h"
#include "engine/base/text.h"
#include "engine/event/patch_elements.h"

namespace kubevigil {
namespace {

// pointer = [ ignored ] *( "/" token ), token with ~1 for / and ~0 for ~
// RFC 6901, but the API server does not look at what stands before the first slash, where nothing should
// (evanphx/json-patch findObject): "x/spec/replicas" is /spec/replicas.
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

using Pointer = std::vector<std::string_view>;

// One spelling for each number that counts from the front; all other tokens as they are.
std::string_view canonical(std::string_view token) {
  if (!is_element(token) || token == "-") return token;
  const size_t digit = token.find_first_not_of("+-0");
  if (digit == token.npos) return "0";
  return token.front() == '-' ? token : token.substr(digit);
}

size_t number_of(std::string_view token) {
  size_t number = 0;
  const auto [end, problem] = std::from_chars(token.data(), token.data() + token.size(), number);
  return problem == std::errc{} && end == token.data() + token.size() ? number : SIZE_MAX;
}

bool is_container(const JsonTree& tree, uint32_t node) {
  return tree[node].value.type == ValueType::Object || tree[node].value.type == ValueType::Array;
}

class Rebuild {
 public:
  Rebuild(const JsonTree& in, JsonTree& out) : in_(in), out_(out) {}

  PatchView run(uint32_t patch) {
    out_.reset();
    out_.add(JsonNode::kNone, {}, {ValueType::Object, {}, 0});
    size_t count = 0;
    for (uint32_t op = in_.child(patch); op != JsonNode::kNone && count < kPatchOperations; op = in_[op].next) {
      ++count;
      operation(op);
      if (steps_ == 0 || out_.size() >= limits::kJsonNodes) return PatchView::TooLarge;
    }
    return view_;
  }

 private:
  // False once too much was visited.
  bool step(size_t count = 1) {
    steps_ -= std::min(steps_, count);
    return steps_ > 0;
  }

  template <typename Visit>
  void each_member(uint32_t operation, std::string_view key, const Visit& visit) {
    for (uint32_t c = in_.child(operation); c != JsonNode::kNone && step(); c = in_[c].next) {
      if (in_[c].key == key) visit(c);
    }
  }

  void operation(uint32_t op) {
    each_member(op, "op", [&](uint32_t name) {
      const std::string_view kind = in_[name].value.text;
      if (kind == "add" || kind == "replace") {
        const auto change = kind == "add" ? ElementNames::Change::Insert : ElementNames::Change::Replace;
        each_member(op, "path", [&](uint32_t path) {
          note(path, change);
          each_member(op, "value", [&](uint32_t value) { apply(path, in_, value); });
        });
      } else if (kind == "copy" || kind == "move") {
        const auto change = kind == "copy" ? ElementNames::Change::Read : ElementNames::Change::Remove;
        each_member(op, "path", [&](uint32_t path) {
          each_member(op, "from", [&](uint32_t from) {
            note(from, change);
            note(path, ElementNames::Change::Insert);
            transfer(from, path);
          });
        });
      } else if (kind == "remove") {
        each_member(op, "path", [&](uint32_t path) { note(path, ElementNames::Change::Remove); });
      }
    });
  }

  // Whether what the operation names is still what earlier ones named so.
  void note(uint32_t pointer, ElementNames::Change change) {
    Pointer tokens;
    if (parse(pointer, tokens) && !names_.note(tokens, change)) view_ = PatchView::SourcesMissing;
  }

  // The tokens of a pointer to something below the root. Repeated members read the same pointer again and again: it is
  // paid for by its length.
  bool parse(uint32_t node, Pointer& tokens) {
    const std::string_view pointer = in_[node].value.text;
    const size_t slash = pointer.find('/');
    if (in_[node].value.type != ValueType::String || slash == pointer.npos) return false;
    if (!step(pointer.size() / kPathBytesPerStep)) return false;
    for (const std::string_view token : split(pointer.substr(slash + 1), '/')) {
      if (tokens.size() == kPatchDepth) return false;
      tokens.push_back(canonical(unescaped(token, out_)));
    }
    return true;
  }

  void apply(uint32_t path, const JsonTree& tree, uint32_t value) {
    Pointer tokens;
    if (in_[path].value.type == ValueType::String && in_[path].value.text.empty()) return put_whole(tree, value);
    if (parse(path, tokens)) put(tokens, tree, value);
  }

  void put_whole(const JsonTree& tree, uint32_t value) {
    if (tree[value].value.type != ValueType::Object) return;
    for (uint32_t c = tree.child(value); c != JsonNode::kNone; c = tree[c].next)
      copy(out_.root(), tree[c].key, tree, c);
  }

  void put(const Pointer& tokens, const JsonTree& tree, uint32_t value) {
    uint32_t at = out_.root();
    for (size_t i = 0; i + 1 < tokens.size(); ++i) {
      note_member(at, tokens[i]);
      uint32_t next = child_container(at, tokens[i]);
      if (next == JsonNode::kNone) {
        const ValueType type = is_element(tokens[i + 1]) ? ValueType::Array : ValueType::Object;
        next = out_.add(at, tokens[i], {type, {}, 0});
      }
      at = next;
    }
    note_member(at, tokens.back());
    copy(at, tokens.back(), tree, value);
  }

  // What looked like an array by its first token, and has a member now, was an object: an unknown member "0" of the
  // spec is dropped by the API server, and must not hide the others.
  void note_member(uint32_t node, std::string_view token) {
    if (out_[node].value.type == ValueType::Array && !is_element(token)) out_.make_object(node);
  }

  void copy(uint32_t parent, std::string_view key, const JsonTree& tree, uint32_t from) {
    if (out_.size() < limits::kJsonNodes) out_.copy(parent, key, tree, from);
  }

  // Whether the token names this child of `parent`: by its key, which rebuilt arrays keep, or by its position in an
  // array that came as a whole.
  bool names(std::string_view token, size_t number, uint32_t parent, uint32_t child, size_t position) const {
    const bool array = out_[parent].value.type == ValueType::Array;
    if (out_[child].key == token) return !array || !token.empty();
    return array && out_[child].key.empty() && number == position;
  }

  // The one put there last: what an earlier operation put is replaced in the object.
  uint32_t child_container(uint32_t parent, std::string_view token) {
    uint32_t found = JsonNode::kNone;
    if (token == "-") return found;
    const size_t number = number_of(token);
    size_t position = 0;
    for (uint32_t c = out_.child(parent); c != JsonNode::kNone && step(); c = out_[c].next) {
      if (names(token, number, parent, c, position++) && is_container(out_, c)) found = c;
    }
    return found;
  }

  // Takes what stands at `from` to `path`. It is copied twice, because it may lie above its new place.
  void transfer(uint32_t from, uint32_t path) {
    Pointer source, target;
    if (!parse(from, source) || !parse(path, target)) {
      view_ = PatchView::SourcesMissing;  // of the whole object, for one
      return;
    }
    const std::vector<uint32_t> found = find(source);
    if (found.empty()) view_ = PatchView::SourcesMissing;
    for (const uint32_t node : found) {
      if (!fits(node, limits::kJsonDepth - target.size())) return;
      JsonTree part;
      part.copy(JsonNode::kNone, {}, out_, node);
      put(target, part, part.root());
    }
  }

  std::vector<uint32_t> find(const Pointer& tokens) {
    std::vector<uint32_t> nodes = {out_.root()};
    for (const std::string_view token : tokens) {
      const size_t number = number_of(token);
      std::vector<uint32_t> next;
      for (const uint32_t node : nodes) {
        size_t position = 0;
        for (uint32_t c = out_.child(node); c != JsonNode::kNone && step(); c = out_[c].next) {
          if (names(token, number, node, c, position++)) next.push_back(c);
        }
      }
      nodes = std::move(next);
    }
    return nodes;
  }

  // Copies of copies may grow without end.
  bool fits(uint32_t node, size_t depth) {
    if (depth == 0) steps_ = 0;
    if (!step()) return false;
    for (uint32_t c = out_.child(node); c != JsonNode::kNone; c = out_[c].next) {
      if (!fits(c, depth - 1)) return false;
    }
    return true;
  }

  const JsonTree& in_;
  JsonTree& out_;
  ElementNames names_;
  size_t steps_ = kPatchSteps;
  PatchView view_ = PatchView::Partial;
};

}  // namespace

PatchView rebuild_json_patch(const JsonTree& tree, uint32_t patch, JsonTree& out) {
  return Rebuild(tree, out).run(patch);
}

}  // namespace kubevigil
