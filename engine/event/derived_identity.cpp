// Who: the effective user, service accounts, the pod or node that a token is bound to, credentials.
#include "engine/event/derived.h"

namespace kubevigil {
namespace {

// Keys of user.extra: k8s.io/apiserver pkg/authentication/serviceaccount/util.go and pkg/authentication/user.
constexpr std::string_view kPodName = "authentication.kubernetes.io/pod-name";
constexpr std::string_view kPodUid = "authentication.kubernetes.io/pod-uid";
constexpr std::string_view kNodeName = "authentication.kubernetes.io/node-name";
constexpr std::string_view kCredentialId = "authentication.kubernetes.io/credential-id";
constexpr std::string_view kIssuedCredentialId = "authentication.kubernetes.io/issued-credential-id";
constexpr std::string_view kServiceAccountPrefix = "system:serviceaccount:";

Presence copy_entries(const Event& event, FieldId map, std::string_view key, Values& out) {
  for (const MapEntry& e : event.entries(map)) {
    if (e.key == key) out.push_back(e.value);
  }
  if (event.cut(map)) return Presence::Unknown;
  return out.empty() ? Presence::Absent : Presence::Present;
}

FieldId effective_source(const Event& event, FieldId wanted) {
  const bool other = is_impersonated(event);
  switch (wanted) {
    case FieldId::EffectiveUid:
      return other ? FieldId::ImpersonatedUid : FieldId::UserUid;
    case FieldId::EffectiveGroups:
      return other ? FieldId::ImpersonatedGroups : FieldId::UserGroups;
    default:
      return other ? FieldId::ImpersonatedUsername : FieldId::UserUsername;
  }
}

}  // namespace

bool is_impersonated(const Event& event) { return !event.text(FieldId::ImpersonatedUsername).empty(); }

Presence effective_user(const DerivedInput& in, FieldId wanted, Values& out) {
  const FieldId source = effective_source(in.event, wanted);
  const auto values = in.event.values(source);
  out.assign(values.begin(), values.end());
  return presence(in.event, source);
}

Presence effective_extra(const DerivedInput& in, std::string_view key, Values& out) {
  const FieldId source = is_impersonated(in.event) ? FieldId::ImpersonatedExtra : FieldId::UserExtra;
  return copy_entries(in.event, source, key, out);
}

namespace {

// name = "system:serviceaccount:" namespace ":" name
Presence part_of_account(std::string_view name, bool space, Values& out) {
  if (!name.starts_with(kServiceAccountPrefix)) return Presence::Absent;
  name.remove_prefix(kServiceAccountPrefix.size());
  const size_t colon = name.find(':');
  if (colon == 0 || colon == name.npos || colon + 1 == name.size()) return Presence::Absent;
  out.push_back(Value::string(space ? name.substr(0, colon) : name.substr(colon + 1)));
  return Presence::Present;
}

}  // namespace

Presence service_account(const DerivedInput& in, FieldId wanted, Values& out) {
  const std::string_view name = in.event.text(effective_source(in.event, FieldId::EffectiveUsername));
  return part_of_account(name, wanted == FieldId::ServiceAccountNamespace, out);
}

// The caller's own, whomever it impersonates.
Presence caller_namespace(const DerivedInput& in, Values& out) {
  return part_of_account(in.event.text(FieldId::UserUsername), true, out);
}

Presence caller(const DerivedInput& in, FieldId wanted, Values& out) {
  const std::string_view key = wanted == FieldId::CallerPod      ? kPodName
                               : wanted == FieldId::CallerPodUid ? kPodUid
                               : wanted == FieldId::CallerNode   ? kNodeName
                                                                 : kCredentialId;
  return copy_entries(in.event, FieldId::UserExtra, key, out);
}

Presence issued_credential(const DerivedInput& in, Values& out) {
  return copy_entries(in.event, FieldId::Annotations, kIssuedCredentialId, out);
}

}  // namespace kubevigil
