// A record with its padding, its reader, its event and the look-up of its fields, for the tests of this folder.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "engine/event/event_reader.h"
#include "engine/event/field_lookup.h"

namespace kubevigil {

class ReadEvent {
 public:
  explicit ReadEvent(DerivedConfig config = {}) : lookup(std::move(config)) {}
  explicit ReadEvent(std::string_view record, DerivedConfig config = {}) : ReadEvent(std::move(config)) {
    const auto result = read(record);
    EXPECT_TRUE(result) << result.error().message << "\n" << record;
  }

  tl::expected<void, ReadError> read(std::string_view record, const RecordOrigin& origin = {}) {
    memory = std::string(record) + std::string(kRecordPadding, ' ');
    auto result = reader.read(std::string_view(memory).substr(0, record.size()), origin, event);
    if (result) lookup.begin(event);
    return result;
  }

  // "a|b", or the reason why there are none: "absent", "partial", "unknown", "empty" (present, without values).
  std::string show(std::string_view name) {
    const auto field = parse_field(name);
    return field ? show(lookup.values(*field)) : "no such field";
  }
  static std::string show(const FieldValues& found) {
    if (found.values.empty() || found.presence == Presence::Unknown) {
      static constexpr std::array<const char*, 5> kNames = {"empty", "absent", "open", "partial", "unknown"};
      return kNames[static_cast<size_t>(found.presence)];
    }
    std::string out;
    for (const Value& v : found.values) {
      if (!out.empty()) out += "|";
      out += v.type == ValueType::Object ? "{}" : std::string(v.text);
    }
    return out;
  }
  // The values of a field of each element: "x;y".
  std::string show_elements(std::string_view array, std::string_view inner) {
    const ArrayValues found = lookup.elements(*parse_field(array));
    std::string out;
    for (const ArrayElement& e : found.elements) {
      out += (out.empty() ? "" : ";") + show(lookup.values(e, parse_element_field(inner)));
    }
    return out.empty() ? show(FieldValues{{}, found.presence}) : out;
  }

  std::string memory;
  EventReader reader;
  Event event;
  FieldLookup lookup;
};

// An event with the members that every event has, and `more` ("\"verb\":\"get\",...").
inline std::string event_with(std::string_view more) {
  return R"({"level":"RequestResponse","auditID":"a","stage":"ResponseComplete")" +
         std::string(more.empty() ? "" : ",") + std::string(more) + "}";
}

}  // namespace kubevigil
