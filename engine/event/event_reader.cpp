#include "engine/event/event_reader.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "engine/base/text.h"
#include "engine/event/compact_reader.h"
#include "engine/event/event_members.h"
#include "engine/event/json_text.h"
#include "engine/event/record_repair.h"

namespace kubevigil {
namespace {

namespace od = simdjson::ondemand;
using simdjson::error_code;

constexpr size_t kKeptCapacity = 1u << 20;  // a larger record gets a parser of its own, so that memory stays small

// The text of a token without the white space behind it.
std::string_view token_of(od::value& value) {
  std::string_view token = value.raw_json_token();
  while (!token.empty() && is_json_space(token.back())) token.remove_suffix(1);
  return token;
}

// One walk over one record. Keys and values borrow from the record, or from `decoded` when they had escapes.
class Walk {
 public:
  Walk(std::string_view record, std::string& decoded, Event& event)
      : record_(record), decoded_(decoded), event_(event) {
    decoded_.clear();
  }

  error_code run(od::parser& parser) {
    auto result = parser.iterate(record_.data(), record_.size(), record_.size() + kRecordPadding);
    if (const auto e = result.error()) return e;
    auto&& document = std::move(result).value_unsafe();
    od::object root;
    if (const auto e = document.get_object().get(root)) return e;
    if (const auto e = object(root, kEventMembers)) return e;
    // Only at the end there is no current location.
    return document.current_location().error() == simdjson::OUT_OF_BOUNDS ? simdjson::SUCCESS
                                                                          : simdjson::TRAILING_CONTENT;
  }

 private:
  // simdjson's results are used where they are: copying one just written waits for the store buffer, which cost a
  // quarter of the whole read.
  error_code object(od::object& members, Members known) {
    size_t next = 0;
    for (auto result : members) {
      if (const auto e = result.error()) return e;
      auto&& field = std::move(result).value_unsafe();
      const Member* m = find(known, field, next);
      if (m == nullptr) {
        event_.has_further_members |= known.data() == kEventMembers.data();
        continue;
      }
      if (const auto e = member(field.value(), *m)) return e;
    }
    return simdjson::SUCCESS;
  }

  // The member of that key, or null. `next` is where the search starts, and then the member behind the one found.
  const Member* find(Members known, od::field& field, size_t& next) {
    const char* key = field.key().raw();
    const auto search = [&](const auto& is) -> const Member* {
      for (size_t tried = 0; tried < known.size(); ++tried) {
        const Member& m = known[next];
        next = next + 1 == known.size() ? 0 : next + 1;
        if (is(m.key)) return &m;
      }
      return nullptr;
    };
    if (const Member* m = search([&](const KeyPattern& known_key) { return known_key.matches(key); })) return m;
    const std::string_view raw = raw_key(field);
    if (!has_backslash(raw)) return nullptr;
    const std::string_view text = decoded(raw);
    return search([&](const KeyPattern& known_key) { return known_key.text() == text; });
  }

  error_code member(od::value& value, const Member& m) {
    switch (m.shape) {
      case Shape::Scalar:
        return scalar(value, m.field);
      case Shape::List:
        return list(value, m.field);
      case Shape::Map:
        return map(value, m.field);
      case Shape::Raw:
        return raw(value, m.field);
      case Shape::Object:
        return token_of(value).front() == '{' ? object_of(value, m.inner) : simdjson::SUCCESS;
    }
    return simdjson::SUCCESS;
  }

  error_code object_of(od::value& value, Members known) {
    auto inner = value.get_object();
    if (const auto e = inner.error()) return e;
    auto&& members = std::move(inner).value_unsafe();
    return object(members, known);
  }

  error_code scalar(od::value& value, FieldId field) {
    event_.mark_present(field);
    return append(value, [&]() -> Value& { return event_.add(field); });
  }

  // `add` makes room for one value. Null adds none: the field is present and empty.
  template <typename Add>
  error_code append(od::value& value, const Add& add) {
    const std::string_view token = token_of(value);
    if (token == "null") return simdjson::SUCCESS;
    return fill(token, add());
  }

  template <typename Add>
  error_code append_each(od::value& value, const Add& add) {
    if (token_of(value).front() != '[') return append(value, add);
    auto array = value.get_array();
    if (const auto e = array.error()) return e;
    for (auto result : std::move(array).value_unsafe()) {
      if (const auto e = result.error()) return e;
      auto&& element = std::move(result).value_unsafe();
      if (const auto e = append(element, add)) return e;
    }
    return simdjson::SUCCESS;
  }

  error_code list(od::value& value, FieldId field) {
    event_.mark_present(field);
    return append_each(value, [&]() -> Value& { return event_.add(field); });
  }

  error_code map(od::value& value, FieldId field) {
    event_.mark_present(field);
    if (token_of(value).front() != '{') return simdjson::SUCCESS;
    auto members = value.get_object();
    if (const auto e = members.error()) return e;
    for (auto result : std::move(members).value_unsafe()) {
      if (const auto e = result.error()) return e;
      auto&& entry = std::move(result).value_unsafe();
      const std::string_view key = decoded(raw_key(entry));
      if (const auto e = append_each(entry.value(), [&]() -> Value& { return event_.add_entry(field, key); })) return e;
    }
    return simdjson::SUCCESS;
  }

  error_code raw(od::value& value, FieldId field) {
    std::string_view text = token_of(value);
    if (text == "null") return simdjson::SUCCESS;
    if (text.front() == '{') {
      od::object o;
      if (const auto e = value.get_object().get(o)) return e;
      if (const auto e = o.raw_json().get(text)) return e;
    } else if (text.front() == '[') {
      od::array a;
      if (const auto e = value.get_array().get(a)) return e;
      if (const auto e = a.raw_json().get(text)) return e;
    }
    while (is_json_space(text.back())) text.remove_suffix(1);
    if (!event_.raw(field).empty() && field != FieldId::ResponseDetails) {
      event_.set_body_defect(field, BodyDefect::Grammar);
    }
    event_.set_raw(field, text);
    return simdjson::SUCCESS;
  }

  error_code fill(std::string_view token, Value& out) {
    switch (token.front()) {
      case '{':
        out.type = ValueType::Object;
        return simdjson::SUCCESS;
      case '[':
        out.type = ValueType::Array;
        return simdjson::SUCCESS;
      case '"':
        out.type = ValueType::String;
        out.text = decoded(token.substr(1, token.size() - 2));
        return simdjson::SUCCESS;
      default: {
        const auto parsed = parse_json_scalar(token);
        if (!parsed) return simdjson::TAPE_ERROR;
        out = *parsed;
        return simdjson::SUCCESS;
      }
    }
  }

  // The key as it is written. It ends before the quote before the colon before the value.
  static std::string_view raw_key(od::field& field) {
    const char* begin = field.key().raw();
    const char* end = field.value().raw_json_token().data() - 1;
    while (*end != ':') --end;
    while (*end != '"') --end;
    return {begin, static_cast<size_t>(end - begin)};
  }

  // An escape that JSON does not know stays as it is written.
  std::string_view decoded(std::string_view text) {
    if (!has_backslash(text)) return text;
    if (decoded_.capacity() < record_.size()) decoded_.reserve(record_.size());  // at once: views must stay valid
    return decode_json_string(text, decoded_).value_or(text);
  }

  std::string_view record_;
  std::string& decoded_;
  Event& event_;
};

void set_time(const RecordOrigin& origin, Event& event) {
  for (const FieldId field :
       {FieldId::StageTimestamp, FieldId::RequestReceivedTimestamp, FieldId::Timestamp, FieldId::CreationTimestamp}) {
    for (const Value& v : event.values(field)) {
      if (const auto t = parse_rfc3339(v.text)) {
        event.time = *t;
        event.time_source = TimeSource::Event;
        return;
      }
    }
  }
  event.time = origin.envelope_time.value_or(origin.previous_time);
  event.time_source = origin.envelope_time ? TimeSource::Envelope : TimeSource::Previous;
}

bool is_truncated(const Event& event) {
  const auto entries = event.entries(FieldId::Annotations);
  return std::any_of(entries.begin(), entries.end(),
                     [](const MapEntry& e) { return e.key == "audit.k8s.io/truncated" && e.value.text == "true"; });
}

bool has_text(const Event& event, FieldId field) {
  const auto values = event.values(field);
  return !values.empty() && values.front().type == ValueType::String;
}

tl::unexpected<ReadError> not_json(std::string message, size_t offset) {
  return tl::unexpected(ReadError{ReadProblem::NotJson, std::move(message), offset});
}

}  // namespace

struct EventReader::State {
  explicit State(ReadWay way) : tries_compact(way == ReadWay::Fastest) {}

  const bool tries_compact;
  od::parser parser;
  std::string decoded;
  RepairedRecord repaired;

  // False: the event holds anything.
  bool walk_compact(std::string_view record, Event& event) {
    event.clear();
    if (decoded.capacity() > kKeptCapacity) std::string().swap(decoded);
    const CompactRead read = read_compact(record, decoded, event);
    return read == CompactRead::Read ||
           (read == CompactRead::NotAscii && simdjson::validate_utf8(record.data(), record.size()));
  }

  error_code walk(std::string_view text, Event& event) {
    event.clear();
    if (decoded.capacity() > kKeptCapacity) std::string().swap(decoded);
    if (text.size() <= kKeptCapacity) return Walk(text, decoded, event).run(parser);
    od::parser large;
    return Walk(text, decoded, event).run(large);
  }

  // The second try, on a repaired copy.
  tl::expected<void, ReadError> walk_repaired(std::string_view record, Event& event) {
    auto result = repair_record(record);
    if (!result) return not_json(std::string(result.error().message), result.error().offset);
    repaired = std::move(*result);
    if (const auto e = walk(repaired.text, event)) {
      return not_json(std::string("the event is not valid JSON: ") + simdjson::error_message(e), 0);
    }
    const std::array bodies = {FieldId::RequestObject, FieldId::ResponseObject};
    for (size_t i = 0; i < bodies.size(); ++i) {
      if (repaired.defects[i] != BodyDefect::None) event.set_body_defect(bodies[i], repaired.defects[i]);
    }
    return {};
  }
};

EventReader::EventReader(ReadWay way) : state_(std::make_unique<State>(way)) {}
EventReader::~EventReader() = default;

tl::expected<void, ReadError> EventReader::read(std::string_view record, const RecordOrigin& origin, Event& event) {
  const auto first = std::find_if_not(record.begin(), record.end(), is_json_space);
  if (first == record.end() || *first != '{') {
    return not_json(
        first == record.end() ? "an empty record, expected a JSON object" : "expected { at the beginning of the record",
        static_cast<size_t>(first - record.begin()));
  }
  const bool is_read = state_->tries_compact && state_->walk_compact(record, event);
  if (!is_read && state_->walk(record, event) != simdjson::SUCCESS) {
    if (auto repaired = state_->walk_repaired(record, event); !repaired) return repaired;
  }
  if (!has_text(event, FieldId::AuditId) || !has_text(event, FieldId::Stage)) {
    return tl::unexpected(ReadError{ReadProblem::NotAuditEvent, "JSON without auditID and stage: no audit event", 0});
  }
  event.record = record;
  event.cluster = origin.cluster;
  event.envelope = origin.envelope;
  event.truncated = is_truncated(event);
  event.salvaged = origin.salvaged;
  if (origin.defect != BodyDefect::None) {
    for (const FieldId body : {FieldId::RequestObject, FieldId::ResponseObject}) {
      if (event.raw(body).empty()) event.set_body_defect(body, origin.defect);
    }
    if (event.defect == BodyDefect::None) event.defect = origin.defect;
  }
  if (event.values_cut > 0 && event.defect == BodyDefect::None) event.defect = BodyDefect::Values;
  set_time(origin, event);
  return {};
}

std::string simdjson_kernel() { return simdjson::get_active_implementation()->name(); }

}  // namespace kubevigil
