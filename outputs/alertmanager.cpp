// Prometheus Alertmanager, POST /api/v2/alerts (version 0.27 and later). Facts: prometheus/alertmanager
// api/v2/openapi.yaml (postableAlerts), docs/alerts_api.md, types/types.go (Validate).
//
//   [{"labels":{..},"annotations":{..},"startsAt":T,"endsAt":T,"generatorURL":U}]
//
// Labels are the alert's identity: they hold only what does not change while an episode lasts (severity may be raised
// once or twice; the alert with the old severity then ends by itself). dedup_key is one of them, because two alerts
// that differ in their group only must not resolve each other. Counts, addresses and audit ids are annotations.
// Label values are never empty: Alertmanager removes such labels. Texts pass chat_safe(): templates do not escape.
//
// Later revisions (the sink sends all of them; to every replica of a cluster):
//   open, update   firing, and so is what is told once (alert_text.h); endsAt = last event + options.expiry, but at
//                  least kAtLeast ahead of the clock, so that an alert found while catching up is seen
//   closed         resolved: endsAt = last event
//   retracted      resolved: endsAt = startsAt.
// Alertmanager keeps no alerts over a restart and forgets resolved ones: firing_alerts.h says what to send again, and
// when. Without a clock (replay) alerts are history: resolved, whatever their status.
#include <cctype>

#include "engine/base/json_writer.h"
#include "engine/base/text.h"
#include "outputs/alert_text.h"
#include "outputs/chat_text.h"
#include "outputs/registry.h"
#include "outputs/severity.h"

namespace kubevigil {
namespace {

constexpr Duration kAtLeast = Duration::minutes(5);
constexpr size_t kLabelBytes = 256, kAnnotationBytes = 1024, kLabelsListed = 10;

void text_member(JsonWriter& json, std::string_view name, std::string_view text, size_t bytes) {
  if (!text.empty()) json.member(name, cut_to_bytes(chat_safe(cut_to_bytes(text, bytes)), bytes));
}

// "pod_exec" -> "KubevigilPodExec".
std::string alert_name(const Alert& a) {
  std::string out = "Kubevigil";
  bool start = true;
  for (const char c : a.rule_name.empty() ? a.rule_id : a.rule_name) {
    const auto byte = static_cast<unsigned char>(c);
    const bool word = byte < 0x80 && std::isalnum(byte) != 0;
    if (word) out += start ? static_cast<char>(std::toupper(byte)) : c;
    start = !word;
  }
  return out;
}

std::string audit_ids(const Alert& a) {
  std::vector<std::string> ids;
  for (const AlertEvent& event : a.events) {
    if (!event.audit_id.empty() && (ids.empty() || ids.back() != event.audit_id)) ids.push_back(event.audit_id);
  }
  return joined(ids, " ", kLabelsListed);
}

void write_labels(JsonWriter& json, const Alert& a) {
  json.key("labels").begin_object();
  const auto label = [&](std::string_view name, std::string_view text) { text_member(json, name, text, kLabelBytes); };
  label("alertname", alert_name(a));
  label("severity", severity_of(a).alertmanager);
  label("level", to_text(a.level));
  label("rule_id", a.rule_id);
  label("cluster", a.cluster);
  label("namespace", a.target.ns);
  label("actor", a.actor.username);
  label("stage", to_text(a.stage));
  label("tactic", a.attack.empty() ? "" : a.attack.front().tactic);
  label("dedup_key", a.dedup_key);
  json.end_object();
}

void write_annotations(JsonWriter& json, const Alert& a) {
  json.key("annotations").begin_object();
  const auto note = [&](std::string_view name, std::string_view text) {
    text_member(json, name, text, kAnnotationBytes);
  };
  note("summary", rule_title_of(a));
  note("description", a.message);
  note("target", target_of(a));
  note("source_ip", a.source.peer_ip);
  note("user_agent", a.source.user_agent);
  note("impersonated_by", a.actor.impersonated_by);
  note("first_seen", format_rfc3339(a.first_seen));
  note("last_seen", format_rfc3339(a.last_seen));
  note("state_since", a.state_since ? format_rfc3339(*a.state_since) : "");
  note("count", std::to_string(a.count));
  note("values", joined(a.values, ", ", kLabelsListed));
  note("chain", joined(chain_of(a), "; ", kLabelsListed));
  note("techniques", joined(techniques_of(a), ", ", kLabelsListed));
  note("next_steps", joined(a.next_steps, " | ", kLabelsListed));
  note("audit_ids", audit_ids(a));
  note("alert_id", a.id);
  note("revision", std::to_string(a.revision));
  note("runbook_url", a.references.empty() ? "" : a.references.front());
  json.end_object();
}

class Alertmanager : public Encoding {
 public:
  explicit Alertmanager(const EncodingOptions& options) : options_(options) {}
  Format format() const override { return {Framing::Array, true, "application/json"}; }

  void record(const Alert& a, std::string& out) const override {
    const Timestamp starts = std::min(a.first_seen, a.time);
    JsonWriter json;
    json.begin_object();
    write_labels(json, a);
    write_annotations(json, a);
    json.member("startsAt", format_rfc3339(starts)).member("endsAt", format_rfc3339(std::max(starts, ends_at(a))));
    if (const std::string link = link_to(a, options_); !link.empty()) json.member("generatorURL", link);
    out += json.end_object().text();
  }

 private:
  Timestamp ends_at(const Alert& a) const {
    const Phase phase = phase_of(a);
    if (phase == Phase::Withdrawn) return a.first_seen;
    if (options_.env == nullptr || phase == Phase::Over) return a.last_seen;
    return std::max(a.last_seen + options_.expiry, options_.env->now() + kAtLeast);
  }

  EncodingOptions options_;
};

}  // namespace

std::unique_ptr<Encoding> make_alertmanager(const EncodingOptions& options) {
  return std::make_unique<Alertmanager>(options);
}

}  // namespace kubevigil
