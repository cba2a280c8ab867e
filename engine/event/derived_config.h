// What derived fields depend on besides the event.
#pragma once

#include <string>
#include <vector>

namespace kubevigil {

struct DerivedConfig {
  std::vector<std::string> trusted_proxies;  // addresses or CIDRs that peerIP steps over, from the right
  bool operator==(const DerivedConfig&) const = default;
};

}  // namespace kubevigil
