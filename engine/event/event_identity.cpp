// Identity of events and requests, and the part that a stage plays in counting requests.
#include <array>
#include <bit>
#include <string>

#include "engine/event/event.h"

namespace kubevigil {
namespace {

// Fields that all stages of one request share.
constexpr std::array kRequestFields = {FieldId::AuditId,
                                       FieldId::RequestReceivedTimestamp,
                                       FieldId::UserUsername,
                                       FieldId::ImpersonatedUsername,
                                       FieldId::Verb,
                                       FieldId::RequestUri,
                                       FieldId::ObjectResource,
                                       FieldId::ObjectNamespace,
                                       FieldId::ObjectName,
                                       FieldId::ObjectUid,
                                       FieldId::ObjectApiGroup,
                                       FieldId::ObjectApiVersion,
                                       FieldId::ObjectSubresource};

// Fields that one stage adds.
constexpr std::array kStageFields = {FieldId::Stage,
                                     FieldId::StageTimestamp,
                                     FieldId::Timestamp,
                                     FieldId::CreationTimestamp,
                                     FieldId::ObjectResourceVersion,
                                     FieldId::ResponseCode};

// part = tag ( 's' string | 'i' number | 'b' boolean | 'o' other ) size (8 bytes, little end first) bytes
// field = 'f' count (8 bytes) part*
void append_size(std::string& out, uint64_t n) {
  static_assert(std::endian::native == std::endian::little);
  out.append(reinterpret_cast<const char*>(&n), sizeof n);
}

char type_tag(const Value& value) {
  switch (value.type) {
    case ValueType::String:
      return 's';
    case ValueType::Int:
    case ValueType::Double:
      return 'i';
    case ValueType::Bool:
      return 'b';
    default:
      return 'o';
  }
}

void append_text(std::string& out, char tag, std::string_view text) {
  out.push_back(tag);
  append_size(out, text.size());
  out.append(text);
}

void append_fields(std::string& out, const Event& event, std::span<const FieldId> fields) {
  for (const FieldId field : fields) {
    const auto values = event.values(field);
    out.push_back('f');
    append_size(out, values.size());
    for (const Value& v : values) append_text(out, type_tag(v), v.text);
  }
}

bool has(const Event& event, FieldId field, std::string_view wanted) {
  for (const Value& v : event.values(field)) {
    if (v.text == wanted) return true;
  }
  return false;
}

}  // namespace

Hash128 event_identity(const Event& event, HashKey key) {
  static thread_local std::string parts;  // memory only; filled anew each time
  parts.clear();
  append_text(parts, 'c', event.cluster);
  append_fields(parts, event, kRequestFields);
  append_fields(parts, event, kStageFields);
  return siphash(parts, key);
}

Hash128 request_identity(const Event& event, HashKey key) {
  static thread_local std::string parts;
  parts.clear();
  append_text(parts, 'r', event.cluster);
  append_fields(parts, event, kRequestFields);
  return siphash(parts, key);
}

bool is_long_running(const Event& event) {
  if (has(event, FieldId::Verb, "watch")) return true;
  for (const std::string_view subresource : {"exec", "attach", "portforward", "proxy", "log"}) {
    if (has(event, FieldId::ObjectSubresource, subresource)) return true;
  }
  return false;
}

StageRole stage_role(const Event& event) {
  const std::string_view stage = event.text(FieldId::Stage);
  if (stage == "RequestReceived") return StageRole::None;
  if (stage == "ResponseStarted") {
    return is_long_running(event) || has(event, FieldId::ResponseCode, "401") ? StageRole::First : StageRole::None;
  }
  if (stage == "ResponseComplete" && is_long_running(event)) return StageRole::Later;
  return StageRole::First;
}

}  // namespace kubevigil
