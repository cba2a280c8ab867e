// Envelopes of message brokers.
//
//   CloudEvents  {"specversion":"1.0","type","source","time","data":{..} or "..", or "data_base64":".."}
//   Pub/Sub      {"message":{"data":"<base64>","attributes":{},"publishTime"},"subscription"}; a pull gives
//                {"receivedMessages":[{"ackId","message":{..}}, ..]}, which the splitter cuts
#include "engine/event/envelope_parts.h"

namespace kubevigil::envelope {
namespace {

void unwrap_cloud_event(const Document& d, Context& context, Unwrapped& out) {
  enter(EnvelopeKind::CloudEvents, context);
  if (auto time = usual_time(d)) context.time = time;
  if (const auto coded = text_at(d, {"data_base64"}); !coded.empty()) return unwrap_base64(coded, context, out);
  if (has(d, "data")) return unwrap_member(d, at(d, {"data"}), context, out);
  add_problem(BadReason::NotAuditEvent, "a CloudEvent without data", out);
}

}  // namespace

bool unwrap_message(const Document& d, Context& context, Unwrapped& out) {
  if (has(d, "specversion")) {
    unwrap_cloud_event(d, context, out);
    return true;
  }
  if (const uint32_t data = at(d, {"message", "data"}); is(d.tree, data, ValueType::String)) {
    pass(EnvelopeKind::Gke, " by Pub/Sub", context);
    unwrap_base64(d.tree[data].value.text, context, out);
    return true;
  }
  return false;
}

}  // namespace kubevigil::envelope
