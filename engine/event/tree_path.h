// Walking a path through a JsonTree: a key crosses arrays (any element) and takes every repeated member; [N] takes
// the Nth element. Pure functions.
#pragma once

#include <span>
#include <vector>

#include "engine/event/field_ref.h"
#include "engine/event/json_tree.h"

namespace kubevigil {

// Nodes that `path` leads to from `from`, in document order, appended to `out`. At most limits::kListValues.
void walk_path(const JsonTree& tree, uint32_t from, std::span<const PathSegment> path, std::vector<uint32_t>& out);

// The values of a node, appended: a scalar itself; of an array its elements; null none; an object as
// ValueType::Object. At most limits::kListValues in all.
void append_values(const JsonTree& tree, uint32_t node, std::vector<Value>& out);

// Path of plain keys, for code: find_path(tree, root, {"spec", "template"}); first members only, or kNone.
uint32_t find_path(const JsonTree& tree, uint32_t from, std::initializer_list<std::string_view> keys);

}  // namespace kubevigil
