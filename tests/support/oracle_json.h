// A JSON value as the oracle sees it: a plain tree, repeated keys kept, numbers with their spelling. Slow and simple;
// shares nothing with the engine's readers.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kubevigil::oracle {

struct Json {
  enum class Kind { Null, Bool, Number, String, Array, Object };
  Kind kind = Kind::Null;
  std::string text;  // String: decoded; Number: as spelled; Bool: true, false
  double number = 0;
  std::vector<Json> items;
  std::vector<std::pair<std::string, Json>> members;

  bool is_scalar() const { return kind == Kind::Bool || kind == Kind::Number || kind == Kind::String; }
};

// Throws std::runtime_error for what is not JSON.
Json parse_json(std::string_view text);

}  // namespace kubevigil::oracle
