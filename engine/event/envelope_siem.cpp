// Envelopes of search and SIEM products.
//
//   Splunk HEC     {"time":s,"host","source","sourcetype","index","event":{event} or "<event>","fields":{}}
//   Splunk export  {"preview":false,"result":{"_raw":"<event>","_time"}}
//   Elastic        {"@timestamp","kubernetes":{"audit":{event}},"event":{"original":"<event>"}}, or under "_source" in
//                  an export. Dots in annotation keys are written as '_' ("authorization_k8s_io/decision"), and the
//                  metadata of bodies is removed; event.original, when it is there, has lost nothing.
//   Datadog        {"attributes":{event},"message"}
#include <algorithm>

#include "engine/event/envelope_parts.h"

namespace kubevigil::envelope {
namespace {

constexpr std::string_view kAuditId = "\"auditID\"";

bool is_text_of_event(const Document& d, uint32_t node) {
  return is(d.tree, node, ValueType::String) && d.tree[node].value.text.find(kAuditId) != std::string_view::npos;
}

// The annotation key as it was: dots stand only in front of the slash.
std::string with_dots(std::string_view key) {
  std::string out(key);
  const size_t slash = std::min(out.find('/'), out.size());
  if (slash < out.size()) std::replace(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(slash), '_', '.');
  return out;
}

std::string elastic_event(const JsonTree& tree, uint32_t audit) {
  ObjectWriter json;
  for (uint32_t m = tree.child(audit); m != JsonNode::kNone; m = tree[m].next) {
    if (tree[m].key != "annotations" || !is(tree, m, ValueType::Object)) {
      json.raw(tree[m].key, to_text(tree, m));
      continue;
    }
    ObjectWriter annotations;
    for (uint32_t a = tree.child(m); a != JsonNode::kNone; a = tree[a].next) {
      annotations.raw(with_dots(tree[a].key), to_text(tree, a));
    }
    json.raw("annotations", annotations.done());
  }
  return json.done();
}

bool unwrap_elastic(const Document& d, Context& context, Unwrapped& out) {
  if (const uint32_t source = at(d, {"_source"}); is(d.tree, source, ValueType::Object)) {
    enter(EnvelopeKind::Elastic, context);
    unwrap_member(d, source, context, out);
    return true;
  }
  uint32_t original = at(d, {"event", "original"});
  if (original == JsonNode::kNone) original = at(d, {"event.original"});
  uint32_t audit = at(d, {"kubernetes", "audit"});
  if (audit == JsonNode::kNone) audit = at(d, {"kubernetes.audit"});
  const bool has_audit = is(d.tree, audit, ValueType::Object);
  if (!is_text_of_event(d, original) && !has_audit) return false;
  if (auto time = usual_time(d)) context.time = time;
  // A string in a declared member is the shippers' (envelope_shipper.cpp).
  if (is_text_of_event(d, original) && (context.formats == nullptr || !has_audit)) {
    context.kind = EnvelopeKind::Shipper;
    pass(EnvelopeKind::Shipper, ", in event.original", context);
    unwrap_payload(d.tree[original].value.text, context, out);
  } else {
    enter(EnvelopeKind::Elastic, context);
    unwrap_payload(elastic_event(d.tree, audit), context, out);
  }
  return true;
}

bool unwrap_splunk(const Document& d, Context& context, Unwrapped& out) {
  if (const uint32_t raw = at(d, {"result", "_raw"}); raw != JsonNode::kNone) {
    enter(EnvelopeKind::SplunkExport, context);
    const uint32_t time = at(d, {"result", "_time"});
    if (time != JsonNode::kNone) context.time = time_of(d.tree[time].value);
    unwrap_member(d, raw, context, out);
    return true;
  }
  const uint32_t event = at(d, {"event"});
  const bool known = is(d.tree, event, ValueType::Object) || is(d.tree, event, ValueType::String);
  if (!known || (!has(d, "time") && !has(d, "sourcetype") && !has(d, "index"))) return false;
  enter(EnvelopeKind::SplunkHec, context);
  if (auto time = usual_time(d)) context.time = time;
  unwrap_member(d, event, context, out);
  return true;
}

}  // namespace

bool unwrap_siem(const Document& d, Context& context, Unwrapped& out) {
  if (unwrap_elastic(d, context, out) || unwrap_splunk(d, context, out)) return true;
  if (at(d, {"attributes", "auditID"}) == JsonNode::kNone) return false;
  enter(EnvelopeKind::Datadog, context);
  if (auto time = usual_time(d)) context.time = time;
  unwrap_member(d, at(d, {"attributes"}), context, out);
  return true;
}

}  // namespace kubevigil::envelope
