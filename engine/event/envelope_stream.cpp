// Envelopes of telemetry and message protocols.
//
//   OTLP/JSON    {"resourceLogs":[{"resource":{"attributes":[..]},"scopeLogs":[{"logRecords":[{"timeUnixNano":"..",
//                "body":{"stringValue":"<event>"} or {"kvlistValue":{"values":[{"key","value":{..}}]}}}]}]}]}
//   Loki         {"streams":[{"stream":{labels},"values":[["<ns>","<line>"],..]}]}, also under data.result of a query
//   CloudEvents  {"specversion":"1.0","type","source","time","data":{..} or "..", or "data_base64":".."}
//   Pub/Sub      {"message":{"data":"<base64>","attributes":{},"publishTime"},"subscription"}, or receivedMessages[]
#include "engine/base/text.h"
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
  const uint32_t scalar = tree.child(any);
  return scalar == JsonNode::kNone ? "null" : to_text(tree, scalar);
}

void unwrap_log_record(const Document& d, uint32_t record, Context context, Unwrapped& out) {
  for (const std::string_view key : {"timeUnixNano", "observedTimeUnixNano"}) {
    const uint32_t node = at(d.tree, record, {key});
    if (node == JsonNode::kNone) continue;
    if (auto time = time_of(d.tree[node].value)) {
      context.time = time;
      break;
    }
  }
  const uint32_t body = at(d.tree, record, {"body"});
  const uint32_t text = at(d.tree, body, {"stringValue"});
  if (is(d.tree, text, ValueType::String)) return unwrap_payload(d.tree[text].value.text, context, out);
  if (is(d.tree, body, ValueType::Object)) return unwrap_payload(plain_value(d.tree, body), context, out);
  add_problem(BadReason::NotAuditEvent, "an OTLP log record without a body", out);
}

void unwrap_otlp(const Document& d, const Context& outer, Unwrapped& out) {
  each_child(d.tree, at(d, {"resourceLogs"}), [&](uint32_t resource) {
    Context context = outer;
    context.kind = EnvelopeKind::Otlp;
    each_child(d.tree, at(d.tree, resource, {"resource", "attributes"}), [&](uint32_t attribute) {
      if (text_at(d.tree, attribute, {"key"}) != "k8s.cluster.name") return;
      context.cluster = text_at(d.tree, attribute, {"value", "stringValue"});
    });
    each_child(d.tree, at(d.tree, resource, {"scopeLogs"}), [&](uint32_t scope) {
      each_child(d.tree, at(d.tree, scope, {"logRecords"}),
                 [&](uint32_t record) { unwrap_log_record(d, record, context, out); });
    });
  });
}

void unwrap_loki(const Document& d, uint32_t streams, const Context& outer, Unwrapped& out) {
  each_child(d.tree, streams, [&](uint32_t stream) {
    Context context = outer;
    context.kind = EnvelopeKind::Loki;
    if (const auto cluster = text_at(d.tree, stream, {"stream", "cluster"}); !cluster.empty())
      context.cluster = cluster;
    each_child(d.tree, at(d.tree, stream, {"values"}), [&](uint32_t pair) {
      const uint32_t when = d.tree.child(pair);
      const uint32_t line = when == JsonNode::kNone ? when : d.tree[when].next;
      if (!is(d.tree, line, ValueType::String)) {
        return add_problem(BadReason::NotAuditEvent, "a Loki value that is no pair of time and line", out);
      }
      context.time = time_of(d.tree[when].value);
      unwrap_payload(d.tree[line].value.text, context, out);
    });
  });
}

void unwrap_pubsub(const Document& d, uint32_t message, const Context& context, Unwrapped& out) {
  const std::string_view data = text_at(d.tree, message, {"data"});
  if (data.empty()) return add_problem(BadReason::NotAuditEvent, "a Pub/Sub message without data", out);
  unwrap_base64(data, context, out);
}

}  // namespace

bool unwrap_stream(const Document& d, Context& context, Unwrapped& out) {
  if (is(d.tree, at(d, {"resourceLogs"}), ValueType::Array)) {
    unwrap_otlp(d, context, out);
    return true;
  }
  uint32_t streams = at(d, {"streams"});
  if (streams == JsonNode::kNone) streams = at(d, {"data", "result"});
  if (is(d.tree, streams, ValueType::Array)) {
    unwrap_loki(d, streams, context, out);
    return true;
  }
  if (has(d, "specversion")) {
    context.kind = EnvelopeKind::CloudEvents;
    if (auto time = usual_time(d)) context.time = time;
    if (const auto coded = text_at(d, {"data_base64"}); !coded.empty()) {
      unwrap_base64(coded, context, out);
    } else if (has(d, "data")) {
      unwrap_member(d, at(d, {"data"}), context, out);
    } else {
      add_problem(BadReason::NotAuditEvent, "a CloudEvent without data", out);
    }
    return true;
  }
  if (is(d.tree, at(d, {"message", "data"}), ValueType::String)) {
    unwrap_pubsub(d, at(d, {"message"}), context, out);
    return true;
  }
  const uint32_t received = at(d, {"receivedMessages"});
  if (!is(d.tree, received, ValueType::Array)) return false;
  each_child(d.tree, received, [&](uint32_t m) { unwrap_pubsub(d, at(d.tree, m, {"message"}), context, out); });
  return true;
}

}  // namespace kubevigil::envelope
