// Base64 (RFC 4648, sections 4 and 5: both alphabets, padding optional, line breaks skipped).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace kubevigil {

// nullopt when a character belongs to neither alphabet, or the length is impossible.
std::optional<std::string> base64_decode(std::string_view text);
std::string base64_encode(std::string_view bytes);

}  // namespace kubevigil
