// Log shippers that put the line into a string member: fluent-bit ("log"), Vector and Filebeat ("message"), Logstash,
// docker's json-file ("log" beside "stream" and "time"), OVHcloud's GELF ("short_message" inside "message"), logcli
// ("line"). The member may hold an event, another wrapper, or a line with a prefix.
#include "engine/event/envelope_parts.h"

namespace kubevigil::envelope {
namespace {

constexpr std::string_view kKeys[] = {"log", "message", "msg", "_raw", "line", "short_message", "full_message", "body"};
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

}  // namespace

bool unwrap_shipper(const Document& d, Context& context, Unwrapped& out) {
  bool text_found = false;
  for (const std::string_view key : kKeys) {
    const uint32_t node = at(d, {key});
    const bool object = is(d.tree, node, ValueType::Object) && at(d.tree, node, {"auditID"}) != JsonNode::kNone;
    const bool text = is(d.tree, node, ValueType::String);
    text_found = text_found || text;
    if (!object && !(text && speaks_of_audit(d.tree[node].value.text))) continue;
    context.kind = kind_of(d, key, context.kind);
    if (auto time = usual_time(d)) context.time = time;
    read_cluster(d, context);
    unwrap_member(d, node, context, out);
    return true;
  }
  if (!text_found || has(d, "kind")) return false;
  add_problem(BadReason::OtherLog, "a log line that does not speak of an audit event", out);
  return true;
}

}  // namespace kubevigil::envelope
