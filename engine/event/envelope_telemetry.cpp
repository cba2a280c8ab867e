// Envelopes of telemetry pipelines. Their lists are cut by the splitter: what comes here is one record, and the members
// around it are its wrapper.
//
//   OTLP/JSON    {"resourceLogs":[{"resource":{"attributes":[..]},"scopeLogs":[{"logRecords":[<record>, ..]}]}]}
//                record = {"timeUnixNano":"..","observedTimeUnixNano":"..",
//                          "body":{"stringValue":"<event>"} or {"kvlistValue":{"values":[{"key","value":{..}}]}}}
//   Loki         {"streams":[{"stream":{labels},"values":[<pair>, ..]}]}, also under data.result of a query
//                pair = ["<ns>","<line>"] or ["<ns>","<line>",{structured metadata}]
#include "engine/event/envelope_parts.h"

namespace kubevigil::envelope {
namespace {

template <typename Each>
void each_child(const JsonTree& tree, uint32_t node, Each&& each) {
  for (uint32_t child = tree.child(node); child != JsonNode::kNone; child = tree[child].next) each(child);
}

// AnyValue of opentelemetry/proto/common/v1 as plain JSON. Its nesting is bounded by that of the tree.
std::string plain_value(const JsonTree& tree, uint32_t any) {
  const uint32_t list = at(tree, any, {"kvlistValue", "values"});
  if (list != JsonNode::kNone) {
    ObjectWriter json;
    each_child(tree, list, [&](uint32_t pair) {
      json.raw(text_at(tree, pair, {"key"}), plain_value(tree, at(tree, pair, {"value"})));
    });
    return json.done();
  }
  const uint32_t values = at(tree, any, {"arrayValue", "values"});
  if (values != JsonNode::kNone) {
    std::string json = "[";
    each_child(tree, values, [&](uint32_t value) { json += (json.size() > 1 ? "," : "") + plain_value(tree, value); });
    return json + "]";
  }
  const uint32_t number = at(tree, any, {"intValue"});  // 64-bit numbers are strings in protobuf's JSON
  if (is(tree, number, ValueType::String)) return std::string(tree[number].value.text);
  const uint32_t scalar = any == JsonNode::kNone ? any : tree.child(any);
  return scalar == JsonNode::kNone ? "null" : to_text(tree, scalar);
}

bool is_log_record(const Document& d, const Context& context) {
  if (context.kind == EnvelopeKind::Otlp) return context.depth == 0;
  return has(d, "body") && (has(d, "timeUnixNano") || has(d, "observedTimeUnixNano"));
}

void unwrap_log_record(const Document& d, Context& context, Unwrapped& out) {
  enter(EnvelopeKind::Otlp, context);
  for (const std::string_view key : {"observedTimeUnixNano", "timeUnixNano"}) {
    const uint32_t node = at(d, {key});
    if (node == JsonNode::kNone) continue;
    if (const auto time = time_of(d.tree[node].value)) context.time = time;
  }
  const uint32_t body = at(d, {"body"});
  const uint32_t text = at(d.tree, body, {"stringValue"});
  if (is(d.tree, text, ValueType::String)) return unwrap_payload(d.tree[text].value.text, context, out);
  if (is(d.tree, body, ValueType::Object)) return unwrap_payload(plain_value(d.tree, body), context, out);
  add_problem(BadReason::NotAuditEvent, "an OTLP log record without a body", out);
}

// A pair of a time and a line: a list of strings.
bool unwrap_pair(const Document& d, Context& context, Unwrapped& out) {
  if (!is(d.tree, d.root, ValueType::Array)) return false;
  const uint32_t when = d.tree.child(d.root);
  const uint32_t line = when == JsonNode::kNone ? when : d.tree[when].next;
  const auto time = when == JsonNode::kNone ? std::nullopt : time_of(d.tree[when].value);
  if (!time || !is(d.tree, line, ValueType::String)) {
    if (context.kind != EnvelopeKind::Loki) return false;
    add_problem(BadReason::NotAuditEvent, "a Loki value that is no pair of time and line", out);
    return true;
  }
  enter(EnvelopeKind::Loki, context);
  context.time = time;
  unwrap_payload(d.tree[line].value.text, context, out);
  return true;
}

}  // namespace

void read_telemetry_wrapper(const Document& d, Context& context) {
  if (has(d, "resourceLogs") || has(d, "scopeLogs") || has(d, "logRecords")) {
    enter(EnvelopeKind::Otlp, context);
    each_child(d.tree, at(d, {"resource", "attributes"}), [&](uint32_t attribute) {
      if (text_at(d.tree, attribute, {"key"}) != "k8s.cluster.name") return;
      context.cluster = text_at(d.tree, attribute, {"value", "stringValue"});
    });
  }
  if (!has(d, "streams") && at(d, {"data", "result"}) == JsonNode::kNone && !has(d, "stream")) return;
  enter(EnvelopeKind::Loki, context);
  if (const auto cluster = text_at(d, {"stream", "cluster"}); !cluster.empty()) context.cluster = cluster;
}

bool unwrap_telemetry(const Document& d, Context& context, Unwrapped& out) {
  if (unwrap_pair(d, context, out)) return true;
  if (!is_log_record(d, context)) return false;
  unwrap_log_record(d, context, out);
  return true;
}

}  // namespace kubevigil::envelope
