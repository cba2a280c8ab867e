// JSON Patch (RFC 6902) read as a partial object: what the client says about the object, without the object.
#pragma once

#include <cstdint>

#include "engine/event/json_tree.h"

namespace kubevigil {

// What a rebuilt patch says of fields that it does not have.
enum class PatchView : uint8_t {
  Partial,         // nothing: the patch does not name them
  SourcesMissing,  // any field may have more: a `copy` or `move` takes a value that stands in the object only, or one
                   // element of an array was named in two ways (patch_elements.h)
  TooLarge,        // out is to be thrown away
};

// Rebuilds the array of operations at `patch` into `out` (reset first): for every `add` and `replace` the value is put
// at its path, for every `copy` and `move` what an earlier operation put at `from`. `remove` and `test` leave nothing.
// A number or `-` in a path is an element of an array: the same number is the same element (Go's Atoi reads "+1",
// "01" and "-0" too), `-` a new one each time. Repeated members of an operation all count. Texts borrow from `tree` or
// are kept in `out`. Left out: operations with more than kPatchDepth path segments, and those beyond kPatchOperations,
// which the API server refuses too (apiserver pkg/endpoints/handlers/patch.go, maxJSONPatchOperations).
inline constexpr size_t kPatchDepth = 64;
inline constexpr size_t kPatchOperations = 10'000;
inline constexpr size_t kPatchSteps = 1u << 22;  // nodes visited while rebuilding, and bytes of paths; then TooLarge
inline constexpr size_t kPathBytesPerStep = 8;
PatchView rebuild_json_patch(const JsonTree& tree, uint32_t patch, JsonTree& out);

}  // namespace kubevigil
