// One record read by both ways of the event reader (event_reader.h), each outcome as one text with everything that it
// says: they must be equal for any bytes.
#pragma once

#include <array>
#include <string>

#include "engine/event/event_reader.h"

namespace kubevigil {

inline std::string everything_in(const Event& event) {
  std::string out;
  const auto add = [&out](auto... numbers) { ((out += std::to_string(static_cast<int64_t>(numbers)) + " "), ...); };
  const auto value = [&](const Value& v) {
    add(v.type, v.text.size());
    out.append(v.text).append(" ").append(v.is_number() ? std::to_string(v.number) : "").append("\n");
  };
  for (size_t i = 0; i < kEnvelopeFieldCount; ++i) {
    const auto field = static_cast<FieldId>(i);
    add(i, event.present(field), event.cut(field));
    for (const Value& v : event.values(field)) value(v);
  }
  for (const FieldId map : {FieldId::UserExtra, FieldId::ImpersonatedExtra, FieldId::Annotations}) {
    for (const MapEntry& entry : event.entries(map)) {
      out.append(entry.key).append("=");
      value(entry.value);
    }
  }
  for (const FieldId body : {FieldId::RequestObject, FieldId::ResponseObject, FieldId::ResponseDetails}) {
    out.append(event.raw(body)).append("\n");
  }
  add(event.body_defect(FieldId::RequestObject), event.body_defect(FieldId::ResponseObject), event.defect,
      event.time.micros, event.time_source, event.values_cut, event.truncated, event.salvaged,
      event.has_further_members);
  return out;
}

class ReadBothWays {
 public:
  // What stands behind the record, in turn: nothing of it may be taken for a part of the record.
  static constexpr std::array<std::string_view, 6> kBehind = {
      R"("}],"verb":"x","annotations":{}})", R"(:{"a":[)", R"({"a":1}})", "[[]]}", "1}", "\x80"};

  // The two outcomes.
  std::pair<std::string, std::string> outcomes(std::string_view record) {
    memory_.assign(record).append(kBehind[turn_++ % kBehind.size()]).resize(record.size() + kRecordPadding, '{');
    const std::string_view text = std::string_view(memory_).substr(0, record.size());
    return {outcome(fastest_, text), outcome(general_, text)};
  }

 private:
  std::string outcome(EventReader& reader, std::string_view record) {
    const auto read = reader.read(record, RecordOrigin{}, event_);
    return read ? everything_in(event_) : read.error().message + " at " + std::to_string(read.error().offset);
  }

  std::string memory_;
  size_t turn_ = 0;
  EventReader fastest_{ReadWay::Fastest}, general_{ReadWay::General};
  Event event_;
};

}  // namespace kubevigil
