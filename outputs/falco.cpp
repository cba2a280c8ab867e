// Falco's JSON with the field names of its k8saudit plugin, for falcosidekick (and its outputs) and Falco Talon.
// Facts: falcosecurity/falco userspace/engine/formats.cpp; falcosecurity/falcosidekick types/types.go, handlers.go;
// falcosecurity/plugins plugins/k8saudit. One object a POST to http://HOST:2801/: the decoder reads exactly one.
//
//   {"hostname":H,"time":RFC3339,"rule":title,"priority":P,"source":"k8s_audit",
//    "output":"HH:MM:SS.nnnnnnnnn: P message (user=U verb=V target=T code=C
//    src=IP)","tags":[T],"output_fields":{name:text}}
//
// * priority, rule, time and output_fields are never empty: falcosidekick answers 400 otherwise.
// * every value in output_fields is a string: numbers become labels, lists are dropped, k8s.* would crash it.
// * k8s.ns.name and k8s.pod.name only where the target is namespaced, or a pod: they become labels.
// * no field is above 512 bytes: beyond 4,096 bytes of body falcosidekick cuts such fields in the middle of a
// character.
// * output keeps Falco's prefix, which falcosidekick and Talon take off by pattern.
// * each field is a label of falcosidekick's Alertmanager output: with ids and times among them no two alerts are one.
//   options.few_fields leaves those out (an output of our own encoding `alertmanager` says more, and when it is over).
// * texts pass chat_safe(): falcosidekick hands them to chats without escaping.
// Later revisions: falcosidekick and Talon act on every POST and know no end of an alert. An update is sent again with
// the same kv.alert.id and a higher kv.alert.revision; closed and retracted are not sent.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "engine/base/json_writer.h"
#include "engine/base/text.h"
#include "outputs/alert_text.h"
#include "outputs/chat_text.h"
#include "outputs/registry.h"
#include "outputs/severity.h"

namespace kubevigil {
namespace {

constexpr size_t kFieldBytes = 512, kOutputPartBytes = 256, kMessageBytes = 1024, kFalcoListed = 8, kMostTags = 24;

// At most kFieldBytes also after the characters were made safe.
std::string safe(std::string_view text, size_t bytes = kFieldBytes) {
  return cut_to_bytes(chat_safe(cut_to_bytes(text, bytes)), bytes);
}

class Fields {
 public:
  Fields(JsonWriter& json, bool few) : json_(json), few_(few) {}
  Fields& add(std::string_view name, std::string_view text) {
    if (!text.empty()) json_.member(name, safe(text));
    return *this;
  }
  // What differs from one alert to the next of its kind.
  Fields& once(std::string_view name, std::string_view text) { return few_ ? *this : add(name, text); }

 private:
  JsonWriter& json_;
  bool few_;
};

void add_request(Fields& fields, const Alert& a) {
  fields.once("ka.auditid", a.request.audit_id).once("ka.stage", a.request.stage).add("ka.verb", a.request.verb);
  fields.once("ka.uri", a.request.uri).add("ka.user.name", authenticated_user(a));
  if (!a.actor.impersonated_by.empty()) fields.add("ka.impuser.name", a.actor.username);
  fields.once("ka.user.groups", joined(a.actor.groups, ",", kFalcoListed));
  fields.add("ka.auth.decision", a.permission.decision).once("ka.auth.reason", a.permission.reason);
  if (a.request.code != 0) fields.add("ka.response.code", std::to_string(a.request.code));
  fields.once("ka.useragent", a.source.user_agent).once("ka.sourceips", joined(a.source.ips, ",", kFalcoListed));
  fields.add("ka.cluster.name", a.cluster);
}

void add_target(Fields& fields, const Alert& a) {
  fields.add("ka.target.resource", a.target.resource).add("ka.target.subresource", a.target.subresource);
  fields.add("ka.target.namespace", a.target.ns).add("ka.target.name", a.target.name);
  fields.add("k8s.ns.name", a.target.ns);
  if (a.target.resource != "pods") return;
  fields.add("ka.target.pod.name", a.target.name).add("k8s.pod.name", a.target.name);
}

void add_alert(Fields& fields, const Alert& a, const EncodingOptions& options) {
  fields.once("kv.alert.id", a.id).once("kv.alert.revision", std::to_string(a.revision));
  fields.once("kv.alert.status", to_text(a.status)).once("kv.alert.count", std::to_string(a.count));
  fields.once("kv.alert.first_seen", format_rfc3339(a.first_seen));
  fields.once("kv.alert.last_seen", format_rfc3339(a.last_seen)).add("kv.dedup_key", a.dedup_key);
  if (a.state_since) fields.once("kv.alert.state_since", format_rfc3339(*a.state_since));
  fields.add("kv.rule.id", a.rule_id).add("kv.rule.name", a.rule_name).add("kv.level", to_text(a.level));
  fields.add("kv.stage", to_text(a.stage)).once("kv.values", joined(a.values, ",", kFalcoListed));
  fields.once("kv.url", link_to(a, options));
}

// "mitre_credential_access", as Falco's own rules have it.
std::string tactic_tag(std::string_view tactic) {
  std::string out = "mitre_";
  for (const char c : tactic) out += std::isalnum(static_cast<unsigned char>(c)) != 0 ? fold(c) : '_';
  return out;
}

std::vector<std::string> tags_of(const Alert& a) {
  std::vector<std::string> tags = {"kubevigil"};
  const auto add = [&](std::string tag) {
    const bool known = std::find(tags.begin(), tags.end(), tag) != tags.end();
    if (!known && tags.size() < kMostTags) tags.push_back(std::move(tag));
  };
  for (const AlertAttack& attack : a.attack) {
    if (!attack.technique_id.empty()) add(attack.technique_id);
    if (!attack.tactic.empty()) add(tactic_tag(attack.tactic));
  }
  return tags;
}

std::string output_of(const Alert& a, std::string_view priority) {
  const std::string time = format_rfc3339(a.time);  // "2026-01-02T03:04:05.000006Z"
  std::string out = fmt::format("{}000: {} {}", time.substr(11, 15), priority,
                                safe(a.message.empty() ? rule_title_of(a) : a.message, kMessageBytes));
  const auto part = [](std::string_view text) {
    return text.empty() ? std::string("-") : safe(text, kOutputPartBytes);
  };
  out += fmt::format(" (user={} verb={} target={} code={} src={})", part(authenticated_user(a)), part(a.request.verb),
                     part(object_of(a)), a.request.code, part(a.source.peer_ip));
  return out;
}

class Falco : public Encoding {
 public:
  explicit Falco(const EncodingOptions& options) : options_(options) {}
  Format format() const override { return {Framing::Single, true, "application/json"}; }
  bool wants(const Alert& alert) const override { return phase_of(alert, options_) <= Phase::Goes; }

  void record(const Alert& a, std::string& out) const override {
    const std::string_view priority = severity_of(a).falco;
    JsonWriter json;
    json.begin_object().member("hostname", host_of(options_)).member("time", format_rfc3339(a.time));
    json.member("rule", safe(rule_title_of(a))).member("priority", priority).member("source", "k8s_audit");
    json.member("output", output_of(a, priority)).member("tags", tags_of(a));
    json.key("output_fields").begin_object();
    Fields fields(json, options_.few_fields);
    add_request(fields, a);
    add_target(fields, a);
    add_alert(fields, a, options_);
    out += json.end_object().end_object().text();
  }

 private:
  EncodingOptions options_;
};

}  // namespace

std::unique_ptr<Encoding> make_falco(const EncodingOptions& options) { return std::make_unique<Falco>(options); }

}  // namespace kubevigil
