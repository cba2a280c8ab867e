#include <algorithm>
#include <array>
#include <map>

#include "engine/base/text.h"
#include "engine/run/api_resources.h"
#include "engine/run/audit_policy.h"
#include "engine/run/policy_probe.h"

namespace kubevigil {
namespace {

constexpr size_t kLintedRules = 200;

std::string line_of(const PolicyRule& rule) { return "line " + std::to_string(rule.span.line); }

std::string quoted_group(std::string_view group) { return group.empty() ? "\"\" (core)" : std::string(group); }

std::string shown(const PolicyTarget& target) {
  std::string text = target.subresource.empty() ? target.resource : target.resource + '/' + target.subresource;
  return target.is_resource ? (target.group.empty() ? text : text + '.' + target.group) : target.path;
}

class Lint {
 public:
  Lint(const AuditPolicy& policy, const std::string& file, Diagnostics& diagnostics)
      : policy_(policy), file_(file), diagnostics_(diagnostics), targets_(targets_of(policy)) {}

  void run() {
    const size_t looked_at = std::min(policy_.rules.size(), kLintedRules);
    for (size_t i = 0; i < looked_at; ++i) {
      const PolicyRule& rule = policy_.rules[i];
      check_names(rule);
      check_stages(rule);
      check_reach(i);
      if (rule.level > AuditLevel::Metadata) check_secrets(i);
      if (rule.level == AuditLevel::None) check_callers(i);
    }
    check_end();
    if (looked_at < policy_.rules.size()) {
      diagnostics_.note("policy-limit", "rules from here on were not looked at for what can hardly be meant",
                        policy_.rules[looked_at].span);
    }
    const bool keeps_received = std::any_of(policy_.rules.begin(), policy_.rules.end(), [&](const PolicyRule& rule) {
      const bool patches_alone = rule.verbs == std::vector<std::string>{"patch"};
      return rule.level != AuditLevel::None && !patches_alone && !has(stages_of(rule), AuditStage::RequestReceived);
    });
    if (keeps_received) {
      diagnostics_.note("policy-stages", "RequestReceived is logged: nearly twice the events, and nothing more in them",
                        {file_, 1, 1, 0},
                        "omitStages: [RequestReceived], but for patches (audit_event_suppressed reads theirs)");
    }
  }

 private:
  AuditStages stages_of(const PolicyRule& rule) const {
    return static_cast<AuditStages>(policy_.omit_stages | rule.omit_stages);
  }

  void warn(std::string code, std::string message, const SourceSpan& span, std::string hint = {}) {
    diagnostics_.warning(std::move(code), std::move(message), span, std::move(hint));
  }

  void check_names(const PolicyRule& rule) {
    const auto no_wildcard = [&](const std::vector<std::string>& list, const std::string& what) {
      if (std::find(list.begin(), list.end(), "*") == list.end()) return;
      warn("policy-wildcard", "\"*\" is no wildcard in " + what + ": the rule is for a name that is a star", rule.span,
           "leave " + what + " out to match all");
    };
    no_wildcard(rule.users, "users");
    no_wildcard(rule.groups, "userGroups");
    no_wildcard(rule.namespaces, "namespaces");
    no_wildcard(rule.verbs, "verbs");
    for (const std::string& verb : rule.verbs) check_verb(rule, verb);
    for (const PolicyResources& r : rule.resources) {
      if (r.group == "*") {
        diagnostics_.note("policy-wildcard", "API servers before 1.36 do not start with group \"*\"", r.span);
      }
      for (const std::string& spec : r.resources) check_resource(r, spec);
    }
  }

  void check_verb(const PolicyRule& rule, const std::string& verb) {
    const auto known = [&](std::span<const std::string_view> list) {
      return std::find(list.begin(), list.end(), verb) != list.end();
    };
    if (verb == "*" || known(resource_verbs()) || known(path_verbs())) return;
    const std::string_view close = nearest(verb, resource_verbs());
    const bool connect = verb == "exec" || verb == "connect" || verb == "attach" || verb == "portforward";
    warn("policy-verb", "no request has the verb \"" + printable(verb) + "\"", rule.span,
         connect         ? "exec, attach and portforward are create or get of pods/exec, pods/attach, pods/portforward"
         : close.empty() ? ""
                         : "did you mean \"" + std::string(close) + "\"?");
  }

  void check_resource(const PolicyResources& r, const std::string& spec) {
    const size_t slash = spec.find('/');
    const std::string base = spec.substr(0, slash);
    if (base == "*") return;
    const ApiResource* found = find_api_resource(r.group, base);
    if (found != nullptr) {
      const std::string part = slash == std::string::npos ? "" : spec.substr(slash + 1);
      if (part.empty() || part == "*") return;
      const std::vector<std::string_view> parts = split(found->subresources, ' ');
      if (std::find(parts.begin(), parts.end(), part) != parts.end()) return;
      return warn("policy-resource", base + " has no subresource \"" + printable(part) + "\"", r.span);
    }
    std::vector<std::string_view> in_group;
    std::string elsewhere;
    for (const ApiResource& known : api_resources()) {
      if (known.group == r.group) in_group.push_back(known.resource);
      if (known.resource == base && elsewhere.empty()) elsewhere = quoted_group(known.group);
    }
    if (in_group.empty()) return;  // a custom group
    const std::string_view close = nearest(folded(base), in_group);
    std::string hint = !elsewhere.empty() ? "it is in group " + elsewhere : "";
    if (hint.empty() && !close.empty()) hint = "did you mean \"" + std::string(close) + "\"?";
    warn("policy-resource", "group " + quoted_group(r.group) + " has no resource \"" + printable(base) + "\"", r.span,
         std::move(hint));
  }

  void check_stages(const PolicyRule& rule) {
    if (rule.level == AuditLevel::None || !has(stages_of(rule), AuditStage::ResponseComplete)) return;
    warn("policy-stages",
         "without ResponseComplete most requests leave no outcome: rules that name no stage see nothing", rule.span,
         "omit RequestReceived only");
  }

  void check_reach(size_t index) {
    std::map<size_t, size_t> takers;
    bool reached = false, any = false;
    const bool all = each_request_of(policy_.rules[index], targets_, [&](const PolicyRequest& request) {
      const size_t decider = decide(policy_, request).rule;
      any = true;
      reached = decider == index;
      if (!reached) ++takers[decider];
      return !reached;
    });
    if (reached || !any || !all) return;
    const auto first = std::max_element(takers.begin(), takers.end(),
                                        [](const auto& a, const auto& b) { return a.second < b.second; });
    const bool alone = takers.size() == 1;
    warn("policy-unreachable",
         "no request comes as far as this rule: the rule at " + line_of(policy_.rules[first->first]) +
             (alone ? " takes all" : " and others before it take all"),
         policy_.rules[index].span, "the first rule that matches decides: put the narrower one first");
  }

  // https://www.cisecurity.org/benchmark/kubernetes 3.2.2: secrets, config maps and tokens at Metadata only.
  void check_secrets(size_t index) {
    std::vector<std::string> said;
    each_request_of(policy_.rules[index], targets_, [&](const PolicyRequest& request) {
      if (!is_secret(request) || decide(policy_, request).rule != index) return true;
      const std::string what =
          request.subresource.empty() ? request.resource : request.resource + '/' + request.subresource;
      if (std::find(said.begin(), said.end(), what) != said.end()) return true;
      said.push_back(what);
      warn("policy-secrets",
           "bodies of " + what + " are logged at " + std::string(to_text(policy_.rules[index].level)) +
               ": whoever reads the log has what is in them",
           policy_.rules[index].span, "put a rule for " + what + " with level: Metadata before it");
      return true;
    });
  }

  // Who can do everything, and what an intruder would do as one of them.
  void check_callers(size_t index) {
    static const std::vector<PolicyCaller> kPowerful = {
        {"someone", {"system:masters", "system:authenticated"}},
        caller_named("system:kube-controller-manager"),
        caller_named("system:kube-scheduler"),
        {"system:apiserver", {"system:masters", "system:authenticated"}},
        caller_named("system:node:some-node"),
        caller_named("system:serviceaccount:kube-system:generic-garbage-collector"),
        caller_named("someone")};
    static const std::array<std::pair<PolicyTarget, std::string_view>, 5> kActs = {
        std::pair{PolicyTarget{true, "", "pods", {}, {}, true}, std::string_view("create")},
        {PolicyTarget{true, "", "pods", "exec", {}, true}, "create"},
        {PolicyTarget{true, "", "secrets", {}, {}, true}, "list"},
        {PolicyTarget{true, "rbac.authorization.k8s.io", "clusterrolebindings", {}, {}, false}, "create"},
        {PolicyTarget{true, "", "serviceaccounts", "token", {}, true}, "create"}};
    for (const PolicyCaller& caller : kPowerful) {
      for (const auto& [target, verb] : kActs) {
        const PolicyRequest request = request_to(target, caller, verb, target.namespaced ? "kube-system" : "", "");
        if (decide(policy_, request).rule != index) continue;
        const std::string who = caller.user == "someone" ? "a member of " + caller.groups.front() : caller.user;
        return warn("policy-blind-caller",
                    "nothing is logged when " + who + " does " + std::string(verb) + " on " + shown(target),
                    policy_.rules[index].span, "name the verbs and resources that are noise, not the caller alone");
      }
    }
  }

  void check_end() {
    const PolicyTarget unknown = {true, "example.com", "widgets", {}, {}, true};
    const PolicyRequest request = request_to(unknown, usual_callers().front(), "create", kSomeNamespace, "");
    if (decide(policy_, request).rule != PolicyDecision::kNoRule) return;
    warn("policy-catch-all", "requests that no rule names are not logged", policy_.rules.back().span,
         "end with a rule that has nothing but level: Metadata");
  }

  static bool is_secret(const PolicyRequest& r) {
    if (r.api_group == "authentication.k8s.io") return r.resource == "tokenreviews";
    if (!r.is_resource || !r.api_group.empty()) return false;
    return r.resource == "secrets" || r.resource == "configmaps" ||
           (r.resource == "serviceaccounts" && r.subresource == "token");
  }

  const AuditPolicy& policy_;
  const std::string& file_;
  Diagnostics& diagnostics_;
  const std::vector<PolicyTarget> targets_;
};

}  // namespace

void lint_audit_policy(const AuditPolicy& policy, const std::string& file, Diagnostics& diagnostics) {
  if (!policy.rules.empty()) Lint(policy, file, diagnostics).run();
}

}  // namespace kubevigil
