// Values of HTTP that server and client share.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/text.h"

namespace kubevigil {

struct HttpHeader {
  std::string name;
  std::string value;
};
using HttpHeaders = std::vector<HttpHeader>;

// The value of the header of that name (any case); nothing if it is absent or there is more than one.
inline std::optional<std::string_view> only_header(const HttpHeaders& headers, std::string_view name) {
  std::optional<std::string_view> found;
  for (const HttpHeader& header : headers) {
    if (!equals_folded(header.name, name)) continue;
    if (found) return std::nullopt;
    found = header.value;
  }
  return found;
}

// Whether a header may be sent as it is: a token as name; no control character in the value, so that no text from a
// log can begin another header.
bool is_sendable(const HttpHeader& header);

}  // namespace kubevigil
