// Identity of events and requests, and the part that a stage plays in counting requests.
#include <array>

#include "engine/base/byte_buffer.h"
#include "engine/event/event.h"

namespace kubevigil {
namespace {

constexpr std::array kAuditStageFields = {FieldId::AuditId, FieldId::Stage};
constexpr std::array kIntentFields = {FieldId::UserUsername, FieldId::Verb, FieldId::RequestUri};

// Further fields that all stages of one request share.
constexpr std::array kRequestFields = {
    FieldId::RequestReceivedTimestamp, FieldId::ImpersonatedUsername, FieldId::ObjectResource,
    FieldId::ObjectNamespace,          FieldId::ObjectName,           FieldId::ObjectUid,
    FieldId::ObjectApiGroup,           FieldId::ObjectApiVersion,     FieldId::ObjectSubresource};

// Further fields that one stage adds.
constexpr std::array kStageFields = {FieldId::StageTimestamp, FieldId::Timestamp, FieldId::CreationTimestamp,
                                     FieldId::ObjectResourceVersion, FieldId::ResponseCode};

// The bytes that are hashed. No two lists of fields have the same:
//   text  = size bytes
//   field = count ( tag text )*     tag: 's' string, 'i' number, 'b' boolean, 'o' other
// Sizes and counts are LEB128: nearly always one byte. Hashing costs by the byte, and this runs for every event.
class Parts {
 public:
  Parts() : bytes_(thread_memory()) { bytes_.clear(); }
  void text(std::string_view text) {
    bytes_.put_leb128(text.size());
    bytes_.put(text);
  }
  void fields(const Event& event, std::span<const FieldId> fields) {
    for (const FieldId field : fields) {
      const auto values = event.values(field);
      bytes_.put_leb128(values.size());
      for (const Value& v : values) {
        bytes_.put(type_tag(v));
        text(v.text);
      }
    }
  }
  void digest(Hash128 hash) { bytes_.put_raw(hash); }
  // Hashes what was added since the last call.
  Hash128 hash(HashKey key) {
    const Hash128 out = siphash(bytes_.view(), key);
    bytes_.clear();
    return out;
  }

 private:
  static ByteBuffer& thread_memory() {  // memory only; filled anew each time
    static thread_local ByteBuffer memory;
    return memory;
  }
  static char type_tag(const Value& value) {
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

  ByteBuffer& bytes_;
};

bool has(const Event& event, FieldId field, std::string_view wanted) {
  for (const Value& v : event.values(field)) {
    if (v.text == wanted) return true;
  }
  return false;
}

}  // namespace

EventDigests event_digests(const Event& event, HashKey key) {
  EventDigests out;
  Parts parts;
  parts.text(event.cluster);
  parts.fields(event, kAuditStageFields);
  out.audit_stage = parts.hash(key);
  parts.fields(event, kIntentFields);
  out.intent = parts.hash(key);
  parts.fields(event, kRequestFields);
  parts.fields(event, kStageFields);
  parts.digest(out.audit_stage);
  parts.digest(out.intent);
  out.identity = parts.hash(key);
  return out;
}

Hash128 request_identity(const Event& event, HashKey key) {
  Parts parts;
  parts.text(event.cluster);
  parts.fields(event, std::array{FieldId::AuditId});
  parts.fields(event, kIntentFields);
  parts.fields(event, kRequestFields);
  return parts.hash(key);
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
  return is_long_running(event) ? StageRole::Later : StageRole::First;
}

}  // namespace kubevigil
