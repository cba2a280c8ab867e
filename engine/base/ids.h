// Ids that leave the program: a function of what they name, the same in every run.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace kubevigil {

// "3:abc0:": no two lists of parts give the same text.
std::string length_prefixed(std::initializer_list<std::string_view> parts);
// UUIDv8 (RFC 9562, 5.8) from the first 128 bits of SHA-256 over the bytes.
std::string uuid_v8(std::string_view bytes);

}  // namespace kubevigil
