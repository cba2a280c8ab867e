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
//
// Which values stay of more than that must not be the author's to choose: the smallest encodings would be dummies that
// he put in front of the one that matters. So those stay whose keyed hash is smallest, and what went is counted.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/hash.h"
#include "engine/event/field_lookup.h"

namespace kubevigil {

inline constexpr size_t kGroupStringBytes = 1024;
inline constexpr size_t kGroupDigestBytes = 64;
inline constexpr size_t kGroupSetValues = 64;  // values of one element; further ones: "group_values_cut"

// How what is too much is cut, and how much that was.
struct GroupCut {
  HashKey key{};
  uint64_t cut = 0;  // values, or combinations of them, that were dropped
};

void append_group_element(std::string& out, const FieldValues& values, GroupCut& cut);
void append_group_value(std::string& out, const Value& value);
// The distinct encodings of the values that are not null, sorted; at most kGroupSetValues.
std::vector<std::string> group_value_set(std::span<const Value> values, GroupCut& cut);
// Each of `front` with each of `back` behind it, in that order; at most `most`.
std::vector<std::string> group_products(std::span<const std::string> front, std::span<const std::string> back,
                                        size_t most, GroupCut& cut);
void append_group_text(std::string& out, std::string_view text);  // one string element

// The elements for people: "alice", "null", "[a, b]"; not escaped.
std::vector<std::string> decode_group_key(std::string_view encoded);
// Likewise; nothing for null, which a user may be called, too.
std::vector<std::optional<std::string>> decode_group_elements(std::string_view encoded);

}  // namespace kubevigil
