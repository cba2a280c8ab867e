// Url: an absolute http or https URL, cut into what a client needs. RFC 3986, narrowed to what is safe to send: visible
// ASCII only, no user information (credentials belong in their own setting, not in a URL that gets logged), no
// fragment.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/result.h"

namespace kubevigil {

struct Url {
  bool tls = false;
  std::string host;    // name or address; of IPv6 without brackets
  uint16_t port = 0;   // 80 or 443 if not given
  std::string target;  // path and query, begins with '/'

  std::string authority() const;  // for the Host header: brackets around IPv6, the port unless it is the scheme's
};

Result<Url> parse_url(std::string_view text);

}  // namespace kubevigil
