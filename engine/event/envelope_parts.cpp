#include "engine/event/envelope_parts.h"

#include <fmt/format.h>

#include <cmath>

#include "engine/base/text.h"
#include "engine/event/event_reader.h"
#include "engine/event/formats.h"

namespace kubevigil::envelope {

uint32_t at(const JsonTree& tree, uint32_t node, std::initializer_list<std::string_view> path) {
  for (const std::string_view key : path) {
    if (!is(tree, node, ValueType::Object)) return JsonNode::kNone;
    node = tree.find(node, key);
  }
  return node;
}
uint32_t at(const Document& d, std::initializer_list<std::string_view> path) { return at(d.tree, d.root, path); }

bool has(const Document& d, std::string_view key) { return at(d, {key}) != JsonNode::kNone; }

bool is(const JsonTree& tree, uint32_t node, ValueType type) {
  return node != JsonNode::kNone && tree[node].value.type == type;
}

std::string_view text_at(const JsonTree& tree, uint32_t node, std::initializer_list<std::string_view> path) {
  const uint32_t found = at(tree, node, path);
  if (found == JsonNode::kNone) return {};
  const Value& value = tree[found].value;
  return value.type == ValueType::String || value.is_number() ? value.text : std::string_view{};
}
std::string_view text_at(const Document& d, std::initializer_list<std::string_view> path) {
  return text_at(d.tree, d.root, path);
}

std::optional<Timestamp> time_of(const Value& value) {
  if (value.type == ValueType::String) {
    if (auto t = parse_rfc3339(value.text)) return t;
    if (value.text.empty() || value.text.find_first_not_of("0123456789.") != std::string_view::npos)
      return std::nullopt;
    JsonTree number;
    if (!number.parse(value.text)) return std::nullopt;
    return time_of(number[number.root()].value);
  }
  if (!value.is_number() || !(value.number > 0)) return std::nullopt;
  double micros = value.number;
  if (micros < 1e11) {
    micros *= 1e6;  // seconds, until the year 5138
  } else if (micros < 1e14) {
    micros *= 1e3;
  } else if (micros > 1e17) {
    micros /= 1e3;
  }
  if (micros > 2.5e17) return std::nullopt;
  return Timestamp{std::llround(micros)};
}

std::optional<Timestamp> usual_time(const Document& d) {
  for (const std::string_view key : {"@timestamp", "timestamp", "time", "date", "_time", "ts", "eventTime"}) {
    const uint32_t node = at(d, {key});
    if (node == JsonNode::kNone) continue;
    if (auto t = time_of(d.tree[node].value)) return t;
  }
  return std::nullopt;
}

void ObjectWriter::string(std::string_view key, std::string_view value) {
  if (!empty()) out_ += ',';
  out_.append("\"").append(json_escaped(key)).append("\":\"").append(json_escaped(value)).append("\"");
}

void ObjectWriter::raw(std::string_view key, std::string_view json) {
  if (json.empty()) return;
  if (!empty()) out_ += ',';
  out_.append("\"").append(json_escaped(key)).append("\":").append(json);
}

void enter(EnvelopeKind kind, Context& context) {
  context.kind = kind;
  pass(kind, {}, context);
}

void pass(EnvelopeKind kind, std::string_view where, Context& context) {
  if (context.formats == nullptr) return;
  if (context.formats->takes(kind)) {
    context.entered = true;
  } else if (context.undeclared.empty()) {
    const EnvelopeInfo& info = envelope_info(kind);
    context.undeclared = fmt::format("a record of {} ({}){}", info.name, info.description, where);
  }
}

bool refused(const Context& context, Unwrapped& out) {
  if (context.undeclared.empty()) return false;
  add_problem(BadReason::NotAuditEvent, context.undeclared + taken(context), out);
  return true;
}

std::string taken(const Context& context) {
  return context.formats == nullptr ? "" : fmt::format("; this input takes formats: [{}]", context.formats->text());
}

void add_event(std::string_view json, const Context& context, BodyDefect defect, Unwrapped& out) {
  if (refused(context, out)) return;
  if (context.formats != nullptr && !context.entered && !context.formats->takes(EnvelopeKind::Native)) {
    Context bare = context;
    bare.undeclared = "a bare native event";
    (void)refused(bare, out);
    return;
  }
  UnwrappedEvent event;
  event.memory.reserve(json.size() + kRecordPadding);
  event.memory.append(json);
  event.memory.append(kRecordPadding, '\0');
  event.size = json.size();
  event.kind = context.kind;
  event.cluster = context.cluster;
  event.time = context.time;
  event.defect = context.defect == BodyDefect::None ? defect : context.defect;
  event.salvaged = context.salvaged;
  out.events.push_back(std::move(event));
}

void add_problem(BadReason reason, std::string message, Unwrapped& out) {
  out.problems.push_back({reason, std::move(message)});
}

}  // namespace kubevigil::envelope
