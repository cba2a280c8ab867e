// OCSF 1.6.0 Detection Finding (class 2004) with the profile security_control. Facts: github.com/ocsf/ocsf-schema
// events/findings/detection_finding.json, objects/*.json; https://schema.ocsf.io/1.6.0/classes/detection_finding.
// Times are milliseconds since 1970. What has no place of its own stands under unmapped.kubevigil, which is the whole
// native alert, so that nothing is lost. Objects with an at-least-one constraint are left out rather than sent empty.
// Later revisions, with the same finding_info.uid; (metadata.uid, metadata.sequence) tells them apart:
//   open       activity Create, status New, is_alert
//   update     activity Update, status New, is_alert
//   closed     activity Update, status New: that no more matches will join does not mean that somebody has looked
//   retracted  activity Close, status Suppressed
#include "engine/alert/attack.h"
#include "engine/base/json_writer.h"
#include "engine/base/network.h"
#include "engine/base/text.h"
#include "outputs/alert_text.h"
#include "outputs/registry.h"
#include "outputs/severity.h"

namespace kubevigil {
namespace {

constexpr size_t kMostGroups = 32, kTextBytes = 1024;

struct Activity {
  int id;
  std::string_view name;
  int status_id;
  std::string_view status;
  bool is_alert;
};

Activity activity_of(Phase phase) {
  switch (phase) {
    case Phase::New:
      return {1, "Create", 1, "New", true};
    case Phase::Goes:
      return {2, "Update", 1, "New", true};
    case Phase::Over:
      return {2, "Update", 1, "New", false};
    case Phase::Withdrawn:
      return {3, "Close", 3, "Suppressed", false};
  }
  return {};
}

int64_t millis(Timestamp t) { return t.micros / 1000; }

void write_class(JsonWriter& json, const Activity& activity) {
  constexpr int kClass = 2004;
  json.member("activity_id", activity.id).member("activity_name", activity.name);
  json.member("category_uid", 2).member("category_name", "Findings");
  json.member("class_uid", kClass).member("class_name", "Detection Finding");
  json.member("type_uid", kClass * 100 + activity.id);
  json.member("type_name", "Detection Finding: " + std::string(activity.name));
  json.member("status_id", activity.status_id).member("status", activity.status).member("is_alert", activity.is_alert);
}

// What the API server did with the request: that is the outcome that an analyst asks for.
void write_disposition(JsonWriter& json, const Alert& a) {
  const bool allowed = a.permission.decision == "allow", denied = a.permission.decision == "forbid";
  const int id = allowed ? 1 : denied ? 2 : 0;
  json.member("action_id", id).member("action", allowed ? "Allowed" : denied ? "Denied" : "Unknown");
  json.member("disposition_id", id).member("disposition", allowed ? "Allowed" : denied ? "Blocked" : "Unknown");
}

void write_metadata(JsonWriter& json, const Alert& a, const EncodingOptions& options) {
  json.key("metadata").begin_object().member("version", "1.6.0").member("uid", a.id).member("sequence", a.revision);
  json.key("product").begin_object().member("name", "kubevigil").member("vendor_name", "kubevigil");
  json.optional("version", options.version).end_object();
  json.key("profiles").begin_array().value("security_control").end_array();
  json.member("log_name", "kubernetes-audit").optional("original_event_uid", a.request.audit_id);
  json.optional("correlation_uid", a.dedup_key).end_object();
}

// "Unsecured Credentials: Container API" is, for OCSF, a technique and a sub-technique.
void write_attack(JsonWriter& json, const AlertAttack& attack) {
  json.begin_object().member("version", kAttackVersion);
  if (!attack.tactic_id.empty()) {
    json.key("tactic").begin_object().member("uid", attack.tactic_id).optional("name", attack.tactic).end_object();
  }
  const size_t dot = attack.technique_id.find('.'), colon = attack.technique.find(": ");
  if (!attack.technique_id.empty()) {
    json.key("technique").begin_object().member("uid", attack.technique_id.substr(0, dot));
    json.optional("name", attack.technique.substr(0, colon)).end_object();
  }
  if (dot != std::string::npos) {
    json.key("sub_technique").begin_object().member("uid", attack.technique_id);
    json.optional("name", colon == std::string::npos ? "" : attack.technique.substr(colon + 2)).end_object();
  }
  json.end_object();
}

void write_finding(JsonWriter& json, const Alert& a, const EncodingOptions& options) {
  json.key("finding_info").begin_object().member("uid", a.id).member("title", rule_title_of(a));
  json.optional("desc", a.message).member("created_time", millis(a.time));
  json.member("first_seen_time", millis(a.first_seen)).member("last_seen_time", millis(a.last_seen));
  json.optional("src_url", link_to(a, options));
  json.key("analytic").begin_object().member("type_id", 1).member("type", "Rule").optional("uid", a.rule_id);
  json.member("name", rule_title_of(a)).optional("version", a.rule_hash.substr(0, 12)).end_object();
  if (!a.attack.empty()) {
    json.key("attacks").begin_array();
    for (const AlertAttack& attack : a.attack) {
      if (!attack.tactic_id.empty() || !attack.technique_id.empty()) write_attack(json, attack);
    }
    json.end_array();
  }
  json.key("related_events").begin_array();
  for (const AlertEvent& event : a.events) {
    if (event.audit_id.empty()) continue;
    json.begin_object().member("uid", event.audit_id).member("type", "kubernetes-audit").end_object();
  }
  json.end_array().end_object();
}

void write_resources(JsonWriter& json, const Alert& a) {
  if (a.target.resource.empty() && a.target.name.empty()) return;
  json.key("resources").begin_array().begin_object().optional("type", resource_of(a));
  json.member("name", a.target.name.empty() ? "*" : a.target.name).optional("namespace", a.target.ns);
  json.optional("uid", a.target.uid).end_object().end_array();
}

void write_actor(JsonWriter& json, const AlertActor& actor) {
  if (actor.username.empty() && actor.uid.empty()) return;
  json.key("actor").begin_object().key("user").begin_object();
  json.optional("name", actor.username).optional("uid", actor.uid).optional("credential_uid", actor.credential_id);
  json.key("groups").begin_array();
  for (size_t i = 0; i < actor.groups.size() && i < kMostGroups; ++i) {
    if (!actor.groups[i].empty()) json.begin_object().member("name", actor.groups[i]).end_object();
  }
  json.end_array().end_object();
  json.optional("invoked_by", actor.impersonated_by).end_object();
}

void write_evidence(JsonWriter& json, const Alert& a) {
  const bool has_actor = !a.actor.username.empty() || !a.actor.uid.empty();
  const bool has_address = parse_address(a.source.peer_ip).has_value();
  if (!has_actor && !has_address && a.request.verb.empty()) return;
  json.key("evidences").begin_array().begin_object();
  write_actor(json, a.actor);
  if (has_address) json.key("src_endpoint").begin_object().member("ip", a.source.peer_ip).end_object();
  if (!a.request.verb.empty()) {
    json.key("api").begin_object().member("operation", a.request.verb);
    json.key("service").begin_object().member("name", "kube-apiserver").end_object();
    if (a.request.code != 0) json.key("response").begin_object().member("code", a.request.code).end_object();
    json.end_object();
  }
  if (!a.source.user_agent.empty() || !a.request.uri.empty()) {
    json.key("http_request").begin_object().optional("user_agent", a.source.user_agent);
    if (!a.request.uri.empty()) {
      const size_t query = a.request.uri.find('?');
      json.key("url").begin_object().member("path", a.request.uri.substr(0, query));
      if (query != std::string::npos) json.optional("query_string", a.request.uri.substr(query + 1));
      json.end_object();
    }
    json.end_object();
  }
  json.end_object().end_array();
}

class Ocsf : public Encoding {
 public:
  explicit Ocsf(const EncodingOptions& options) : options_(options) {}
  Format format() const override { return {Framing::Lines, false, "application/json"}; }

  void record(const Alert& a, std::string& out) const override {
    const SeverityWords& severity = severity_of(a);
    JsonWriter json;
    json.begin_object();
    write_class(json, activity_of(phase_of(a, options_)));
    json.member("severity_id", severity.ocsf).member("severity", severity.ocsf_name);
    json.member("time", millis(a.time)).member("start_time", millis(a.first_seen));
    json.member("end_time", millis(a.last_seen)).member("count", std::max<uint64_t>(a.count, 1));
    json.member("message", cut_to_bytes(a.message.empty() ? rule_title_of(a) : a.message, kTextBytes));
    if (a.risk != 0) json.member("risk_score", a.risk);
    write_metadata(json, a, options_);
    write_finding(json, a, options_);
    write_disposition(json, a);
    write_resources(json, a);
    write_evidence(json, a);
    json.key("unmapped").begin_object().key("kubevigil").raw(to_json(a)).end_object();
    out += json.end_object().text();
  }

 private:
  EncodingOptions options_;
};

}  // namespace

std::unique_ptr<Encoding> make_ocsf(const EncodingOptions& options) { return std::make_unique<Ocsf>(options); }

}  // namespace kubevigil
