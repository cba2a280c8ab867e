#include "engine/run/audit_policy.h"

#include <algorithm>
#include <array>

namespace kubevigil {
namespace {

constexpr std::array<std::string_view, 4> kLevels = {"None", "Metadata", "Request", "RequestResponse"};
constexpr std::array<std::string_view, 4> kStages = {"RequestReceived", "ResponseStarted", "ResponseComplete", "Panic"};

template <typename Enum>
std::optional<Enum> parse_name(std::span<const std::string_view> names, std::string_view text) {
  const auto at = std::find(names.begin(), names.end(), text);
  if (at == names.end()) return std::nullopt;
  return static_cast<Enum>(at - names.begin());
}

bool holds(const std::vector<std::string>& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

bool matches_caller(const PolicyRule& rule, const PolicyRequest& request) {
  if (!rule.users.empty() && !(request.has_user() && holds(rule.users, request.user))) return false;
  if (rule.groups.empty()) return true;
  return std::any_of(request.groups.begin(), request.groups.end(),
                     [&](const std::string& group) { return holds(rule.groups, group); });
}

// `spec` names what the request is for: pods, pods/exec, pods/*, */exec, *.
bool names_resource(std::string_view spec, const PolicyRequest& request) {
  if (spec == "*") return true;
  const std::string whole =
      request.subresource.empty() ? request.resource : request.resource + '/' + request.subresource;
  if (spec == whole) return true;
  if (!request.subresource.empty() && spec.starts_with("*/") && spec.substr(2) == request.subresource) return true;
  return spec.ends_with("/*") && spec.substr(0, spec.size() - 2) == request.resource;
}

bool matches_resource(const PolicyRule& rule, const PolicyRequest& request) {
  if (!request.is_resource) return false;
  if (!rule.namespaces.empty() && !holds(rule.namespaces, request.ns)) return false;
  if (rule.resources.empty()) return true;
  return std::any_of(rule.resources.begin(), rule.resources.end(), [&](const PolicyResources& r) {
    if (r.group != "*" && r.group != request.api_group) return false;
    if (r.resources.empty()) return true;
    if (!r.names.empty() && !holds(r.names, request.name)) return false;
    return std::any_of(r.resources.begin(), r.resources.end(),
                       [&](const std::string& spec) { return names_resource(spec, request); });
  });
}

bool matches_path(std::string_view spec, std::string_view path) {
  if (spec == "*" || spec == path) return true;
  if (!spec.ends_with('*')) return false;
  return path.starts_with(spec.substr(0, spec.find_last_not_of('*') + 1));
}

}  // namespace

std::string_view to_text(AuditLevel level) { return kLevels[static_cast<size_t>(level)]; }
std::optional<AuditLevel> parse_audit_level(std::string_view text) { return parse_name<AuditLevel>(kLevels, text); }
std::string_view to_text(AuditStage stage) { return kStages[static_cast<size_t>(stage)]; }
std::optional<AuditStage> parse_audit_stage(std::string_view text) { return parse_name<AuditStage>(kStages, text); }

bool PolicyRule::asks_nothing() const {
  return users.empty() && groups.empty() && verbs.empty() && namespaces.empty() && urls.empty() && resources.empty();
}

PolicyRequest policy_request(const Event& event, FieldLookup& fields) {
  PolicyRequest request;
  request.user = event.text(FieldId::UserUsername);
  for (const Value& group : event.values(FieldId::UserGroups)) request.groups.emplace_back(group.text);
  request.verb = event.text(FieldId::Verb);
  request.resource = event.text(FieldId::ObjectResource);
  request.is_resource = !request.resource.empty();
  if (request.is_resource) {
    request.api_group = event.text(FieldId::ObjectApiGroup);
    request.subresource = event.text(FieldId::ObjectSubresource);
    request.ns = event.text(FieldId::ObjectNamespace);
    const bool named_by_body = request.verb == "create" && request.subresource.empty();
    if (!named_by_body) request.name = event.text(FieldId::ObjectName);
  }
  const FieldValues path = fields.values({FieldId::UriPath, {}});
  if (!path.values.empty()) request.path = path.values.front().text;
  return request;
}

bool matches(const PolicyRule& rule, const PolicyRequest& request) {
  if (!matches_caller(rule, request)) return false;
  if (!rule.verbs.empty() && !holds(rule.verbs, request.verb)) return false;
  if (!rule.namespaces.empty() || !rule.resources.empty()) return matches_resource(rule, request);
  if (rule.urls.empty()) return true;
  return !request.is_resource && std::any_of(rule.urls.begin(), rule.urls.end(),
                                             [&](const std::string& url) { return matches_path(url, request.path); });
}

PolicyDecision decide(const AuditPolicy& policy, const PolicyRequest& request) {
  for (size_t i = 0; i < policy.rules.size(); ++i) {
    const PolicyRule& rule = policy.rules[i];
    if (!matches(rule, request)) continue;
    return {rule.level, static_cast<AuditStages>(policy.omit_stages | rule.omit_stages),
            rule.omit_managed_fields.value_or(policy.omit_managed_fields), i};
  }
  return {AuditLevel::None, policy.omit_stages, policy.omit_managed_fields, PolicyDecision::kNoRule};
}

}  // namespace kubevigil
