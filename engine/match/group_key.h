// Canonical encoding of group keys and value tuples: typed and length-prefixed, so that 1, "1", null and ""
// differ, and no two tuples share an encoding.
//
//   tuple   = element*
//   element = 'n'                          null: absent, or JSON null
//           | 'u'                          unknown: the body that would hold it is not in the event
//           | 's' length bytes             string      length: LEB128
//           | 'i' length bytes             number, in its JSON spelling
//           | 'b' ('0' | '1')
//           | 'l' count element*           several values: a set, sorted by encoding, at most 64
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/event/field_lookup.h"

namespace kubevigil {

inline constexpr size_t kGroupSetValues = 64;  // further values of one element are dropped, smallest encodings kept

void append_group_element(std::string& out, const FieldValues& values);
void append_group_text(std::string& out, std::string_view text);  // one string element

// The elements for people: "alice", "null", "[a, b]"; not escaped.
std::vector<std::string> decode_group_key(std::string_view encoded);

}  // namespace kubevigil
