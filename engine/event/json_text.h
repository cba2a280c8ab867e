// Tokens of JSON text: strings, numbers, literals. Shared by the event reader, the record repair and JsonTree.
// Pure functions; nothing is copied but decoded strings.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/event/value.h"

namespace kubevigil {

constexpr bool is_json_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// Index of the quote that closes the string opened at `open`, or npos.
size_t closing_quote(std::string_view text, size_t open);

// The inside of a string (without quotes), decoded. Without escapes the result is `raw` itself; otherwise it is
// appended to `memory`, whose capacity must have raw.size() bytes left, so that earlier views stay valid.
// A lone surrogate becomes U+FFFD. nullopt: an escape that JSON does not know.
std::optional<std::string_view> decode_json_string(std::string_view raw, std::string& memory);

// A number or one of true, false, null; nullopt for anything else. Numbers keep their spelling.
std::optional<Value> parse_json_scalar(std::string_view token);

}  // namespace kubevigil
