// The same JSON document with the members of every object in the order of their keys, as `jq -cS` writes them.
#pragma once

#include <string>
#include <string_view>

namespace kubevigil::bench {

// REQUIRES: `json` is one valid document without white space.
std::string with_sorted_keys(std::string_view json);

}  // namespace kubevigil::bench
