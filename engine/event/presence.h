// Presence: why a field has no values (design/rules.md 3).
#pragma once

#include <cstdint>

namespace kubevigil {

enum class Presence : uint8_t {
  Present,  // the key is there (values may still be empty: null or [])
  Absent,   // plainly not there
  Open,     // a list of this patch, to which the object may have more: what its values decide stands, else as Partial
  Partial,  // not in this patch, which says nothing about the object: false, but unknown under `not` and `every`
  Unknown,  // the request has a body that the event does not carry; or, with values, there are more than were read
};

}  // namespace kubevigil
