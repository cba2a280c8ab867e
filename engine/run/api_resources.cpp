#include "engine/run/api_resources.h"

#include <algorithm>
#include <array>

namespace kubevigil {
namespace {

constexpr std::string_view kRbac = "rbac.authorization.k8s.io";
constexpr std::string_view kAuthorization = "authorization.k8s.io";
constexpr std::string_view kAdmission = "admissionregistration.k8s.io";
constexpr std::string_view kNetworking = "networking.k8s.io";
constexpr std::string_view kStorage = "storage.k8s.io";
constexpr std::string_view kDevices = "resource.k8s.io";

// clang-format off
constexpr std::array kResources = {
    ApiResource{"", "pods", true, "attach binding ephemeralcontainers eviction exec log portforward proxy resize status"},
    ApiResource{"", "services", true, "proxy status"},
    ApiResource{"", "endpoints"},
    ApiResource{"", "nodes", false, "proxy status"},
    ApiResource{"", "namespaces", false, "finalize status"},
    ApiResource{"", "secrets"},
    ApiResource{"", "configmaps"},
    ApiResource{"", "serviceaccounts", true, "token"},
    ApiResource{"", "persistentvolumes", false, "status"},
    ApiResource{"", "persistentvolumeclaims", true, "status"},
    ApiResource{"", "events"},
    ApiResource{"", "replicationcontrollers", true, "scale status"},
    ApiResource{"", "limitranges"},
    ApiResource{"", "resourcequotas", true, "status"},
    ApiResource{"", "podtemplates"},
    ApiResource{"", "bindings", true, "", ApiVerbs::Create},
    ApiResource{"", "componentstatuses", false, "", ApiVerbs::Read},
    ApiResource{"apps", "deployments", true, "scale status"},
    ApiResource{"apps", "daemonsets", true, "status"},
    ApiResource{"apps", "statefulsets", true, "scale status"},
    ApiResource{"apps", "replicasets", true, "scale status"},
    ApiResource{"apps", "controllerrevisions"},
    ApiResource{"batch", "jobs", true, "status"},
    ApiResource{"batch", "cronjobs", true, "status"},
    ApiResource{kRbac, "roles"},
    ApiResource{kRbac, "rolebindings"},
    ApiResource{kRbac, "clusterroles", false},
    ApiResource{kRbac, "clusterrolebindings", false},
    ApiResource{kAuthorization, "subjectaccessreviews", false, "", ApiVerbs::Create},
    ApiResource{kAuthorization, "localsubjectaccessreviews", true, "", ApiVerbs::Create},
    ApiResource{kAuthorization, "selfsubjectaccessreviews", false, "", ApiVerbs::Create},
    ApiResource{kAuthorization, "selfsubjectrulesreviews", false, "", ApiVerbs::Create},
    ApiResource{"authentication.k8s.io", "tokenreviews", false, "", ApiVerbs::Create},
    ApiResource{"authentication.k8s.io", "selfsubjectreviews", false, "", ApiVerbs::Create},
    ApiResource{kAdmission, "validatingwebhookconfigurations", false},
    ApiResource{kAdmission, "mutatingwebhookconfigurations", false},
    ApiResource{kAdmission, "validatingadmissionpolicies", false, "status"},
    ApiResource{kAdmission, "validatingadmissionpolicybindings", false},
    ApiResource{kAdmission, "mutatingadmissionpolicies", false},
    ApiResource{kAdmission, "mutatingadmissionpolicybindings", false},
    ApiResource{"apiextensions.k8s.io", "customresourcedefinitions", false, "status"},
    ApiResource{"apiregistration.k8s.io", "apiservices", false, "status"},
    ApiResource{"autoscaling", "horizontalpodautoscalers", true, "status"},
    ApiResource{"certificates.k8s.io", "certificatesigningrequests", false, "approval status"},
    ApiResource{"certificates.k8s.io", "clustertrustbundles", false},
    ApiResource{"coordination.k8s.io", "leases"},
    ApiResource{"discovery.k8s.io", "endpointslices"},
    ApiResource{"events.k8s.io", "events"},
    ApiResource{"flowcontrol.apiserver.k8s.io", "flowschemas", false, "status"},
    ApiResource{"flowcontrol.apiserver.k8s.io", "prioritylevelconfigurations", false, "status"},
    ApiResource{"metrics.k8s.io", "pods", true, "", ApiVerbs::Read},
    ApiResource{"metrics.k8s.io", "nodes", false, "", ApiVerbs::Read},
    ApiResource{kNetworking, "networkpolicies"},
    ApiResource{kNetworking, "ingresses", true, "status"},
    ApiResource{kNetworking, "ingressclasses", false},
    ApiResource{kNetworking, "ipaddresses", false},
    ApiResource{kNetworking, "servicecidrs", false, "status"},
    ApiResource{"node.k8s.io", "runtimeclasses", false},
    ApiResource{"policy", "poddisruptionbudgets", true, "status"},
    ApiResource{kDevices, "resourceclaims", true, "status"},
    ApiResource{kDevices, "resourceclaimtemplates"},
    ApiResource{kDevices, "deviceclasses", false},
    ApiResource{kDevices, "resourceslices", false},
    ApiResource{"scheduling.k8s.io", "priorityclasses", false},
    ApiResource{kStorage, "storageclasses", false},
    ApiResource{kStorage, "csidrivers", false},
    ApiResource{kStorage, "csinodes", false},
    ApiResource{kStorage, "csistoragecapacities"},
    ApiResource{kStorage, "volumeattachments", false, "status"},
    ApiResource{kStorage, "volumeattributesclasses", false},
};
// clang-format on

constexpr std::array<std::string_view, 8> kVerbs = {"get",    "list",  "watch",  "create",
                                                    "update", "patch", "delete", "deletecollection"};
constexpr std::array<std::string_view, 3> kReads = {"get", "list", "watch"};
constexpr std::array<std::string_view, 1> kCreate = {"create"};
constexpr std::array<std::string_view, 1> kGet = {"get"};
constexpr std::array<std::string_view, 2> kConnect = {"create", "get"};
constexpr std::array<std::string_view, 5> kProxy = {"create", "get", "update", "patch", "delete"};
constexpr std::array<std::string_view, 3> kPart = {"get", "update", "patch"};
constexpr std::array<std::string_view, 7> kMethods = {"get", "head", "post", "put", "patch", "delete", "options"};
constexpr std::array<std::string_view, 20> kPaths = {"/",
                                                     "/api",
                                                     "/api/v1",
                                                     "/apis",
                                                     "/apis/apps",
                                                     "/apis/apps/v1",
                                                     "/openapi/v2",
                                                     "/openapi/v3",
                                                     "/healthz",
                                                     "/healthz/etcd",
                                                     "/livez",
                                                     "/livez/ping",
                                                     "/readyz",
                                                     "/readyz/etcd",
                                                     "/version",
                                                     "/metrics",
                                                     "/logs/kube-apiserver.log",
                                                     "/debug/pprof/profile",
                                                     "/.well-known/openid-configuration",
                                                     "/openid/v1/jwks"};

}  // namespace

std::span<const ApiResource> api_resources() { return kResources; }

const ApiResource* find_api_resource(std::string_view group, std::string_view resource) {
  const auto at = std::find_if(kResources.begin(), kResources.end(),
                               [&](const ApiResource& r) { return r.group == group && r.resource == resource; });
  return at == kResources.end() ? nullptr : &*at;
}

std::span<const std::string_view> api_verbs(const ApiResource& resource, std::string_view subresource) {
  if (subresource.empty() && resource.verbs == ApiVerbs::Create) return kCreate;
  if (subresource.empty()) return resource.verbs == ApiVerbs::Read ? kReads : std::span<const std::string_view>(kVerbs);
  if (subresource == "log") return kGet;
  if (subresource == "exec" || subresource == "attach" || subresource == "portforward") return kConnect;
  if (subresource == "proxy") return kProxy;
  if (subresource == "binding" || subresource == "eviction" || subresource == "token") return kCreate;
  return kPart;
}

std::span<const std::string_view> resource_verbs() { return kVerbs; }
std::span<const std::string_view> path_verbs() { return kMethods; }
std::span<const std::string_view> api_paths() { return kPaths; }

}  // namespace kubevigil
