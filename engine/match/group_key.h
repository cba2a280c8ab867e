// Canonical encoding of group keys and value tuples: typed and length-prefixed, so that 1, "1", null and ""
// differ, and no two tuples share an encoding.
//
//   tuple   = element*
//   element = 'n'                          null: absent, or JSON null
//           | 'u'                          unknown: the body that would hold it is not in the event, or is a patch
//                                          that does not name it
//           | 's' length bytes             string      length: LEB128
//           | 'x' length bytes digest      string longer than 1,024 bytes: its beginning and the SHA-256 of all of it
//           | 'i' length bytes             number, in its JSON spelling
//           | 'b' ('0' | '1')
//           | 'l' count element*           two or more distinct values: a set, sorted by encoding, at most 64
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/event/field_lookup.h"

namespace kubevigil {

inline constexpr size_t kGroupStringBytes = 1024;
inline constexpr size_t kGroupDigestBytes = 64;
inline constexpr size_t kGroupSetValues = 64;  // further values of one element are dropped, smallest encodings kept

void append_group_element(std::string& out, const FieldValues& values);
void append_group_value(std::string& out, const Value& value);
// The distinct encodings of the values that are not null, sorted; at most kGroupSetValues.
std::vector<std::string> group_value_set(std::span<const Value> values);
void append_group_text(std::string& out, std::string_view text);  // one string element

// The elements for people: "alice", "null", "[a, b]"; not escaped.
std::vector<std::string> decode_group_key(std::string_view encoded);

}  // namespace kubevigil
