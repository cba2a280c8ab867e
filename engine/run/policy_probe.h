// Requests to try a policy with: together they reach what its rules distinguish. Pure functions. Of a policy that names
// more than the bounds below, the first ones are tried.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/run/audit_policy.h"

namespace kubevigil {

struct PolicyCaller {
  std::string user;
  std::vector<std::string> groups;
};

// A caller of that name with the groups that the API server gives it; named by nobody, anyone.
PolicyCaller caller_named(std::string user);
// Somebody in that group.
PolicyCaller caller_in(const std::string& group);
// A person, a service account, a default one, a kubelet, a client without credentials.
const std::vector<PolicyCaller>& usual_callers();
// Those, and one for each user and group that the policy names.
inline constexpr size_t kProbeCallers = 64;
inline constexpr size_t kProbeNames = 24;       // of one list of a rule
inline constexpr size_t kProbeTargets = 2'000;  // resources and paths in all
std::vector<PolicyCaller> callers_of(const AuditPolicy& policy);

inline constexpr std::string_view kSomeNamespace = "some-namespace";
inline constexpr std::string_view kSomeName = "some-name";

// Something that can be asked for: a resource with subresource, or a path.
struct PolicyTarget {
  bool is_resource = true;
  std::string group, resource, subresource, path;
  bool namespaced = true;
};
// All resources of Kubernetes with their subresources, one custom resource, and what the policy names beside them.
std::vector<PolicyTarget> targets_of(const AuditPolicy& policy);
// What one rule of a policy speaks of, out of the above.
std::vector<PolicyTarget> targets_of(const PolicyRule& rule, const std::vector<PolicyTarget>& all);

PolicyRequest request_to(const PolicyTarget& target, const PolicyCaller& caller, std::string_view verb,
                         std::string_view ns, std::string_view name);

// Calls `visit` for requests that the rule itself matches, until it returns false or kProbeRequests were tried. True:
// it has seen all there are.
inline constexpr size_t kProbeRequests = 500'000;
bool each_request_of(const PolicyRule& rule, const std::vector<PolicyTarget>& all,
                     const std::function<bool(const PolicyRequest&)>& visit);

}  // namespace kubevigil
