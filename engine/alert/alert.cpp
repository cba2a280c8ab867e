#include "engine/alert/alert.h"

#include "engine/base/json_writer.h"

namespace kubevigil {
namespace {

void write_rule(JsonWriter& json, const Alert& a) {
  json.key("rule").begin_object().member("id", a.rule_id).member("name", a.rule_name).member("title", a.rule_title);
  json.member("hash", a.rule_hash).end_object();
}

void write_attack(JsonWriter& json, const std::vector<AlertAttack>& attacks) {
  if (attacks.empty()) return;
  json.key("attack").begin_array();
  for (const AlertAttack& attack : attacks) {
    json.begin_object().optional("tactic_id", attack.tactic_id).optional("tactic", attack.tactic);
    json.optional("technique_id", attack.technique_id).optional("technique", attack.technique).end_object();
  }
  json.end_array();
}

void write_group(JsonWriter& json, const Alert& a) {
  if (!a.group.empty()) {
    json.key("group").begin_array();
    for (const auto& [name, value] : a.group)
      json.begin_object().member("name", name).member("value", value).end_object();
    json.end_array();
  }
  json.optional("values", a.values);
}

void write_actor(JsonWriter& json, const AlertActor& actor) {
  json.key("actor").begin_object();
  json.optional("username", actor.username).optional("uid", actor.uid).optional("groups", actor.groups);
  json.optional("impersonated_by", actor.impersonated_by);
  json.optional("service_account_namespace", actor.service_account_namespace);
  json.optional("service_account_name", actor.service_account_name);
  json.optional("pod", actor.pod).optional("pod_uid", actor.pod_uid).optional("node", actor.node);
  json.optional("credential_id", actor.credential_id).end_object();
}

void write_where(JsonWriter& json, const Alert& a) {
  json.key("permission").begin_object().optional("decision", a.permission.decision);
  json.optional("reason", a.permission.reason).optional("binding", a.permission.binding);
  json.optional("role", a.permission.role).end_object();
  json.key("source").begin_object().optional("ips", a.source.ips).optional("peer_ip", a.source.peer_ip);
  json.optional("user_agent", a.source.user_agent).end_object();
  json.key("target").begin_object().optional("api_group", a.target.api_group);
  json.optional("resource", a.target.resource).optional("subresource", a.target.subresource);
  json.optional("namespace", a.target.ns).optional("name", a.target.name).optional("uid", a.target.uid).end_object();
  json.key("request").begin_object().optional("verb", a.request.verb).optional("uri", a.request.uri);
  json.optional("audit_id", a.request.audit_id).optional("stage", a.request.stage);
  if (a.request.code != 0) json.member("code", a.request.code);
  if (a.request.dry_run) json.member("dry_run", true);
  json.end_object();
}

void write_why(JsonWriter& json, const std::vector<AlertWhy>& why) {
  if (why.empty()) return;
  json.key("why").begin_array();
  for (const AlertWhy& w : why) {
    json.begin_object().member("condition", w.condition).optional("field", w.field).optional("values", w.values);
    json.end_object();
  }
  json.end_array();
}

void write_chain(JsonWriter& json, const AlertChain& chain) {
  if (chain.empty()) return;
  json.key("chain").begin_object().member("root", chain.root).member("stages", chain.stages);
  json.key("links").begin_array();
  for (const AlertChainLink& l : chain.links) {
    json.begin_object().member("link", l.link).member("from", l.from).member("to", l.to);
    json.member("time", format_rfc3339(l.time)).optional("event", l.event).end_object();
  }
  json.end_array().key("hits").begin_array();
  for (const AlertChainHit& h : chain.hits) {
    json.begin_object().member("rule", h.rule).member("level", to_text(h.level)).member("stage", to_text(h.stage));
    json.member("by", h.by).member("time", format_rfc3339(h.time)).optional("event", h.event).end_object();
  }
  json.end_array().end_object();
}

void write_events(JsonWriter& json, const std::vector<AlertEvent>& events) {
  json.key("events").begin_array();
  for (const AlertEvent& e : events) {
    json.begin_object().optional("audit_id", e.audit_id).member("time", format_rfc3339(e.time));
    json.member("file", e.file).member("offset", e.offset).member("line", e.line).end_object();
  }
  json.end_array();
}

}  // namespace

std::string to_json(const Alert& a) {
  JsonWriter json;
  json.begin_object().member("schema", "kubevigil.alert/v1").member("id", a.id).member("dedup_key", a.dedup_key);
  json.member("revision", a.revision).member("status", to_text(a.status));
  json.member("time", format_rfc3339(a.time)).member("first_seen", format_rfc3339(a.first_seen));
  json.member("last_seen", format_rfc3339(a.last_seen)).member("count", a.count);
  if (a.measure != 0) json.member("measure", a.measure);
  if (a.duration_seconds) json.member("duration_seconds", *a.duration_seconds);
  if (a.state_since) json.member("state_since", format_rfc3339(*a.state_since));
  write_rule(json, a);
  json.member("level", to_text(a.level)).optional("stage", to_text(a.stage));
  if (a.risk != 0) json.member("risk", a.risk);
  json.member("message", a.message);
  write_attack(json, a.attack);
  json.optional("cluster", a.cluster).optional("envelope", a.envelope);
  write_group(json, a);
  write_actor(json, a.actor);
  write_where(json, a);
  write_why(json, a.why);
  write_events(json, a.events);
  write_chain(json, a.chain);
  json.optional("audit_level", a.audit_level).optional("missing", a.missing);
  json.optional("next_steps", a.next_steps).optional("references", a.references);
  if (a.approximate) json.member("approximate", true);
  if (a.degraded) json.member("degraded", true);
  if (a.salvaged) json.member("salvaged", true);
  return json.end_object().take();
}

}  // namespace kubevigil
