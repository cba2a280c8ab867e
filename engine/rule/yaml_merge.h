// Merge keys (https://yaml.org/type/merge.html), which rule files of others use with anchors:
//
//   merge = "<<" ":" ( alias | mapping | "[" { alias | mapping } "]" )        the key plain, not quoted
//
// The mapping gets every key of the merged ones that it does not have itself; of several merged mappings the first that
// has a key gives its value. Merged keys keep the place where they were written.
#pragma once

#include <optional>

#include "engine/rule/yaml.h"

namespace kubevigil {

// Replaces the merge key of `map` by what it merges. A node that is no mapping ends it and is given back.
std::optional<YamlNode> expand_merge_key(YamlNode& map);

}  // namespace kubevigil
