// The words of the text form of Expr, shared by its writer (expr_text.cpp, which has the grammar) and reader
// (expr_parse.cpp).
#pragma once

#include <array>
#include <charconv>
#include <string>
#include <string_view>
#include <system_error>

#include "engine/rule/expr.h"

namespace kubevigil {

struct OpName {
  TestOp op;
  std::string_view name;
};
inline constexpr std::array kOps = {
    OpName{TestOp::Equals, "equals"},
    OpName{TestOp::Contains, "contains"},
    OpName{TestOp::StartsWith, "startswith"},
    OpName{TestOp::EndsWith, "endswith"},
    OpName{TestOp::Glob, "glob"},
    OpName{TestOp::Regex, "re"},
    OpName{TestOp::Cidr, "cidr"},
    OpName{TestOp::Less, "lt"},
    OpName{TestOp::LessOrEqual, "lte"},
    OpName{TestOp::Greater, "gt"},
    OpName{TestOp::GreaterOrEqual, "gte"},
    OpName{TestOp::Null, "null"},
    OpName{TestOp::Exists, "exists"},
    OpName{TestOp::EqualsField, "fieldref"},
};
inline constexpr std::array<std::string_view, 4> kQuantifiers = {"some", "every", "every_or_empty",
                                                                 "none"};  // by value
inline constexpr std::array<std::string_view, 11> kReserved = {"true", "false", "unknown",        "not",  "all", "any",
                                                               "some", "every", "every_or_empty", "none", "in"};
inline constexpr std::string_view kHex = "0123456789abcdef";

inline bool is_word_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("_.-/[]\\:@").find(c) != std::string_view::npos;
}

// A word ends at a bracket that it did not open: the list of patterns may close behind it.
inline size_t word_length(std::string_view text) {
  size_t open = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (!is_word_char(text[i]) || (text[i] == ']' && open == 0)) return i;
    if (text[i] == '[') ++open;
    if (text[i] == ']') --open;
  }
  return text.size();
}

inline bool is_reserved(std::string_view word) {
  for (const std::string_view r : kReserved) {
    if (word == r) return true;
  }
  return false;
}

inline std::string number_text(double number) {
  std::array<char, 32> buffer{};
  const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number);
  return error == std::errc() ? std::string(buffer.data(), end) : "0";
}

}  // namespace kubevigil
