#include "engine/run/policy_probe.h"

#include <algorithm>
#include <span>

#include "engine/base/text.h"
#include "engine/run/api_resources.h"

namespace kubevigil {
namespace {

constexpr std::string_view kAccount = "system:serviceaccount:";

std::vector<std::string> groups_of(const std::string& user) {
  if (user == "system:anonymous") return {"system:unauthenticated"};
  if (user.starts_with("system:node:")) return {"system:nodes", "system:authenticated"};
  if (!user.starts_with(kAccount)) return {"system:authenticated"};
  const std::string rest = user.substr(kAccount.size());
  return {"system:serviceaccounts", "system:serviceaccounts:" + rest.substr(0, rest.find(':')), "system:authenticated"};
}

bool same(const PolicyTarget& a, const PolicyTarget& b) {
  return a.is_resource == b.is_resource && a.group == b.group && a.resource == b.resource &&
         a.subresource == b.subresource && a.path == b.path;
}

void add_new(std::vector<PolicyTarget>& targets, PolicyTarget target) {
  if (targets.size() >= kProbeTargets) return;
  if (std::none_of(targets.begin(), targets.end(), [&](const PolicyTarget& t) { return same(t, target); })) {
    targets.push_back(std::move(target));
  }
}

PolicyTarget path_target(std::string path) { return {false, {}, {}, {}, std::move(path), false}; }

// What a policy names and Kubernetes does not serve: custom resources, other paths.
void add_named(const PolicyRule& rule, std::vector<PolicyTarget>& targets) {
  for (const PolicyResources& r : rule.resources) {
    const std::string group = r.group == "*" ? "example.com" : r.group;
    for (const std::string& spec : r.resources) {
      const size_t slash = spec.find('/');
      const std::string resource = spec.substr(0, slash);
      std::string part = slash == std::string::npos ? "" : spec.substr(slash + 1);
      if (part == "*") part = "status";
      add_new(targets, {true, group, resource == "*" ? "widgets" : resource, part, {}, true});
    }
    if (r.resources.empty()) add_new(targets, {true, group, "widgets", {}, {}, true});
  }
  for (const std::string& url : rule.urls) {
    const size_t end = url.find_last_not_of('*');
    add_new(targets, path_target(end == std::string::npos ? "/" : url.substr(0, end + 1)));
  }
}

std::span<const std::string> first_of(const std::vector<std::string>& list) {
  return std::span(list).first(std::min(list.size(), kProbeNames));
}

std::vector<PolicyCaller> callers_of_rule(const PolicyRule& rule) {
  std::vector<PolicyCaller> callers;
  for (const std::string& user : first_of(rule.users)) callers.push_back(caller_named(user));
  if (rule.groups.empty()) return callers.empty() ? usual_callers() : callers;
  if (callers.empty()) {
    for (const std::string& group : first_of(rule.groups)) callers.push_back(caller_in(group));
    return callers;
  }
  std::vector<PolicyCaller> both;
  for (const PolicyCaller& caller : callers) {
    for (const std::string& group : first_of(rule.groups)) {
      both.push_back(caller);
      both.back().groups.push_back(group);
    }
  }
  return both;
}

std::vector<std::string> names_of(const PolicyRule& rule) {
  std::vector<std::string> names = {std::string(kSomeName), ""};
  for (const PolicyResources& r : rule.resources) {
    if (names.size() < kProbeNames) names.insert(names.end(), first_of(r.names).begin(), first_of(r.names).end());
  }
  return names;
}

std::vector<std::string_view> verbs_for(const PolicyRule& rule, const PolicyTarget& target) {
  if (!rule.verbs.empty()) return {first_of(rule.verbs).begin(), first_of(rule.verbs).end()};
  const auto all = target.is_resource ? resource_verbs() : path_verbs();
  return {all.begin(), all.end()};
}

}  // namespace

PolicyCaller caller_named(std::string user) {
  std::vector<std::string> groups = groups_of(user);
  return {std::move(user), std::move(groups)};
}

PolicyCaller caller_in(const std::string& group) {
  constexpr std::string_view kAccounts = "system:serviceaccounts:";
  if (group.starts_with(kAccounts)) {
    return caller_named(std::string(kAccount) + group.substr(kAccounts.size()) + ":some-account");
  }
  for (const PolicyCaller& caller : usual_callers()) {
    if (std::find(caller.groups.begin(), caller.groups.end(), group) != caller.groups.end()) return caller;
  }
  return {"someone", {group, "system:authenticated"}};
}

const std::vector<PolicyCaller>& usual_callers() {
  static const std::vector<PolicyCaller> callers = {
      caller_named("someone"), caller_named("system:serviceaccount:some-namespace:some-account"),
      caller_named("system:serviceaccount:some-namespace:default"), caller_named("system:node:some-node"),
      caller_named("system:anonymous")};
  return callers;
}

std::vector<PolicyCaller> callers_of(const AuditPolicy& policy) {
  std::vector<PolicyCaller> callers = usual_callers();
  const auto add = [&](PolicyCaller caller) {
    const bool known = std::any_of(callers.begin(), callers.end(), [&](const PolicyCaller& c) {
      return c.user == caller.user && c.groups == caller.groups;
    });
    if (!known && callers.size() < kProbeCallers) callers.push_back(std::move(caller));
  };
  for (const PolicyRule& rule : policy.rules) {
    for (const std::string& user : rule.users) add(caller_named(user));
    for (const std::string& group : rule.groups) add(caller_in(group));
  }
  return callers;
}

std::vector<PolicyTarget> targets_of(const AuditPolicy& policy) {
  std::vector<PolicyTarget> targets;
  for (const ApiResource& r : api_resources()) {
    targets.push_back({true, std::string(r.group), std::string(r.resource), {}, {}, r.namespaced});
    if (r.subresources.empty()) continue;
    for (const std::string_view part : split(r.subresources, ' ')) {
      targets.push_back({true, std::string(r.group), std::string(r.resource), std::string(part), {}, r.namespaced});
    }
  }
  targets.push_back({true, "example.com", "widgets", {}, {}, true});
  for (const std::string_view path : api_paths()) targets.push_back(path_target(std::string(path)));
  for (const PolicyRule& rule : policy.rules) add_named(rule, targets);
  return targets;
}

std::vector<PolicyTarget> targets_of(const PolicyRule& rule, const std::vector<PolicyTarget>& all) {
  std::vector<PolicyTarget> out;
  PolicyRule shape;  // what it says of targets alone
  shape.resources = rule.resources;
  for (PolicyResources& r : shape.resources) r.names.clear();
  shape.urls = rule.urls;
  for (const PolicyTarget& target : all) {
    if (!rule.namespaces.empty() && !target.is_resource) continue;
    if (matches(shape, request_to(target, usual_callers().front(), "get", "", ""))) out.push_back(target);
  }
  return out;
}

PolicyRequest request_to(const PolicyTarget& target, const PolicyCaller& caller, std::string_view verb,
                         std::string_view ns, std::string_view name) {
  PolicyRequest request;
  request.user = caller.user;
  request.groups = caller.groups;
  request.verb = verb;
  request.is_resource = target.is_resource;
  request.api_group = target.group;
  request.resource = target.resource;
  request.subresource = target.subresource;
  request.path = target.path;
  if (!target.is_resource) return request;
  request.ns = ns;
  request.name = name;
  return request;
}

bool each_request_of(const PolicyRule& rule, const std::vector<PolicyTarget>& all,
                     const std::function<bool(const PolicyRequest&)>& visit) {
  std::vector<std::string> spaces(first_of(rule.namespaces).begin(), first_of(rule.namespaces).end());
  if (spaces.empty()) spaces = {std::string(kSomeNamespace), ""};
  const std::vector<PolicyCaller> callers = callers_of_rule(rule);
  const std::vector<std::string> names = names_of(rule);
  size_t left = kProbeRequests;
  for (const PolicyTarget& target : targets_of(rule, all)) {
    for (const std::string_view verb : verbs_for(rule, target)) {
      for (const PolicyCaller& caller : callers) {
        for (const std::string& ns : spaces) {
          for (const std::string& name : names) {
            if (left-- == 0) return false;
            const PolicyRequest request = request_to(target, caller, verb, ns, name);
            if (matches(rule, request) && !visit(request)) return false;
          }
        }
      }
    }
  }
  return true;
}

}  // namespace kubevigil
