// A JSON value as the oracle sees it: a plain tree, repeated keys kept, numbers with their spelling. Slow and simple;
// shares nothing with the engine's readers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kubevigil::oracle {

struct JsonMember;

struct Json {
  enum class Kind { Null, Bool, Number, String, Array, Object };
  Kind kind = Kind::Null;
  std::string text;  // String: decoded; Number: as spelled; Bool: true, false
  double number = 0;
  std::vector<Json> items;
  std::vector<JsonMember> members;
  bool by_index = false;  // Array: filled element by element by a JSON Patch; the object may have more

  bool is_scalar() const { return kind == Kind::Bool || kind == Kind::Number || kind == Kind::String; }
};

struct JsonMember {
  std::string first;  // key
  Json second;        // value
};

// Throws std::runtime_error for what is not JSON.
Json parse_json(std::string_view text);

}  // namespace kubevigil::oracle
