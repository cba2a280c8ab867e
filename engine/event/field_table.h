// THE FIELD TABLE: every field name that a rule may use, with its type, domain, aliases and documentation.
// Parser, checker, reader, derived fields and `kubevigil rules fields` all read this one table.
//
// Names are paths in the raw audit.k8s.io/v1 event (k8s.io/apiserver pkg/apis/audit/v1/types.go) or derived
// fields (design: computed once per event and only if used).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "engine/event/value.h"

namespace kubevigil {

enum class FieldId : uint8_t {
  // Envelope, in the order in which the API server writes it.
  Kind,
  ApiVersion,
  Level,
  AuditId,
  Stage,
  RequestUri,
  Verb,
  UserUsername,
  UserUid,
  UserGroups,
  UserExtra,
  ImpersonatedUsername,
  ImpersonatedUid,
  ImpersonatedGroups,
  ImpersonatedExtra,
  ImpersonationConstraint,
  SourceIps,
  UserAgent,
  ObjectResource,
  ObjectNamespace,
  ObjectName,
  ObjectUid,
  ObjectApiGroup,
  ObjectApiVersion,
  ObjectResourceVersion,
  ObjectSubresource,
  ResponseStatus,
  ResponseMessage,
  ResponseReason,
  ResponseCode,
  ResponseDetails,
  RequestReceivedTimestamp,
  StageTimestamp,
  Annotations,
  Timestamp,
  CreationTimestamp,
  // Bodies.
  RequestObject,
  ResponseObject,
  // Derived.
  Resource,
  EffectiveUsername,
  EffectiveUid,
  EffectiveGroups,
  EffectiveExtra,
  ServiceAccountNamespace,
  ServiceAccountName,
  CallerNamespace,
  CallerPod,
  CallerPodUid,
  CallerNode,
  CredentialId,
  IssuedCredentialId,
  TargetPod,
  TargetAccount,
  PeerIp,
  PeerNetwork,
  UserAgentFamily,
  UriPath,
  UriQuery,
  ExecCommand,
  RequestDryRun,
  AuthzDecision,
  AuthzReason,
  AuthzBinding,
  AuthzRole,
  WrittenBinding,
  WrittenSubjects,
  WrittenRole,
  RbacRules,
  CsrSubject,
  PodSpec,
  HostPaths,
  ImageRepositories,
  ImageRegistries,
  WorkloadKind,
  WorkloadName,
  Truncated,
  BodyDefect,
  Cluster,
  // On hits, only in correlations.
  HitRule,
  HitStage,
  HitLevel,
  HitRisk,
  // Not a name that rules write: the element of an array block, and the keyword search over all values.
  Element,
  Keywords,
};
inline constexpr size_t kFieldCount = static_cast<size_t>(FieldId::Keywords) + 1;
inline constexpr size_t kEnvelopeFieldCount = static_cast<size_t>(FieldId::RequestObject);

enum class FieldShape : uint8_t {
  Scalar,  // at most one value
  List,    // any number of values
  Map,     // the rest of the name is one key: annotations.<key>
  Tree,    // JSON below it: every path is legal
};

enum class FieldOrigin : uint8_t { Envelope, Body, Derived, Hit, Internal };

struct FieldInfo {
  FieldId id;
  std::string_view name;  // "objectRef.resource"; for Map and Tree without the trailing part
  FieldShape shape;
  FieldOrigin origin;
  ValueType type;                             // of its values; String where mixed
  std::span<const std::string_view> domain;   // the only legal values, or empty: any
  std::span<const std::string_view> aliases;  // other names that rules may use
  bool needs_request_body;                    // derived from requestObject: unknown without it
  bool spoofable;                             // chosen by the client: a poor group key
  bool unbounded;                             // unlimited distinct values: a warning as group key
  std::string_view doc;                       // one sentence
};

std::span<const FieldInfo> field_table();
const FieldInfo& field_info(FieldId id);

}  // namespace kubevigil
