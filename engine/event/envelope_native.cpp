// Native events with a shipper's members beside their own.
//
// OpenShift (ViaQ): the event's members at the top level, and "@timestamp", "log_type":"audit", "log_source":"kubeAPI",
//   "openshift":{"cluster_id"}, "hostname". `level` may be overwritten with a log level; the audit level is then in
//   "k8s_audit_level" or "openshift_audit_level".
// Panther: members p_log_type, p_event_time, ...; times are written as "2022-11-29 00:09:04.38".
#include "engine/event/envelope_parts.h"
#include "engine/event/formats.h"

namespace kubevigil::envelope {
namespace {

// Where it is not declared, members beside a native event's own say nothing.
bool counts(EnvelopeKind kind, const Context& context) {
  return context.formats == nullptr || context.formats->takes(kind);
}

bool has_level(const Document& d) {
  const std::string_view level = text_at(d, {"level"});
  return level == "None" || level == "Metadata" || level == "Request" || level == "RequestResponse";
}

bool is_openshift(const Document& d) {
  return has(d, "openshift") || has(d, "log_source") || has(d, "k8s_audit_level") || has(d, "openshift_audit_level");
}

std::string with_level(const Document& d, std::string_view level) {
  ObjectWriter json;
  json.string("level", level);
  for (uint32_t m = d.tree.child(d.root); m != JsonNode::kNone; m = d.tree[m].next) {
    if (d.tree[m].key != "level") json.raw(d.tree[m].key, to_text(d.tree, m));
  }
  return json.done();
}

}  // namespace

bool unwrap_native(const Document& d, Context& context, Unwrapped& out) {
  const bool event =
      !text_at(d, {"auditID"}).empty() && !text_at(d, {"stage"}).empty() && (has(d, "verb") || has(d, "requestURI"));
  if (!event && text_at(d, {"log_type"}) == "audit" && has(d, "log_source")) {
    add_problem(BadReason::OtherLog, "an OpenShift audit record of another source", out);
    return true;
  }
  if (!event) return false;
  if (has(d, "p_log_type") && counts(EnvelopeKind::Panther, context)) enter(EnvelopeKind::Panther, context);
  if (auto time = usual_time(d); time && !context.time) context.time = time;
  if (!is_openshift(d) || (!counts(EnvelopeKind::OpenShift, context) && has_level(d))) {
    add_event(d.text, context, BodyDefect::None, out);
    return true;
  }
  enter(EnvelopeKind::OpenShift, context);
  if (const auto cluster = text_at(d, {"openshift", "cluster_id"}); !cluster.empty()) context.cluster = cluster;
  std::string_view level = text_at(d, {"k8s_audit_level"});
  if (level.empty()) level = text_at(d, {"openshift_audit_level"});
  if (level.empty()) {
    add_event(d.text, context, BodyDefect::None, out);
  } else {
    add_event(with_level(d, level), context, BodyDefect::None, out);
  }
  return true;
}

}  // namespace kubevigil::envelope
