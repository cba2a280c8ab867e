// JSON Patch (RFC 6902) read as a partial object: what the client says about the object, without the object.
#pragma once

#include "engine/event/json_tree.h"

namespace kubevigil {

// Rebuilds the array of operations at `patch` into `out` (reset first): for every `add` and `replace` the value is put
// at its path. `remove`, `move`, `copy` and `test` say nothing about values and leave nothing. A number or `-` in a
// path is an element of an array: the same number is the same element, `-` a new one each time. Texts borrow from
// `tree` or are kept in `out`. Left out: operations with more than kPatchDepth path segments, and those beyond
// kPatchOperations, which the API server refuses too (apiserver pkg/endpoints/handlers/patch.go,
// maxJSONPatchOperations).
inline constexpr size_t kPatchDepth = 64;
inline constexpr size_t kPatchOperations = 10'000;
void rebuild_json_patch(const JsonTree& tree, uint32_t patch, JsonTree& out);

}  // namespace kubevigil
