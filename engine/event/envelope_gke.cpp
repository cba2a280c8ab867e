// Google GKE: Cloud Audit Logs, one LogEntry an event. There is no native event inside; it is built anew:
//
//   auditID               operation.id, else insertId
//   verb                  last token of methodName ("io.k8s.core.v1.pods.exec.create")
//   objectRef             resourceName ("core/v1/namespaces/ns/pods/p/exec"): group, version, rest; methodName decides
//                         what namespaces/<n>/<x> means; three segments are a list over all namespaces
//   no resource           methodName "io.k8s.get", resourceName "readyz": requestURI "/readyz"
//   user.username         authenticationInfo.principalEmail
//   sourceIPs, userAgent  requestMetadata.callerIp, callerSuppliedUserAgent
//   responseStatus.code   status.code, a google.rpc code, as HTTP; held against authorizationInfo.granted
//   bodies                request and response without "@type"
//   annotations           labels
//   times                 timestamp
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "engine/base/text.h"
#include "engine/event/envelope_parts.h"

namespace kubevigil::envelope {
namespace {

// google/rpc/code.proto gives the HTTP status beside each code.
int http_code(int rpc) {
  constexpr int kHttp[] = {200, 499, 500, 400, 504, 404, 409, 403, 429, 412, 409, 400, 501, 500, 503, 500, 401};
  return rpc >= 0 && rpc < static_cast<int>(std::size(kHttp)) ? kHttp[rpc] : 500;
}

struct Target {
  std::string_view group, version, space, resource, name, subresource;
  bool long_running() const { return subresource == "exec" || subresource == "attach" || subresource == "portforward"; }
};

// `method`: the tokens of methodName, at least "io", "k8s", ..., resource, verb.
Target parse_target(std::string_view resource_name, const std::vector<std::string_view>& method) {
  Target t;
  std::vector<std::string_view> parts = split(resource_name, '/');
  if (parts.size() < 3) return t;
  t.group = parts[0] == "core" ? std::string_view{} : parts[0];
  t.version = parts[1];
  const auto token = [&](size_t from_end) { return method.size() > from_end ? method[method.size() - from_end] : ""; };
  const bool on_namespace = token(2) == "namespaces" || token(3) == "namespaces";
  size_t i = 2;
  if (parts[2] == "namespaces" && parts.size() >= 4) {
    t.space = parts[3];
    if (parts.size() > 4 && !on_namespace) i = 4;
  }
  t.resource = parts[i];
  if (i + 1 < parts.size()) t.name = parts[i + 1];
  if (i + 2 < parts.size()) t.subresource = parts[i + 2];
  return t;
}

std::string object_ref(const Target& t) {
  ObjectWriter json;
  json.text("resource", t.resource);
  json.text("namespace", t.space);
  json.text("name", t.name);
  json.text("apiGroup", t.group);
  json.text("apiVersion", t.version);
  json.text("subresource", t.subresource);
  return json.done();
}

std::string request_uri(const Target& t, std::string_view resource_name) {
  if (t.resource.empty()) return fmt::format("/{}", resource_name);
  const size_t group_end = resource_name.find('/');
  if (t.group.empty()) return fmt::format("/api{}", resource_name.substr(group_end));
  return fmt::format("/apis/{}", resource_name);
}

// A body without the member that only says its type.
std::string body(const Document& d, std::string_view member) {
  const uint32_t node = at(d, {"protoPayload", member});
  if (!is(d.tree, node, ValueType::Object)) return to_text(d.tree, node);
  ObjectWriter json;
  for (uint32_t m = d.tree.child(node); m != JsonNode::kNone; m = d.tree[m].next) {
    if (d.tree[m].key != "@type") json.raw(d.tree[m].key, to_text(d.tree, m));
  }
  return json.empty() ? std::string{} : json.done();
}

bool denied(const Document& d) {
  if (text_at(d, {"labels", "authorization.k8s.io/decision"}) == "forbid") return true;
  const uint32_t first = d.tree.child(at(d, {"protoPayload", "authorizationInfo"}));
  const uint32_t granted = at(d.tree, first, {"granted"});
  // Protobuf JSON leaves false out, so an entry without `granted` was not granted.
  return first != JsonNode::kNone && is(d.tree, first, ValueType::Object) &&
         (granted == JsonNode::kNone || d.tree[granted].value.text == "false");
}

int response_code(const Document& d, const Target& target, std::string_view verb) {
  const uint32_t code = at(d, {"protoPayload", "status", "code"});
  const int rpc = code == JsonNode::kNone ? 0 : static_cast<int>(d.tree[code].value.number);
  if (rpc != 0) return http_code(rpc);
  if (denied(d)) return 403;
  if (target.long_running()) return 101;
  return verb == "create" ? 201 : 200;
}

std::string response_status(const Document& d, int code) {
  ObjectWriter json;
  json.raw("metadata", "{}");
  if (code >= 400) json.string("status", "Failure");
  json.text("message", text_at(d, {"protoPayload", "status", "message"}));
  json.raw("code", std::to_string(code));
  return json.done();
}

std::string annotations(const Document& d) {
  constexpr std::string_view kDecision = "authorization.k8s.io/decision";
  ObjectWriter json;
  for (uint32_t m = d.tree.child(at(d, {"labels"})); m != JsonNode::kNone; m = d.tree[m].next) {
    json.string(d.tree[m].key, d.tree[m].value.text);
  }
  const bool judged = d.tree.child(at(d, {"protoPayload", "authorizationInfo"})) != JsonNode::kNone;
  if (judged && at(d, {"labels", kDecision}) == JsonNode::kNone) json.string(kDecision, denied(d) ? "forbid" : "allow");
  return json.empty() ? std::string{} : json.done();
}

std::string_view stage(const Document& d, const Target& target) {
  const auto flag = [&](std::string_view name) {
    const uint32_t node = at(d, {"operation", name});
    return node != JsonNode::kNone && d.tree[node].value.text == "true";
  };
  const bool begins = has(d, "operation") && flag("first") && !flag("last");
  const bool session_begins = target.long_running() && (flag("first") || !flag("last"));
  return begins || session_begins ? "ResponseStarted" : "ResponseComplete";
}

std::string one_text_object(std::string_view key, std::string_view value) {
  ObjectWriter json;
  json.text(key, value);
  return json.done();
}

std::string native_event(const Document& d) {
  const std::vector<std::string_view> method = split(text_at(d, {"protoPayload", "methodName"}), '.');
  const std::string_view resource_name = text_at(d, {"protoPayload", "resourceName"});
  const std::string_view verb = method.back();
  const Target target = method.size() > 3 ? parse_target(resource_name, method) : Target{};
  const std::string request = body(d, "request");
  const std::string response = body(d, "response");
  const std::string_view operation = text_at(d, {"operation", "id"});
  const std::string_view ip = text_at(d, {"protoPayload", "requestMetadata", "callerIp"});

  ObjectWriter json;
  json.string("kind", "Event");
  json.string("apiVersion", "audit.k8s.io/v1");
  json.string("level", !response.empty() ? "RequestResponse" : !request.empty() ? "Request" : "Metadata");
  json.string("auditID", operation.empty() ? text_at(d, {"insertId"}) : operation);
  json.string("stage", stage(d, target));
  json.string("requestURI", request_uri(target, resource_name));
  json.string("verb", verb);
  json.raw("user", one_text_object("username", text_at(d, {"protoPayload", "authenticationInfo", "principalEmail"})));
  if (!ip.empty()) json.raw("sourceIPs", fmt::format("[\"{}\"]", json_escaped(ip)));
  json.text("userAgent", text_at(d, {"protoPayload", "requestMetadata", "callerSuppliedUserAgent"}));
  if (!target.resource.empty()) json.raw("objectRef", object_ref(target));
  json.raw("responseStatus", response_status(d, response_code(d, target, verb)));
  json.raw("requestObject", request);
  json.raw("responseObject", response);
  json.text("requestReceivedTimestamp", text_at(d, {"timestamp"}));
  json.text("stageTimestamp", text_at(d, {"timestamp"}));
  json.raw("annotations", annotations(d));
  return json.done();
}

}  // namespace

bool unwrap_gke(const Document& d, Context& context, Unwrapped& out) {
  if (!has(d, "protoPayload")) {
    if (!has(d, "logName") || (!has(d, "textPayload") && !has(d, "jsonPayload"))) return false;
    pass(EnvelopeKind::Gke, {}, context);
    add_problem(BadReason::OtherLog, "a Google log entry that is no audit entry", out);
    return true;
  }
  enter(EnvelopeKind::Gke, context);
  if (text_at(d, {"protoPayload", "serviceName"}) != "k8s.io") {
    add_problem(BadReason::OtherLog, "a Google audit entry of another service than k8s.io", out);
    return true;
  }
  if (auto time = usual_time(d)) context.time = time;
  const std::string_view name = text_at(d, {"resource", "labels", "cluster_name"});
  if (!name.empty()) {
    context.cluster = fmt::format("{}/{}/{}", text_at(d, {"resource", "labels", "project_id"}),
                                  text_at(d, {"resource", "labels", "location"}), name);
  }
  add_event(native_event(d), context, BodyDefect::None, out);
  return true;
}

}  // namespace kubevigil::envelope
