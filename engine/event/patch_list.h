// Whether a patch shows a list as a whole. The event does not carry the patch's media type, so a list counts as open
// unless it is atomic in every type that Kubernetes serves: a strategic merge patch and an apply patch merge lists of
// objects into those of the object by a key (containers by name), and some lists of scalars as sets (finalizers).
// https://kubernetes.io/docs/tasks/manage-kubernetes-objects/update-api-object-kubectl-patch/
// https://kubernetes.io/docs/reference/using-api/server-side-apply/#merge-strategy
// Pure functions.
#pragma once

#include <span>

#include "engine/event/field_ref.h"
#include "engine/event/json_tree.h"

namespace kubevigil {

enum class PatchKind : uint8_t {
  None,        // no patch: every list is whole
  Merge,       // merge, strategic or apply patch, as it stands
  Operations,  // a rebuilt JSON Patch: its values are whole, lists that hold elements put there by index are open
};

// Whether some list on the way of `path` from `from`, or at its end, may have elements that the patch does not show.
bool crosses_open_list(const JsonTree& tree, uint32_t from, std::span<const PathSegment> path, PatchKind form);

// Whether the object may have more elements in this list than the patch.
bool is_open_list(const JsonTree& tree, uint32_t list, PatchKind form);

// Key of elements in lists that code has put together and that the object may have more of.
inline constexpr std::string_view kOneMore = "-";

}  // namespace kubevigil
