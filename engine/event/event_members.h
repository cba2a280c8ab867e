// The members of an audit event that EventReader reads, as tables: which key goes into which field, and how. Names and
// types: k8s.io/apiserver pkg/apis/audit/v1/types.go; `metadata` and `timestamp` are of v1alpha1 and v1beta1.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "engine/event/field_table.h"
#include "engine/event/key_pattern.h"

namespace kubevigil {

enum class Shape : uint8_t { Scalar, List, Map, Raw, Object };

struct Member;
using Members = std::span<const Member>;

// A member of an object that we read. Tables stand in the order in which the API server writes: the search for a
// key starts behind the member found last.
struct Member {
  KeyPattern key;
  Shape shape = Shape::Scalar;
  FieldId field = FieldId::Kind;
  Members inner = {};
};

inline constexpr std::array<Member, 4> kUserMembers = {{{"username", Shape::Scalar, FieldId::UserUsername},
                                                        {"uid", Shape::Scalar, FieldId::UserUid},
                                                        {"groups", Shape::List, FieldId::UserGroups},
                                                        {"extra", Shape::Map, FieldId::UserExtra}}};
inline constexpr std::array<Member, 4> kImpersonatedMembers = {
    {{"username", Shape::Scalar, FieldId::ImpersonatedUsername},
     {"uid", Shape::Scalar, FieldId::ImpersonatedUid},
     {"groups", Shape::List, FieldId::ImpersonatedGroups},
     {"extra", Shape::Map, FieldId::ImpersonatedExtra}}};
inline constexpr std::array<Member, 1> kAuthenticationMembers = {
    {{"impersonationConstraint", Shape::Scalar, FieldId::ImpersonationConstraint}}};
inline constexpr std::array<Member, 8> kObjectRefMembers = {
    {{"resource", Shape::Scalar, FieldId::ObjectResource},
     {"namespace", Shape::Scalar, FieldId::ObjectNamespace},
     {"name", Shape::Scalar, FieldId::ObjectName},
     {"uid", Shape::Scalar, FieldId::ObjectUid},
     {"apiGroup", Shape::Scalar, FieldId::ObjectApiGroup},
     {"apiVersion", Shape::Scalar, FieldId::ObjectApiVersion},
     {"resourceVersion", Shape::Scalar, FieldId::ObjectResourceVersion},
     {"subresource", Shape::Scalar, FieldId::ObjectSubresource}}};
inline constexpr std::array<Member, 5> kStatusMembers = {{{"status", Shape::Scalar, FieldId::ResponseStatus},
                                                          {"message", Shape::Scalar, FieldId::ResponseMessage},
                                                          {"reason", Shape::Scalar, FieldId::ResponseReason},
                                                          {"details", Shape::Raw, FieldId::ResponseDetails},
                                                          {"code", Shape::Scalar, FieldId::ResponseCode}}};
inline constexpr std::array<Member, 1> kMetadataMembers = {
    {{"creationTimestamp", Shape::Scalar, FieldId::CreationTimestamp}}};

inline constexpr std::array<Member, 21> kEventMembers = {{
    {"kind", Shape::Scalar, FieldId::Kind},
    {"apiVersion", Shape::Scalar, FieldId::ApiVersion},
    {"metadata", Shape::Object, FieldId::CreationTimestamp, kMetadataMembers},
    {"level", Shape::Scalar, FieldId::Level},
    {"timestamp", Shape::Scalar, FieldId::Timestamp},
    {"auditID", Shape::Scalar, FieldId::AuditId},
    {"stage", Shape::Scalar, FieldId::Stage},
    {"requestURI", Shape::Scalar, FieldId::RequestUri},
    {"verb", Shape::Scalar, FieldId::Verb},
    {"user", Shape::Object, FieldId::UserUsername, kUserMembers},
    {"impersonatedUser", Shape::Object, FieldId::ImpersonatedUsername, kImpersonatedMembers},
    {"authenticationMetadata", Shape::Object, FieldId::ImpersonationConstraint, kAuthenticationMembers},
    {"sourceIPs", Shape::List, FieldId::SourceIps},
    {"userAgent", Shape::Scalar, FieldId::UserAgent},
    {"objectRef", Shape::Object, FieldId::ObjectResource, kObjectRefMembers},
    {"responseStatus", Shape::Object, FieldId::ResponseStatus, kStatusMembers},
    {"requestObject", Shape::Raw, FieldId::RequestObject},
    {"responseObject", Shape::Raw, FieldId::ResponseObject},
    {"requestReceivedTimestamp", Shape::Scalar, FieldId::RequestReceivedTimestamp},
    {"stageTimestamp", Shape::Scalar, FieldId::StageTimestamp},
    {"annotations", Shape::Map, FieldId::Annotations},
}};

}  // namespace kubevigil
