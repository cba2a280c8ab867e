// Elastic Common Schema documents, alone (ecs) or as lines for the _bulk API (es-bulk). Facts: elastic/ecs schemas,
// elastic/integrations packages/kubernetes/data_stream/audit_logs, elastic/detection-rules rules/promotions/
// external_alerts.toml, Elasticsearch's "Bulk API" page.
//
// Elastic's prebuilt rule "External Alerts" makes an alert in Kibana of every document with event.kind "alert", named
// by `message`; kibana.alert.* belongs to Kibana and is not written. The request stands also under kubernetes.audit,
// where Elastic's integration puts it, with the dots in annotation keys as underscores, so that rules and dashboards
// fit. Addresses that are none are left out: a mapping error would refuse the whole document.
//
//   es-bulk = {action NL document NL}      action = {"create":{"_index":"logs-kubevigil.alerts-default","_id":ID}}
//
// Data streams take `create` only. ID is the alert's id and revision, so that a retry is answered 409 and leaves no
// second document. POST /_bulk, Content-Type application/x-ndjson.
// Later revisions: every one is a document of its own with the same event.id; event.kind is "alert" for open and
// update, "event" for closed and retracted, which promote nothing.
#include <fmt/format.h>

#include <algorithm>

#include "engine/base/json_writer.h"
#include "engine/base/network.h"
#include "engine/base/text.h"
#include "outputs/alert_text.h"
#include "outputs/registry.h"
#include "outputs/severity.h"

namespace kubevigil {
namespace {

constexpr std::string_view kEcsVersion = "8.11.0";
constexpr std::string_view kIndex = "logs-kubevigil.alerts-default";
constexpr size_t kEcsListed = 32;

using Texts = std::vector<std::string>;

void add_once(Texts& texts, const std::string& text) {
  if (text.empty() || texts.size() >= kEcsListed) return;
  if (std::find(texts.begin(), texts.end(), text) == texts.end()) texts.push_back(text);
}

Texts addresses_of(const Alert& a) {
  Texts out;
  if (parse_address(a.source.peer_ip)) add_once(out, a.source.peer_ip);
  for (const std::string& ip : a.source.ips) {
    if (parse_address(ip)) add_once(out, ip);
  }
  return out;
}

void write_event(JsonWriter& json, const Alert& a, const EncodingOptions& options) {
  const Phase phase = phase_of(a, options);
  json.key("event").begin_object().member("kind", phase <= Phase::Goes ? "alert" : "event");
  json.member("category", Texts{"intrusion_detection"});
  json.member("type", Texts{a.permission.decision == "allow"    ? "allowed"
                            : a.permission.decision == "forbid" ? "denied"
                                                                : "info"});
  json.optional("action", a.request.verb).member("module", "kubevigil").member("dataset", "kubevigil.alerts");
  json.member("id", a.id).member("severity", severity_of(a).ecs);
  if (a.risk != 0) json.member("risk_score", a.risk);
  json.member("start", format_rfc3339(a.first_seen)).member("end", format_rfc3339(a.last_seen));
  if (a.request.code != 0) json.member("outcome", a.request.code < 400 ? "success" : "failure");
  // The rule looks back minutes from event.ingested, else from @timestamp: an alert that waited for us would be missed.
  if (options.env != nullptr) json.member("ingested", format_rfc3339(options.env->now()));
  json.optional("reason", a.message).optional("url", link_to(a, options)).end_object();
}

void write_rule(JsonWriter& json, const Alert& a) {
  json.key("rule").begin_object().optional("id", a.rule_id).member("name", rule_title_of(a));
  json.member("ruleset", "kubevigil").optional("version", a.rule_hash.substr(0, 12));
  json.optional("reference", a.references.empty() ? "" : a.references.front()).end_object();
  Texts tactic_ids, tactics, technique_ids, techniques;
  for (const AlertAttack& attack : a.attack) {
    add_once(tactic_ids, attack.tactic_id);
    add_once(tactics, attack.tactic);
    add_once(technique_ids, attack.technique_id);
    add_once(techniques, attack.technique);
  }
  if (a.attack.empty()) return;
  json.key("threat").begin_object().member("framework", "MITRE ATT&CK");
  json.key("tactic").begin_object().optional("id", tactic_ids).optional("name", tactics).end_object();
  json.key("technique").begin_object().optional("id", technique_ids).optional("name", techniques).end_object();
  json.end_object();
}

void write_who(JsonWriter& json, const Alert& a) {
  const AlertActor& actor = a.actor;
  Texts groups, users;
  for (const std::string& group : actor.groups) add_once(groups, group);
  add_once(users, actor.username);
  add_once(users, actor.impersonated_by);
  const Texts addresses = addresses_of(a);
  json.key("user").begin_object().optional("name", authenticated_user(a)).optional("roles", groups);
  if (actor.impersonated_by.empty()) {
    json.optional("id", actor.uid);
  } else {
    json.key("effective").begin_object().member("name", actor.username).optional("id", actor.uid).end_object();
  }
  json.end_object();
  if (parse_address(a.source.peer_ip)) json.key("source").begin_object().member("ip", a.source.peer_ip).end_object();
  if (!a.source.user_agent.empty()) {
    json.key("user_agent").begin_object().member("original", a.source.user_agent).end_object();
  }
  json.key("related").begin_object().optional("user", users).optional("ip", addresses).end_object();
}

void write_where(JsonWriter& json, const Alert& a) {
  json.key("orchestrator").begin_object().member("type", "kubernetes");
  if (!a.cluster.empty()) json.key("cluster").begin_object().member("name", a.cluster).end_object();
  json.optional("namespace", a.target.ns);
  json.key("resource").begin_object().optional("type", resource_of(a)).optional("name", a.target.name);
  json.optional("id", a.target.uid).end_object().end_object();
  if (!a.request.uri.empty()) json.key("url").begin_object().member("original", a.request.uri).end_object();
  if (a.request.code == 0) return;
  json.key("http").begin_object().key("response").begin_object().member("status_code", a.request.code);
  json.end_object().end_object();
}

void write_audit(JsonWriter& json, const Alert& a) {
  json.key("kubernetes").begin_object().key("audit").begin_object();
  json.optional("auditID", a.request.audit_id).optional("stage", a.request.stage).optional("level", a.audit_level);
  json.optional("verb", a.request.verb).optional("requestURI", a.request.uri);
  json.optional("userAgent", a.source.user_agent).optional("sourceIPs", addresses_of(a));
  json.key("user").begin_object().optional("username", authenticated_user(a)).end_object();
  if (!a.actor.impersonated_by.empty()) {
    json.key("impersonatedUser").begin_object().member("username", a.actor.username).end_object();
  }
  json.key("objectRef").begin_object().optional("resource", a.target.resource);
  json.optional("subresource", a.target.subresource).optional("namespace", a.target.ns);
  json.optional("name", a.target.name).optional("uid", a.target.uid).optional("apiGroup", a.target.api_group);
  json.end_object();
  if (a.request.code != 0) json.key("responseStatus").begin_object().member("code", a.request.code).end_object();
  json.key("annotations").begin_object().optional("authorization_k8s_io/decision", a.permission.decision);
  json.optional("authorization_k8s_io/reason", a.permission.reason).end_object().end_object().end_object();
}

// What ECS has no word for. Fixed keys only: an index has a bounded number of fields.
void write_own(JsonWriter& json, const Alert& a) {
  Texts group;
  for (const auto& [name, value] : a.group) group.push_back(name + "=" + value);
  json.key("kubevigil").begin_object().member("revision", a.revision).member("status", to_text(a.status));
  json.member("level", to_text(a.level)).optional("stage", to_text(a.stage)).member("count", a.count);
  if (a.measure != 0) json.member("measure", a.measure);
  if (a.state_since) json.member("state_since", format_rfc3339(*a.state_since));
  json.optional("rule_name", a.rule_name).optional("dedup_key", a.dedup_key).optional("group", group);
  json.optional("values", a.values).optional("missing", a.missing).optional("next_steps", a.next_steps);
  json.optional("chain", chain_of(a)).optional("caller_pod", a.actor.pod).optional("caller_node", a.actor.node);
  json.optional("credential_id", a.actor.credential_id).optional("binding", a.permission.binding);
  Texts audit_ids;
  for (const AlertEvent& event : a.events) add_once(audit_ids, event.audit_id);
  json.optional("audit_ids", audit_ids).end_object();
}

std::string document_of(const Alert& a, const EncodingOptions& options) {
  JsonWriter json;
  json.begin_object().member("@timestamp", format_rfc3339(a.time)).member("message", rule_title_of(a));
  json.key("ecs").begin_object().member("version", kEcsVersion).end_object();
  write_event(json, a, options);
  write_rule(json, a);
  write_who(json, a);
  write_where(json, a);
  write_audit(json, a);
  write_own(json, a);
  return json.end_object().take();
}

class Ecs : public Encoding {
 public:
  Ecs(const EncodingOptions& options, bool bulk) : options_(options), bulk_(bulk) {}
  Format format() const override {
    return bulk_ ? Format{Framing::Lines, true, "application/x-ndjson", true}
                 : Format{Framing::Lines, false, "application/json"};
  }

  void record(const Alert& a, std::string& out) const override {
    if (bulk_) {
      JsonWriter action;
      action.begin_object().key("create").begin_object().member("_index", kIndex);
      action.member("_id", fmt::format("{}.{}", a.id, a.revision)).end_object().end_object();
      out.append(action.text()).append("\n");
    }
    out += document_of(a, options_);
  }

 private:
  EncodingOptions options_;
  bool bulk_;
};

}  // namespace

std::unique_ptr<Encoding> make_ecs(const EncodingOptions& options) { return std::make_unique<Ecs>(options, false); }
std::unique_ptr<Encoding> make_es_bulk(const EncodingOptions& options) { return std::make_unique<Ecs>(options, true); }

}  // namespace kubevigil
