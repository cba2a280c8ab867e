#include "engine/alert/event_facts.h"

#include <charconv>

#include "engine/alert/alert_builder.h"

namespace kubevigil {
namespace {

constexpr size_t kShownValues = 32;  // of one list

std::string_view name_of(FieldId id) { return field_info(id).name; }

}  // namespace

std::string full_resource(const Event& event) {
  std::string resource(event.text(FieldId::ObjectResource));
  if (const std::string_view sub = event.text(FieldId::ObjectSubresource); !sub.empty())
    resource.append("/").append(sub);
  return resource;
}

EventFacts::EventFacts(const Event& event, FieldLookup& fields, const Redactor& redactor)
    : event_(event), fields_(fields), redactor_(redactor), resource_(full_resource(event)) {}

std::vector<std::string> EventFacts::all(FieldId id) const {
  std::vector<std::string> out;
  for (const Value& v : fields_.values(FieldRef{id, {}}).values) {
    if (out.size() == kShownValues) break;
    if (v.type != ValueType::Null) out.push_back(displayed(redactor_.value(name_of(id), resource_, v.text)));
  }
  return out;
}

std::string EventFacts::first(FieldId id) const {
  const std::vector<std::string> values = all(id);
  return values.empty() ? std::string() : values.front();
}

std::string EventFacts::text(std::string_view name) const {
  const std::optional<FieldRef> field = parse_field(name);
  if (!field) return "(no such field)";
  const FieldValues found = fields_.values(*field);
  if (found.presence == Presence::Unknown) return "(unknown)";
  std::string out;
  size_t shown = 0;
  for (const Value& v : found.values) {
    if (v.type == ValueType::Null) continue;
    if (shown++ == kShownValues) break;
    out += (out.empty() ? "" : ", ") + redactor_.value(to_text(*field), resource_, v.text);
  }
  return shown == 0 ? "(none)" : displayed(out);
}

void EventFacts::fill_actor(AlertActor& actor) const {
  actor.username = first(FieldId::EffectiveUsername);
  actor.uid = first(FieldId::EffectiveUid);
  actor.groups = all(FieldId::EffectiveGroups);
  if (!event_.text(FieldId::ImpersonatedUsername).empty()) actor.impersonated_by = first(FieldId::UserUsername);
  actor.service_account_namespace = first(FieldId::ServiceAccountNamespace);
  actor.service_account_name = first(FieldId::ServiceAccountName);
  actor.pod = first(FieldId::CallerPod);
  actor.pod_uid = first(FieldId::CallerPodUid);
  actor.node = first(FieldId::CallerNode);
  actor.credential_id = first(FieldId::CredentialId);
}

void EventFacts::fill_request(Alert& alert) const {
  AlertRequest& request = alert.request;
  request.verb = first(FieldId::Verb);
  request.uri = first(FieldId::RequestUri);
  request.audit_id = first(FieldId::AuditId);
  request.stage = first(FieldId::Stage);
  const std::string_view code = event_.text(FieldId::ResponseCode);
  std::from_chars(code.data(), code.data() + code.size(), request.code);
  request.dry_run = first(FieldId::RequestDryRun) == "true";
  AlertTarget& target = alert.target;
  target.api_group = first(FieldId::ObjectApiGroup);
  target.resource = first(FieldId::ObjectResource);
  target.subresource = first(FieldId::ObjectSubresource);
  target.ns = first(FieldId::ObjectNamespace);
  target.name = first(FieldId::ObjectName);
  target.uid = first(FieldId::ObjectUid);
  if (target.name.empty() && target.resource == "pods") target.name = first(FieldId::TargetPod);
}

void EventFacts::fill_missing(Alert& alert) const {
  for (const FieldId body : {FieldId::RequestObject, FieldId::ResponseObject}) {
    if (!fields_.readable(body)) alert.missing.emplace_back(name_of(body));
  }
  if (!event_.present(FieldId::UserGroups)) alert.missing.emplace_back("user.groups");
  if (!event_.present(FieldId::UserAgent)) alert.missing.emplace_back("userAgent");
  if (event_.truncated) alert.missing.emplace_back("bodies cut off by the API server (truncated)");
  if (const BodyDefect defect = fields_.defect(); defect != BodyDefect::None) {
    alert.missing.push_back("body defect: " + std::string(to_text(defect)));
  }
}

void EventFacts::fill(Alert& alert) const {
  if (!event_.cluster.empty()) alert.cluster = displayed(event_.cluster);
  alert.envelope = event_.envelope;
  alert.audit_level = event_.text(FieldId::Level);
  fill_actor(alert.actor);
  alert.permission = {first(FieldId::AuthzDecision), first(FieldId::AuthzReason), first(FieldId::AuthzBinding),
                      first(FieldId::AuthzRole)};
  alert.source = {all(FieldId::SourceIps), first(FieldId::PeerIp), first(FieldId::UserAgent)};
  fill_request(alert);
  fill_missing(alert);
}

}  // namespace kubevigil
