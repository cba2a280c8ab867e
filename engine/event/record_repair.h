// Repair of a record that simdjson refused: invalid UTF-8, control characters inside strings, a body that is no JSON.
// Clients write bodies and names; one bad byte of theirs must not hide the event. Pure; slow path.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/event/event.h"

namespace kubevigil {

struct RepairedRecord {
  std::string text;                     // the record anew; kRecordPadding spare bytes behind it
  std::array<BodyDefect, 2> defects{};  // of requestObject and responseObject
};

struct RepairFailure {
  size_t offset = 0;
  std::string_view message;  // static text
};

// Copies the object member by member. Ill-formed UTF-8 and raw control characters in strings become U+FFFD; a body
// that contains ill-formed UTF-8 is marked Utf8; one that is no JSON becomes null and is marked Grammar. Fails when
// the record is not one object from its first to its last byte, its bodies taken as balanced runs of brackets.
tl::expected<RepairedRecord, RepairFailure> repair_record(std::string_view record);

}  // namespace kubevigil
