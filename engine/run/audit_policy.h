// AuditPolicy: the API server's audit policy file (kind Policy of audit.k8s.io/v1), and what it decides about a
// request.
//
// The meaning is that of kubernetes/apiserver: pkg/audit/policy/checker.go (what matches), reader.go (how a file is
// read) and pkg/apis/audit/validation (what is refused). tests/golden/policy holds answers of that very code.
//   * The first rule that matches decides. No rule: level None.
//   * Lists within a rule are joined by "or", the parts of a rule by "and"; an absent or empty list asks nothing.
//   * All comparisons are exact and heed the case. `users` and `userGroups` look at the authenticated caller, before
//     impersonation; a request without one (401) is matched by no rule that has either.
//   * A rule with `resources` or `namespaces` matches requests for resources only, one with `nonResourceURLs` only
//     others. Namespace "" stands for requests outside namespaces and for those over all of them.
//   * A resource is written `pods`, `pods/exec`, `pods/*` (pods and all below), `*/scale`, or `*` (all, and all below);
//     an empty list of resources is the whole group. `pods` alone does not match `pods/exec`. A group "*" is every
//     group, from 1.36 on; servers before that do not start with it.
//   * `resourceNames` look at the name in the request's path: a create has none.
//   * A URL is exact, `*`, or ends in `*`: then it is a prefix.
//   * Stages of the policy and of the rule are left out both; `omitManagedFields` of the rule wins over the policy's.
//
// Pure functions of their arguments; nothing throws. Problems carry line and column.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/diagnostics.h"
#include "engine/event/field_lookup.h"

namespace kubevigil {

enum class AuditLevel : uint8_t { None, Metadata, Request, RequestResponse };
std::string_view to_text(AuditLevel level);
std::optional<AuditLevel> parse_audit_level(std::string_view text);

enum class AuditStage : uint8_t { RequestReceived, ResponseStarted, ResponseComplete, Panic };
std::string_view to_text(AuditStage stage);
std::optional<AuditStage> parse_audit_stage(std::string_view text);

// A set of stages, one bit each.
using AuditStages = uint8_t;
constexpr AuditStages bit(AuditStage stage) { return static_cast<AuditStages>(1u << static_cast<unsigned>(stage)); }
constexpr bool has(AuditStages set, AuditStage stage) { return (set & bit(stage)) != 0; }

struct PolicyResources {
  std::string group;  // "" is the core group
  std::vector<std::string> resources, names;
  SourceSpan span;
};

struct PolicyRule {
  AuditLevel level = AuditLevel::None;
  std::vector<std::string> users, groups, verbs, namespaces, urls;
  std::vector<PolicyResources> resources;
  AuditStages omit_stages = 0;  // its own; the policy's come on top
  std::optional<bool> omit_managed_fields;
  SourceSpan span;

  bool asks_nothing() const;  // a catch-all
};

struct AuditPolicy {
  std::vector<PolicyRule> rules;
  AuditStages omit_stages = 0;
  bool omit_managed_fields = false;
};

// Reads a policy file. Errors: what the API server refuses, and keys that it drops silently (it reads a file that is
// not quite right once more, leniently, and says so in its log only). Warnings, from lint_audit_policy(): what it takes
// but can hardly be meant. Codes reported: those of engine/rule/yaml.h, and the list in engine/run/README.md.
AuditPolicy parse_audit_policy(std::string_view text, const std::string& file, Diagnostics& diagnostics);

// Rules that nothing reaches, resources in a group that does not have them, verbs that do not exist, secrets and tokens
// above Metadata, no catch-all at the end, stages without which nothing is left, powerful callers that are not seen.
void lint_audit_policy(const AuditPolicy& policy, const std::string& file, Diagnostics& diagnostics);

// What the policy looks at.
struct PolicyRequest {
  std::string user;
  std::vector<std::string> groups;
  std::string verb;
  bool is_resource = false;
  std::string api_group, resource, subresource, ns, name;  // of requests for resources
  std::string path;                                        // of others: decoded, without the query
  bool has_user() const { return !user.empty() || !groups.empty(); }
};

// The request behind a logged event. The name of a created object, which the API server adds to objectRef when it has
// read the body, was not known to the policy and is left out. REQUIRES: fields.begin(event) was called.
PolicyRequest policy_request(const Event& event, FieldLookup& fields);

struct PolicyDecision {
  static constexpr size_t kNoRule = SIZE_MAX;
  AuditLevel level = AuditLevel::None;
  AuditStages omit_stages = 0;
  bool omit_managed_fields = false;
  size_t rule = kNoRule;  // index into AuditPolicy::rules
};

bool matches(const PolicyRule& rule, const PolicyRequest& request);
PolicyDecision decide(const AuditPolicy& policy, const PolicyRequest& request);

}  // namespace kubevigil
