// Log shippers that put the line into a string member: fluent-bit ("log"), Vector and Filebeat ("message"), Logstash,
// docker's json-file ("log" beside "stream" and "time"), OVHcloud's GELF ("short_message" inside "message"), logcli
// ("line"). The member may hold an event, another wrapper, or a line with a prefix.
#include <fmt/format.h>

#include "engine/event/envelope_parts.h"
#include "engine/event/formats.h"

namespace kubevigil::envelope {
namespace {

constexpr std::string_view kKeys[] = {"log", "message", "msg", "_raw", "line", "short_message", "full_message", "body"};
constexpr const char* kOtherLine = "a log line that does not speak of an audit event";
constexpr std::string_view kAuditMarks[] = {"auditID", " AUDIT: id=", "protoPayload"};

bool speaks_of_audit(std::string_view text) {
  for (const std::string_view mark : kAuditMarks) {
    if (text.find(mark) != std::string_view::npos) return true;
  }
  return false;
}

EnvelopeKind kind_of(const Document& d, std::string_view key, EnvelopeKind outer) {
  if (key == "short_message" || key == "full_message") return EnvelopeKind::Ovh;
  if (key == "log" && has(d, "stream") && has(d, "time")) return EnvelopeKind::Docker;
  return outer == EnvelopeKind::Native ? EnvelopeKind::Shipper : outer;
}

void read_cluster(const Document& d, Context& context) {
  for (const std::string_view key : {"cluster", "cluster_name", "clusterName", "cluster_id"}) {
    const std::string_view name = text_at(d, {key});
    if (!name.empty()) context.cluster = name;
  }
  const std::string_view name = text_at(d, {"orchestrator", "cluster", "name"});
  if (!name.empty()) context.cluster = name;
}

bool holds_event(const Document& d, uint32_t node) {
  if (is(d.tree, node, ValueType::Object)) return at(d.tree, node, {"auditID"}) != JsonNode::kNone;
  return is(d.tree, node, ValueType::String) && speaks_of_audit(d.tree[node].value.text);
}

// What OVHcloud's message holds is an object of its own kind.
bool is_gelf(const Document& d, uint32_t node) {
  const std::string_view text = is(d.tree, node, ValueType::String) ? d.tree[node].value.text : "";
  return text.find("\"short_message\"") != std::string_view::npos;
}

void unwrap_key(const Document& d, std::string_view key, uint32_t node, Context& context, Unwrapped& out) {
  context.kind = kind_of(d, key, context.kind);
  if (auto time = usual_time(d)) context.time = time;
  read_cluster(d, context);
  unwrap_member(d, node, context, out);
}

// The only member at a path as Formats writes it; kNone when there is none, or when there are two, or a key on the way
// is there twice: one of them may be the doing of whoever wrote the line.
uint32_t only_member(const JsonTree& tree, uint32_t object, std::string_view path) {
  if (!is(tree, object, ValueType::Object)) return JsonNode::kNone;
  uint32_t whole = JsonNode::kNone, first = JsonNode::kNone;
  const size_t dot = path.find('.');
  for (uint32_t m = tree.child(object); m != JsonNode::kNone; m = tree[m].next) {
    uint32_t& found = tree[m].key == path ? whole : first;
    if (tree[m].key != path && (dot == std::string_view::npos || tree[m].key != path.substr(0, dot))) continue;
    if (found != JsonNode::kNone) return JsonNode::kNone;
    found = m;
  }
  if (first == JsonNode::kNone) return whole;
  const uint32_t inside = only_member(tree, first, path.substr(dot + 1));
  if (whole == JsonNode::kNone) return inside;
  return inside == JsonNode::kNone ? whole : JsonNode::kNone;
}

// "" or what is missing for it to be that shipper's record of the audit log.
std::string unproven(const Document& d, const DeclaredFormat& shipper) {
  for (const auto& [member, text] : shipper.proof) {
    const uint32_t node = only_member(d.tree, d.root, member);
    if (is(d.tree, node, ValueType::String) && d.tree[node].value.text == text) continue;
    return fmt::format(", where {} is not {}", member, text);
  }
  return {};
}

// What is in the members that are declared; of the others, why not.
bool unwrap_declared(const Document& d, Context& context, Unwrapped& out) {
  bool other_line = false;
  std::string lacking;
  for (const DeclaredFormat& shipper : context.formats->shippers()) {
    const uint32_t node = only_member(d.tree, d.root, shipper.key);
    if (!holds_event(d, node)) {
      other_line = other_line || is(d.tree, node, ValueType::String);
      continue;
    }
    lacking = unproven(d, shipper);
    if (!lacking.empty()) continue;
    context.entered = true;
    unwrap_key(d, shipper.key, node, context, out);
    return true;
  }
  for (const std::string_view key : kKeys) {
    const uint32_t node = at(d, {key});
    if (!holds_event(d, node)) continue;
    EnvelopeKind kind = kind_of(d, key, EnvelopeKind::Native);
    if (key == "message" && is_gelf(d, node)) kind = EnvelopeKind::Ovh;
    pass(kind, lacking.empty() ? fmt::format(", in member {}", key) : lacking, context);
    unwrap_key(d, key, node, context, out);
    return true;
  }
  if (!other_line || has(d, "kind")) return false;
  add_problem(BadReason::OtherLog, kOtherLine, out);
  return true;
}

}  // namespace

bool unwrap_shipper(const Document& d, Context& context, Unwrapped& out) {
  if (context.formats != nullptr) return unwrap_declared(d, context, out);
  bool text_found = false;
  for (const std::string_view key : kKeys) {
    const uint32_t node = at(d, {key});
    text_found = text_found || is(d.tree, node, ValueType::String);
    if (!holds_event(d, node)) continue;
    unwrap_key(d, key, node, context, out);
    return true;
  }
  if (!text_found || has(d, "kind")) return false;
  add_problem(BadReason::OtherLog, kOtherLine, out);
  return true;
}

}  // namespace kubevigil::envelope
