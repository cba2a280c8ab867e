// Value: one scalar of a field, borrowed from the event's memory. A field is a list of these.
#pragma once

#include <cstdint>
#include <string_view>

namespace kubevigil {

enum class ValueType : uint8_t { Null, Bool, Int, Double, String, Object, Array };

// `text` is the decoded string, or the spelling of a number as it stands in the JSON, or "true"/"false";
// empty for null. `number` is set for Int and Double. Object and Array appear only as "something is there"
// (for exists); no pattern matches them.
struct Value {
  ValueType type = ValueType::Null;
  std::string_view text;
  double number = 0;

  bool is_number() const { return type == ValueType::Int || type == ValueType::Double; }
  static Value string(std::string_view text) { return {ValueType::String, text, 0}; }
  static Value boolean(bool b) { return {ValueType::Bool, b ? "true" : "false", b ? 1.0 : 0.0}; }
};

}  // namespace kubevigil
