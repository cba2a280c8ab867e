#include "engine/match/field_groups.h"

#include "engine/event/field_table.h"

namespace kubevigil {

FieldGroup group_of(const FieldRef& field) {
  switch (field.id) {
    case FieldId::Annotations:
      return field.path.empty() ? FieldGroup::Alone : FieldGroup::Annotations;
    case FieldId::AuditId:
    case FieldId::RequestUri:
    case FieldId::UriPath:
    case FieldId::UriQuery:
    case FieldId::ExecCommand:
    case FieldId::ObjectName:
    case FieldId::ObjectUid:
    case FieldId::ObjectResourceVersion:
    case FieldId::ResponseMessage:
    case FieldId::ResponseDetails:
    case FieldId::RequestReceivedTimestamp:
    case FieldId::StageTimestamp:
    case FieldId::Timestamp:
    case FieldId::CreationTimestamp:
      return FieldGroup::None;
    case FieldId::Kind:
    case FieldId::ApiVersion:
    case FieldId::Level:
    case FieldId::Stage:
    case FieldId::Verb:
    case FieldId::ObjectResource:
    case FieldId::ObjectSubresource:
    case FieldId::ObjectApiGroup:
    case FieldId::ObjectApiVersion:
    case FieldId::Resource:
    case FieldId::ResponseStatus:
    case FieldId::ResponseReason:
    case FieldId::ResponseCode:
    case FieldId::AuthzDecision:
    case FieldId::Truncated:
      return FieldGroup::What;
    case FieldId::UserUsername:
    case FieldId::ImpersonatedUsername:
    case FieldId::EffectiveUsername:
    case FieldId::ServiceAccountNamespace:
    case FieldId::ServiceAccountName:
    case FieldId::CallerNamespace:
      return FieldGroup::Who;
    case FieldId::UserGroups:
    case FieldId::ImpersonatedGroups:
    case FieldId::EffectiveGroups:
      return FieldGroup::Groups;
    case FieldId::UserAgent:
    case FieldId::UserAgentFamily:
      return FieldGroup::Agent;
    case FieldId::SourceIps:
    case FieldId::PeerIp:
    case FieldId::PeerNetwork:
      return FieldGroup::Address;
    default:
      return FieldGroup::Alone;
  }
}

FieldGroup judged_with(FieldGroup group) {
  const bool by_who = group == FieldGroup::Groups || group == FieldGroup::Agent;
  return by_who ? FieldGroup::Who : group;
}

std::vector<FieldId> sources_of(const FieldRef& field) {
  switch (field.id) {
    case FieldId::Resource:
      return {FieldId::ObjectResource, FieldId::ObjectSubresource};
    case FieldId::EffectiveUsername:
    case FieldId::ServiceAccountNamespace:
    case FieldId::ServiceAccountName:
      return {FieldId::UserUsername, FieldId::ImpersonatedUsername};
    case FieldId::CallerNamespace:
      return {FieldId::UserUsername};
    case FieldId::EffectiveUid:
      return {FieldId::UserUid, FieldId::ImpersonatedUid, FieldId::ImpersonatedUsername};
    case FieldId::EffectiveGroups:
      return {FieldId::UserGroups, FieldId::ImpersonatedGroups, FieldId::ImpersonatedUsername};
    case FieldId::UserAgentFamily:
      return {FieldId::UserAgent};
    case FieldId::PeerIp:
    case FieldId::PeerNetwork:
      return {FieldId::SourceIps};
    default: {
      const FieldInfo& info = field_info(field.id);
      const bool slot =
          info.origin == FieldOrigin::Envelope && (info.shape == FieldShape::Scalar || info.shape == FieldShape::List);
      return slot ? std::vector<FieldId>{field.id} : std::vector<FieldId>{};
    }
  }
}

}  // namespace kubevigil
