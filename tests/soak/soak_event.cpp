#include "tests/soak/soak_event.h"

#include <fmt/format.h>

#include <array>

namespace kubevigil::test {
namespace {

struct Kind {
  std::string_view verb, user, resource, subresource, name;
  int code;
};

// Users and namespaces are filled in below, from pools that real clusters have the size of.
constexpr std::array<Kind, 10> kMix = {{
    {"update", "system:node:node", "leases", "", "node", 200},
    {"patch", "system:node:node", "pods", "status", "web", 200},
    {"get", "system:serviceaccount:kube-system:controller", "configmaps", "", "settings", 200},
    {"list", "user", "pods", "", "", 200},
    {"watch", "system:serviceaccount:kube-system:controller", "services", "", "", 200},
    {"update", "system:kube-scheduler", "leases", "", "kube-scheduler", 200},
    {"get", "user", "deployments", "", "web", 200},
    {"create", "system:node:node", "events", "", "web", 201},
    {"patch", "system:serviceaccount:kube-system:controller", "deployments", "status", "web", 200},
    {"get", "user", "secrets", "", "password", 403},
}};
constexpr Kind kConfigMap{"create", "user", "configmaps", "", "", 201};
constexpr Kind kShell{"create", "user", "pods", "exec", "web", 101};

const Kind& kind_of(size_t number) {
  if (makes_object(number)) return kConfigMap;
  return number % 5000 == 11 ? kShell : kMix[number % kMix.size()];
}

}  // namespace

std::string object_name(std::string_view stream, size_t number) { return fmt::format("soak-{}-{}", stream, number); }

std::string soak_event(std::string_view stream, size_t number, Timestamp time) {
  const Kind& kind = kind_of(number);
  const size_t namespace_number = number / 40 % 60, user_number = number / 7 % 200;
  const std::string user =
      kind.user == "system:kube-scheduler" ? std::string(kind.user) : fmt::format("{}-{}", kind.user, user_number);
  std::string name(kind.name);
  if (makes_object(number)) name = object_name(stream, number);
  return fmt::format(R"({{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"{0}-{1:012}",)"
                     R"("stage":"ResponseComplete","requestURI":"/apis/x/v1/namespaces/ns-{2}/{3}/{4}","verb":"{5}",)"
                     R"("user":{{"username":"{6}","groups":["system:authenticated"]}},"sourceIPs":["10.{7}.0.{8}"],)"
                     R"("userAgent":"client/{7}","objectRef":{{"resource":"{3}","namespace":"ns-{2}","name":"{4}",)"
                     R"("apiVersion":"v1","subresource":"{9}"}},"responseStatus":{{"metadata":{{}},"code":{10}}},)"
                     R"("requestReceivedTimestamp":"{11}","stageTimestamp":"{11}",)"
                     R"("annotations":{{"authorization.k8s.io/decision":"{12}","authorization.k8s.io/reason":""}}}})",
                     stream, number, namespace_number, kind.resource, name, kind.verb, user, user_number % 9,
                     user_number, kind.subresource, kind.code, format_rfc3339(time),
                     kind.code == 403 ? "forbid" : "allow");
}

}  // namespace kubevigil::test
