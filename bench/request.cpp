#include "bench/request.h"

#include <fmt/format.h>

#include <chrono>

#include "bench/go_json.h"

namespace kubevigil::bench {
namespace {

std::string request_uri(const Request& r) {
  if (!r.path.empty()) return r.path + r.query;
  std::string uri =
      r.group.empty() ? fmt::format("/api/{}", r.version) : fmt::format("/apis/{}/{}", r.group, r.version);
  if (!r.space.empty()) uri += "/namespaces/" + r.space;
  uri += '/';
  uri += r.resource;
  if (!r.name.empty() && r.verb != "create") uri += '/' + r.name;
  if (r.verb == "create" && !r.subresource.empty()) uri += '/' + r.name;
  if (!r.subresource.empty()) uri += fmt::format("/{}", r.subresource);
  return uri + r.query;
}

void write_user(GoJson& json, const Actor& actor) {
  json.open("user", '{').member("username", actor.username);
  if (!actor.uid.empty()) json.member("uid", actor.uid);
  if (!actor.groups.empty()) {
    json.open("groups", '[');
    for (const std::string& group : actor.groups) json.text(group);
    json.close(']');
  }
  if (!actor.extra.empty()) {
    json.open("extra", '{');
    for (const ExtraValue& e : actor.extra) json.open(e.key, '[').text(e.value).close(']');
    json.close('}');
  }
  json.close('}');
}

void write_object_ref(GoJson& json, const Request& r) {
  json.open("objectRef", '{').member("resource", r.resource);
  if (!r.space.empty()) json.member("namespace", r.space);
  if (!r.name.empty()) json.member("name", r.name);
  if (!r.uid.empty()) json.member("uid", r.uid);
  if (!r.group.empty()) json.member("apiGroup", r.group);
  json.member("apiVersion", r.version);
  if (r.resource_version != 0) json.member("resourceVersion", std::to_string(r.resource_version));
  if (!r.subresource.empty()) json.member("subresource", r.subresource);
  json.close('}');
}

void write_status(GoJson& json, const Request& r) {
  json.open("responseStatus", '{').open("metadata", '{').close('}');
  if (r.code >= 400) {
    const std::string_view reason = r.code == 403 ? "Forbidden" : r.code == 409 ? "Conflict" : "NotFound";
    const std::string target = r.group.empty() ? std::string(r.resource) : fmt::format("{}.{}", r.resource, r.group);
    json.member("status", "Failure");
    json.member("message", r.code == 403 ? fmt::format("{} is forbidden: User \"{}\" cannot {} resource \"{}\"", target,
                                                       r.actor.username, r.verb, r.resource)
                                         : fmt::format("{} \"{}\" not found", target, r.name));
    json.member("reason", reason);
    json.open("details", '{').member("name", r.name).member("kind", r.resource).close('}');
  }
  json.member("code", r.code).close('}');
}

}  // namespace

std::string micro_time(int64_t microseconds) {
  return fmt::format("{}.{:06}Z", second_time(microseconds).substr(0, 19), microseconds % 1'000'000);
}

std::string second_time(int64_t microseconds) {
  const std::chrono::sys_seconds time{std::chrono::seconds(microseconds / 1'000'000)};
  const auto days = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{days};
  const std::chrono::hh_mm_ss clock{time - days};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count());
}

void append_event(std::string& out, const Request& r, std::string_view audit_id, int64_t received, int64_t finished) {
  GoJson json(out);
  json.open('{').member("kind", "Event").member("apiVersion", "audit.k8s.io/v1");
  json.member("level", !r.response_object.empty()  ? "RequestResponse"
                       : !r.request_object.empty() ? "Request"
                                                   : "Metadata");
  json.member("auditID", audit_id).member("stage", r.started ? "ResponseStarted" : "ResponseComplete");
  json.member("requestURI", request_uri(r)).member("verb", r.verb);
  write_user(json, r.actor);
  if (!r.impersonated.empty()) {
    json.open("impersonatedUser", '{').member("username", r.impersonated);
    json.open("groups", '[').text("system:authenticated").close(']').close('}');
  }
  json.open("sourceIPs", '[').text(r.actor.ip).close(']').member("userAgent", r.actor.agent);
  if (r.path.empty()) write_object_ref(json, r);
  write_status(json, r);
  if (!r.request_object.empty()) json.raw_member("requestObject", r.request_object);
  if (!r.response_object.empty()) json.raw_member("responseObject", r.response_object);
  json.member("requestReceivedTimestamp", micro_time(received)).member("stageTimestamp", micro_time(finished));
  json.open("annotations", '{').member("authorization.k8s.io/decision", r.decision);
  json.member("authorization.k8s.io/reason", r.reason).close('}').close('}');
  out += '\n';
}

}  // namespace kubevigil::bench
