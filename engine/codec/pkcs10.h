// PKCS#10 certificate requests (RFC 2986), the part that rules ask about: the subject.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kubevigil {

// The subject of a PEM request, one text a part in the order of the request: "O=system:masters", "CN=alice". Keys are
// OpenSSL's short names. nullopt when the text is no request; at most 64 parts.
std::optional<std::vector<std::string>> pkcs10_subject(std::string_view pem);

}  // namespace kubevigil
