#include "engine/event/envelope.h"

namespace kubevigil {
namespace {

using Names = std::span<const std::string_view>;

constexpr std::string_view kGkeNever[] = {"user.uid",      "user.groups", "user.extra",  "impersonatedUser.username",
                                          "objectRef.uid", "uri.query",   "execCommand", "credentialId",
                                          "caller.pod",    "caller.node"};
constexpr std::string_view kLegacyNever[] = {"requestObject", "responseObject", "user.uid",
                                             "user.extra",    "annotations",    "authz.decision",
                                             "credentialId",  "podSpec",        "rbacRules"};
constexpr std::string_view kReads[] = {"get", "list"};
constexpr std::string_view kElasticNever[] = {"requestObject.metadata", "responseObject.metadata"};

constexpr EnvelopeInfo kEnvelopes[] = {
    {EnvelopeKind::Native, "native", "audit.k8s.io events as the API server writes them", {}, {}},
    {EnvelopeKind::CloudWatch,
     "eks-cloudwatch",
     "Amazon EKS through CloudWatch Logs",
     {},
     "AWS fixes the audit policy; long messages are cut and lose bodies, times and annotations"},
    {EnvelopeKind::CloudWatchExport,
     "eks-export",
     "Amazon EKS, a CloudWatch export: lines with a time in front",
     {},
     "AWS fixes the audit policy; the export does not name the cluster"},
    {EnvelopeKind::Gke, "gke", "Google GKE, Cloud Audit Logs", kGkeNever,
     "the event is rebuilt from a log entry; response codes are derived from gRPC codes; reads are only in the Data "
     "Access log, which is off by default"},
    {EnvelopeKind::Aks,
     "aks",
     "Azure AKS diagnostic records, category kube-audit",
     {},
     "Storage cuts records at 16 KiB, Log Analytics at 32 KiB: such events lose bodies, times and annotations"},
    {EnvelopeKind::AksAdmin,
     "aks-admin",
     "Azure AKS diagnostic records, category kube-audit-admin",
     {},
     "this category leaves out get and list: nobody is seen reading; records are cut at 16 KiB",
     kReads},
    {EnvelopeKind::OpenShift, "openshift", "OpenShift logging (ViaQ)", {}, {}},
    {EnvelopeKind::Ovh, "ovh", "OVHcloud, GELF", {}, {}},
    {EnvelopeKind::Shipper, "shipper", "fluent-bit, Vector, Filebeat, Logstash: the line in a string member", {}, {}},
    {EnvelopeKind::Elastic, "elastic", "Elastic integration, kubernetes.audit", kElasticNever,
     "the metadata of bodies is removed"},
    {EnvelopeKind::SplunkHec, "splunk-hec", "Splunk HTTP event collector", {}, {}},
    {EnvelopeKind::SplunkExport, "splunk-export", "Splunk search export", {}, {}},
    {EnvelopeKind::Otlp, "otlp", "OpenTelemetry logs as JSON", {}, {}},
    {EnvelopeKind::Loki, "loki", "Grafana Loki push or query result", {}, {}},
    {EnvelopeKind::CloudEvents, "cloudevents", "CloudEvents 1.0", {}, {}},
    {EnvelopeKind::Datadog, "datadog", "Datadog archive", {}, {}},
    {EnvelopeKind::Panther, "panther", "Panther archive", {}, {}},
    {EnvelopeKind::Docker, "docker", "docker json-file", {}, {}},
    {EnvelopeKind::Cri, "cri", "container runtime log of the API server's standard output", {}, {}},
    {EnvelopeKind::Syslog, "syslog", "syslog, RFC 3164 or 5424", {}, "some relays cut long lines"},
    {EnvelopeKind::Legacy, "legacy", "legacy text format of the API server", kLegacyNever,
     "always without bodies; the resource is derived from the URI"},
};

constexpr bool in_order() {
  for (size_t i = 0; i < std::size(kEnvelopes); ++i) {
    if (static_cast<size_t>(kEnvelopes[i].kind) != i) return false;
  }
  return std::size(kEnvelopes) == kEnvelopeKindCount;
}
static_assert(in_order());

}  // namespace

std::span<const EnvelopeInfo> envelope_table() { return kEnvelopes; }
const EnvelopeInfo& envelope_info(EnvelopeKind kind) { return kEnvelopes[static_cast<size_t>(kind)]; }

}  // namespace kubevigil
