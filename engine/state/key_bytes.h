// Reading the encoding of group keys and value tuples (grammar: match/group_key.h) without decoding it.
#pragma once

#include <string_view>
#include <vector>

namespace kubevigil {

// The elements of a tuple, each still encoded. A text that is not an encoding gives the elements before the fault.
std::vector<std::string_view> tuple_elements(std::string_view encoded);

// The members of an element that is a set, the element itself when it is one value; none of null and unknown.
std::vector<std::string_view> set_members(std::string_view element);

// No element, or only nulls and unknowns: nothing that could be counted or remembered.
bool all_null(std::string_view encoded);

// The text inside an encoded string element; "" for every other element.
std::string_view string_element(std::string_view element);

}  // namespace kubevigil
