// PKCS#10 certificate requests (RFC 2986), the part that rules ask about: the subject.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kubevigil {

// The subject of a PEM request, one text a part in the order of the request: "O=system:masters", "CN=alice". Keys are
// OpenSSL's short names. Takes at least what the API server takes (Go, encoding/pem): text around the block, headers
// and blank lines in it, lines of any length. Of several requests the subjects of all, as the server may skip the
// first. nullopt when there is none; at most limits::kListValues parts.
std::optional<std::vector<std::string>> pkcs10_subject(std::string_view pem);

}  // namespace kubevigil
