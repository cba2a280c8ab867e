#include "engine/event/field_table.h"

#include <array>
#include <cassert>

namespace kubevigil {
namespace {

using enum FieldShape;
using enum FieldOrigin;
using Names = std::span<const std::string_view>;

// Request verbs of resources, then HTTP methods in lower case for everything else
// (k8s.io/apiserver pkg/endpoints/request/requestinfo.go). `connect` and `exec` are no verbs: exec is create or
// get on the subresource.
constexpr std::array<std::string_view, 16> kVerbs = {
    "get",  "list", "watch", "create",  "update", "patch",   "delete", "deletecollection",
    "post", "put",  "head",  "options", "trace",  "connect", "proxy",  "redirect"};
constexpr std::array<std::string_view, 3> kLevels = {"Metadata", "Request", "RequestResponse"};
constexpr std::array<std::string_view, 4> kStages = {"RequestReceived", "ResponseStarted", "ResponseComplete", "Panic"};
constexpr std::array<std::string_view, 2> kStatuses = {"Success", "Failure"};
constexpr std::array<std::string_view, 2> kDecisions = {"allow", "forbid"};
constexpr std::array<std::string_view, 2> kBooleans = {"true", "false"};
constexpr std::array<std::string_view, 7> kDefects = {"utf8",     "depth",     "nodes", "grammar",
                                                      "oversize", "truncated", "values"};
constexpr std::array<std::string_view, 5> kHitStages = {"entry", "collect", "probe", "spread", "effect"};
constexpr std::array<std::string_view, 5> kHitLevels = {"informational", "low", "medium", "high", "critical"};

constexpr std::array<std::string_view, 1> kDryRunAliases = {"requestDryRun"};
constexpr std::array<std::string_view, 1> kCommandAliases = {"exec.command"};

enum Flag : uint8_t { kPlain = 0, kBody = 1, kSpoofable = 2, kUnbounded = 4 };

constexpr FieldInfo row(FieldId id, std::string_view name, FieldShape shape, FieldOrigin origin, int flags,
                        std::string_view doc, ValueType type = ValueType::String, Names domain = {},
                        Names aliases = {}) {
  return {id,
          name,
          shape,
          origin,
          type,
          domain,
          aliases,
          (flags & kBody) != 0,
          (flags & kSpoofable) != 0,
          (flags & kUnbounded) != 0,
          doc};
}

// clang-format off
constexpr std::array kTable = {
    row(FieldId::Kind, "kind", Scalar, Envelope, kPlain, "\"Event\" on log lines; list items have none"),
    row(FieldId::ApiVersion, "apiVersion", Scalar, Envelope, kPlain, "audit.k8s.io/v1 (or v1beta1, v1alpha1) on log lines"),
    row(FieldId::Level, "level", Scalar, Envelope, kPlain, "How much of the request the audit policy kept", ValueType::String, kLevels),
    row(FieldId::AuditId, "auditID", Scalar, Envelope, kSpoofable | kUnbounded, "Id of the request; the client may choose it (header Audit-ID)"),
    row(FieldId::Stage, "stage", Scalar, Envelope, kPlain, "Stage of the request; a 401 has only ResponseStarted", ValueType::String, kStages),
    row(FieldId::RequestUri, "requestURI", Scalar, Envelope, kSpoofable | kUnbounded, "Path and query as the client sent them"),
    row(FieldId::Verb, "verb", Scalar, Envelope, kPlain, "Request verb; for non-resource requests the HTTP method in lower case", ValueType::String, kVerbs),
    row(FieldId::UserUsername, "user.username", Scalar, Envelope, kPlain, "The authenticated caller, before impersonation"),
    row(FieldId::UserUid, "user.uid", Scalar, Envelope, kPlain, "Unique id of the caller, where the authenticator gives one"),
    row(FieldId::UserGroups, "user.groups", List, Envelope, kPlain, "Groups of the caller"),
    row(FieldId::UserExtra, "user.extra", Map, Envelope, kPlain, "Extra facts of the authenticator: pod and node of a token, ARN, ..."),
    row(FieldId::ImpersonatedUsername, "impersonatedUser.username", Scalar, Envelope, kPlain, "The user that the caller acted as"),
    row(FieldId::ImpersonatedUid, "impersonatedUser.uid", Scalar, Envelope, kPlain, "Uid of the impersonated user"),
    row(FieldId::ImpersonatedGroups, "impersonatedUser.groups", List, Envelope, kPlain, "Groups of the impersonated user"),
    row(FieldId::ImpersonatedExtra, "impersonatedUser.extra", Map, Envelope, kPlain, "Extra of the impersonated user"),
    row(FieldId::ImpersonationConstraint, "authenticationMetadata.impersonationConstraint", Scalar, Envelope, kPlain, "Which constrained impersonation was used (1.35 and later)"),
    row(FieldId::SourceIps, "sourceIPs", List, Envelope, kSpoofable | kUnbounded, "Client and proxy addresses; only the last is trustworthy, see peerIP"),
    row(FieldId::UserAgent, "userAgent", Scalar, Envelope, kSpoofable | kUnbounded, "User-Agent header, at most 1024 bytes"),
    row(FieldId::ObjectResource, "objectRef.resource", Scalar, Envelope, kPlain, "Resource in the plural: pods, secrets; absent for non-resource requests"),
    row(FieldId::ObjectNamespace, "objectRef.namespace", Scalar, Envelope, kPlain, "Namespace of the object; absent when cluster-wide or over all namespaces"),
    row(FieldId::ObjectName, "objectRef.name", Scalar, Envelope, kUnbounded, "Name of the object; absent on list, and on create with generateName"),
    row(FieldId::ObjectUid, "objectRef.uid", Scalar, Envelope, kUnbounded, "Uid of the object, where known"),
    row(FieldId::ObjectApiGroup, "objectRef.apiGroup", Scalar, Envelope, kPlain, "API group; absent for the core group"),
    row(FieldId::ObjectApiVersion, "objectRef.apiVersion", Scalar, Envelope, kPlain, "API version without the group"),
    row(FieldId::ObjectResourceVersion, "objectRef.resourceVersion", Scalar, Envelope, kUnbounded, "Resource version that the request named"),
    row(FieldId::ObjectSubresource, "objectRef.subresource", Scalar, Envelope, kPlain, "exec, log, token, status, ...; absent for the object itself"),
    row(FieldId::ResponseStatus, "responseStatus.status", Scalar, Envelope, kPlain, "Success or Failure, often absent on success", ValueType::String, kStatuses),
    row(FieldId::ResponseMessage, "responseStatus.message", Scalar, Envelope, kUnbounded, "Text of the error"),
    row(FieldId::ResponseReason, "responseStatus.reason", Scalar, Envelope, kPlain, "Forbidden, NotFound, AlreadyExists, ..."),
    row(FieldId::ResponseCode, "responseStatus.code", Scalar, Envelope, kPlain, "HTTP status code, a number", ValueType::Int),
    row(FieldId::ResponseDetails, "responseStatus.details", Tree, Envelope, kPlain, "Details of the error: kind, name, causes"),
    row(FieldId::RequestReceivedTimestamp, "requestReceivedTimestamp", Scalar, Envelope, kUnbounded, "When the request arrived"),
    row(FieldId::StageTimestamp, "stageTimestamp", Scalar, Envelope, kUnbounded, "When this stage was reached"),
    row(FieldId::Annotations, "annotations", Map, Envelope, kPlain, "Audit annotations: authorization decision, admission, pod security"),
    row(FieldId::Timestamp, "timestamp", Scalar, Envelope, kUnbounded, "Event time of v1alpha1 and v1beta1 events"),
    row(FieldId::CreationTimestamp, "metadata.creationTimestamp", Scalar, Envelope, kUnbounded, "Creation time of v1alpha1 and v1beta1 events"),
    row(FieldId::RequestObject, "requestObject", Tree, Body, kBody, "Body of the request, from level Request up; every path below it is legal"),
    row(FieldId::ResponseObject, "responseObject", Tree, Body, kPlain, "Body of the response, at level RequestResponse; every path below it is legal"),
    row(FieldId::Resource, "resource", Scalar, Derived, kPlain, "objectRef.resource, or resource/subresource"),
    row(FieldId::EffectiveUsername, "effectiveUser.username", Scalar, Derived, kPlain, "The impersonated user if there is one, else the caller"),
    row(FieldId::EffectiveUid, "effectiveUser.uid", Scalar, Derived, kPlain, "Uid of the effective user"),
    row(FieldId::EffectiveGroups, "effectiveUser.groups", List, Derived, kPlain, "Groups of the effective user"),
    row(FieldId::EffectiveExtra, "effectiveUser.extra", Map, Derived, kPlain, "Extra of the effective user"),
    row(FieldId::ServiceAccountNamespace, "serviceAccount.namespace", Scalar, Derived, kPlain, "Namespace of the effective user when it is a service account"),
    row(FieldId::ServiceAccountName, "serviceAccount.name", Scalar, Derived, kPlain, "Name of the effective user when it is a service account"),
    row(FieldId::CallerNamespace, "caller.namespace", Scalar, Derived, kPlain, "Namespace of the service account whose token the caller has"),
    row(FieldId::CallerPod, "caller.pod", Scalar, Derived, kPlain, "Pod that the caller's token is bound to"),
    row(FieldId::CallerPodUid, "caller.podUID", Scalar, Derived, kPlain, "Uid of the pod that the caller's token is bound to"),
    row(FieldId::CallerNode, "caller.node", Scalar, Derived, kPlain, "Node that the caller's token is bound to"),
    row(FieldId::CredentialId, "credentialId", Scalar, Derived, kPlain, "Id of the caller's credential: JTI=... or X509SHA256=..."),
    row(FieldId::IssuedCredentialId, "issuedCredentialId", Scalar, Derived, kUnbounded, "Id of the token that this request issued"),
    row(FieldId::TargetPod, "target.pod", Scalar, Derived, kPlain, "Pod that the request acts on; for generateName taken from the response, else unknown"),
    row(FieldId::TargetAccount, "target.account", Scalar, Derived, kPlain, "Service account that the request acts on or mints a token for, spelled as its user name"),
    row(FieldId::PeerIp, "peerIP", Scalar, Derived, kPlain, "The last source address, trusted proxies stepped over: the one the client cannot choose"),
    row(FieldId::PeerNetwork, "peerNetwork", Scalar, Derived, kPlain, "Network of peerIP: /24 for IPv4, /48 for IPv6"),
    row(FieldId::UserAgentFamily, "userAgent.family", Scalar, Derived, kSpoofable, "Product in front of the first slash of userAgent, in lower case: kubectl, curl"),
    row(FieldId::UriPath, "uri.path", Scalar, Derived, kUnbounded, "Path of requestURI, decoded"),
    row(FieldId::UriQuery, "uri.query", Map, Derived, kSpoofable, "A query parameter of requestURI, decoded; repeated parameters give several values"),
    row(FieldId::ExecCommand, "execCommand", Scalar, Derived, kUnbounded, "Command of an exec request: its command parameters joined by a space", ValueType::String, {}, kCommandAliases),
    row(FieldId::RequestDryRun, "request.dryRun", Scalar, Derived, kPlain, "true when the request changes nothing (dryRun in the query or in the body)", ValueType::Bool, kBooleans, kDryRunAliases),
    row(FieldId::AuthzDecision, "authz.decision", Scalar, Derived, kPlain, "Decision of the authorizer", ValueType::String, kDecisions),
    row(FieldId::AuthzReason, "authz.reason", Scalar, Derived, kUnbounded, "Reason that the authorizer gave"),
    row(FieldId::AuthzBinding, "authz.binding", Scalar, Derived, kPlain, "Binding that allowed the request: ClusterRoleBinding/name or RoleBinding/namespace/name"),
    row(FieldId::AuthzRole, "authz.role", Scalar, Derived, kPlain, "Role that allowed the request: ClusterRole/name or Role/name"),
    row(FieldId::WrittenBinding, "written.binding", Scalar, Derived, kPlain, "Role binding that the request writes or deletes, spelled as in authz.binding"),
    row(FieldId::WrittenSubjects, "written.subjects", List, Derived, kBody, "Subjects of the written binding: user name, Group:name; service accounts as their user name"),
    row(FieldId::WrittenRole, "written.role", Scalar, Derived, kPlain, "Role that the request writes or deletes, spelled as in authz.role: ClusterRole/name or Role/name"),
    row(FieldId::RbacRules, "rbacRules", Tree, Derived, kBody, "Rules of a written Role or ClusterRole; verbs, resources, apiGroups of an element stay together"),
    row(FieldId::CsrSubject, "csr.subject", List, Derived, kBody, "Subject of a certificate signing request, one value a part: CN=..., O=..."),
    row(FieldId::PodSpec, "podSpec", Tree, Derived, kBody, "Pod spec of any workload kind; podSpec.allContainers = containers + initContainers + ephemeralContainers"),
    row(FieldId::HostPaths, "hostPaths", List, Derived, kBody, "hostPath volumes of the pod spec, normalised (no //, /var/run is /run, no slash at the end)"),
    row(FieldId::ImageRepositories, "imageRepositories", List, Derived, kBody, "Images of all containers of the pod spec without tag and digest, registry in front: docker.io/library/nginx"),
    row(FieldId::ImageRegistries, "imageRegistries", List, Derived, kBody, "Registries of these images: docker.io, registry.k8s.io"),
    row(FieldId::WorkloadKind, "workload.kind", Scalar, Derived, kPlain, "Kind of the workload that the written object belongs to, see workload.name"),
    row(FieldId::WorkloadName, "workload.name", Scalar, Derived, kPlain, "Root workload of what a workload controller writes (the Deployment of a pod); anybody else's object stands for itself"),
    row(FieldId::Truncated, "truncated", Scalar, Derived, kPlain, "true when the API server cut this event", ValueType::Bool, kBooleans),
    row(FieldId::BodyDefect, "body.defect", Scalar, Derived, kPlain, "Why a body could not be read", ValueType::String, kDefects),
    row(FieldId::Cluster, "cluster", Scalar, Derived, kPlain, "Cluster that the event comes from, from the envelope or a flag"),
    row(FieldId::HitRule, "hit.rule", Scalar, FieldOrigin::Hit, kPlain, "Name of the rule that matched; in correlations only"),
    row(FieldId::HitStage, "hit.stage", Scalar, FieldOrigin::Hit, kPlain, "Stage of the rule that matched; in correlations only", ValueType::String, kHitStages),
    row(FieldId::HitLevel, "hit.level", Scalar, FieldOrigin::Hit, kPlain, "Level of the rule that matched; in correlations only", ValueType::String, kHitLevels),
    row(FieldId::HitRisk, "hit.risk", Scalar, FieldOrigin::Hit, kPlain, "Risk of the rule that matched; in correlations only", ValueType::Int),
    row(FieldId::Element, ".", Tree, Internal, kPlain, "The element of an array block"),
    row(FieldId::Keywords, "(keywords)", List, Internal, kPlain, "All values of the event, for keyword searches"),
};
// clang-format on

static_assert(kTable.size() == kFieldCount, "a row for every FieldId");

constexpr bool rows_in_order() {
  for (size_t i = 0; i < kTable.size(); ++i) {
    if (static_cast<size_t>(kTable[i].id) != i) return false;
  }
  return true;
}
static_assert(rows_in_order(), "rows in the order of FieldId");

}  // namespace

std::span<const FieldInfo> field_table() { return kTable; }

const FieldInfo& field_info(FieldId id) {
  assert(static_cast<size_t>(id) < kFieldCount);
  return kTable[static_cast<size_t>(id)];
}

}  // namespace kubevigil
