// Reading of audit policy files. Grammar, of a YAML document:
//   policy   = apiVersion: audit.k8s.io/v1, [kind: Policy], [metadata: anything], rules: list of rule,
//              [omitStages: list of stage], [omitManagedFields: boolean]
//   rule     = level: None | Metadata | Request | RequestResponse,
//              [users, userGroups, verbs, namespaces, nonResourceURLs: lists of strings],
//              [resources: list of {[group: string], [resources, resourceNames: lists of strings]}],
//              [omitStages: list of stage], [omitManagedFields: boolean]
//   stage    = RequestReceived | ResponseStarted | ResponseComplete | Panic
#include <algorithm>
#include <array>
#include <span>

#include "engine/base/text.h"
#include "engine/rule/yaml.h"
#include "engine/run/audit_policy.h"

namespace kubevigil {
namespace {

using Keys = std::span<const std::string_view>;
constexpr std::array<std::string_view, 6> kPolicyKeys = {"apiVersion", "kind",       "metadata",
                                                         "rules",      "omitStages", "omitManagedFields"};
constexpr std::array<std::string_view, 9> kRuleKeys = {"level",           "users",      "userGroups",
                                                       "verbs",           "resources",  "namespaces",
                                                       "nonResourceURLs", "omitStages", "omitManagedFields"};
constexpr std::array<std::string_view, 3> kResourceKeys = {"group", "resources", "resourceNames"};

bool holds(Keys keys, std::string_view key) { return std::find(keys.begin(), keys.end(), key) != keys.end(); }

// A DNS subdomain: labels of lower-case letters, digits and inner dashes, joined by dots; at most 253 bytes.
bool is_group_name(std::string_view group) {
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  if (group.size() > 253) return false;
  for (const std::string_view label : split(group, '.')) {
    if (label.empty() || !plain(label.front()) || !plain(label.back())) return false;
    if (!std::all_of(label.begin(), label.end(), [&](char c) { return plain(c) || c == '-'; })) return false;
  }
  return true;
}

class PolicyReader {
 public:
  explicit PolicyReader(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  AuditPolicy read(const YamlNode& root) {
    AuditPolicy policy;
    if (!root.is_map()) {
      error("policy-kind", "an audit policy is a mapping with apiVersion, kind and rules", root.span);
      return policy;
    }
    check_keys(root, kPolicyKeys, "the policy");
    check_kind(root);
    policy.omit_stages = stages(root);
    policy.omit_managed_fields = flag(root, "omitManagedFields").value_or(false);
    const YamlNode* rules = root.find("rules");
    if (rules != nullptr && !rules->is_null() && !rules->is_sequence()) {
      error("policy-value", "\"rules\" is a list", rules->span);
    } else if (rules == nullptr || rules->items.empty()) {
      error("policy-empty", "the policy has no rules: the API server does not start with it",
            rules == nullptr ? root.span : rules->span);
    } else {
      for (const YamlNode& item : rules->items) policy.rules.push_back(rule(item));
    }
    return policy;
  }

 private:
  void error(std::string code, std::string message, const SourceSpan& span, std::string hint = {}) {
    diagnostics_.error(std::move(code), std::move(message), span, std::move(hint));
  }

  void check_kind(const YamlNode& root) {
    const auto expect = [&](std::string_view key, std::string_view value, std::string hint) {
      const YamlNode* node = root.find(key);
      if (node != nullptr && node->is_scalar() && node->text == value) return;
      error("policy-kind", std::string(key) + " is not " + std::string(value), node == nullptr ? root.span : node->span,
            std::move(hint));
    };
    expect("apiVersion", "audit.k8s.io/v1", "write apiVersion: audit.k8s.io/v1; the beta versions went with 1.24");
    if (root.find("kind") != nullptr) expect("kind", "Policy", "write kind: Policy");
  }

  // What the API server drops is reported as an error: the policy does not do what is written.
  void check_keys(const YamlNode& map, Keys known, const std::string& what) {
    for (const YamlEntry& entry : map.entries) {
      const std::string& key = entry.key.text;
      if (holds(known, key)) continue;
      std::string hint;
      const std::string_view close = nearest(key, known);
      if (!close.empty()) {
        hint = "did you mean \"" + std::string(close) + "\"?";
      } else if (holds(kRuleKeys, key)) {
        hint = "\"" + key + "\" belongs to a rule: move it beside \"level\"";
      } else if (holds(kResourceKeys, key)) {
        hint = "\"" + key + "\" belongs to an element of \"resources\"";
      } else if (holds(kPolicyKeys, key)) {
        hint = "\"" + key + "\" belongs to the top of the file";
      }
      error("policy-key", "\"" + printable(key) + "\" is no key of " + what + ": the API server drops it, silently",
            entry.key.span, std::move(hint));
    }
  }

  std::optional<bool> flag(const YamlNode& map, std::string_view key) {
    const YamlNode* value = map.find(key);
    if (value == nullptr || value->is_null()) return std::nullopt;
    const std::optional<bool> b = value->boolean();
    if (!b) error("policy-value", "\"" + std::string(key) + "\" is true or false", value->span);
    return b;
  }

  struct Text {
    std::string text;
    SourceSpan span;
  };

  // Plain numbers and booleans are no strings for the API server, which then refuses the file.
  bool is_string(const YamlNode& node) {
    return node.is_scalar() && (node.quoted || (!node.number() && !node.boolean()));
  }

  std::vector<Text> texts_at(const YamlNode& map, std::string_view key) {
    std::vector<Text> out;
    const YamlNode* list = map.find(key);
    if (list == nullptr || list->is_null()) return out;
    if (!list->is_sequence()) {
      error("policy-value", "\"" + std::string(key) + "\" is a list", list->span,
            list->is_scalar() ? "write [" + printable(list->text) + "]" : "");
      return out;
    }
    for (const YamlNode& item : list->items) {
      if (is_string(item)) {
        out.push_back({item.text, item.span});
      } else {
        error("policy-value", "\"" + std::string(key) + "\" is a list of strings", item.span,
              item.is_scalar() ? "write \"" + printable(item.text) + "\" with quotes" : "");
      }
    }
    return out;
  }

  std::vector<std::string> texts(const YamlNode& map, std::string_view key) {
    std::vector<std::string> out;
    for (Text& t : texts_at(map, key)) out.push_back(std::move(t.text));
    return out;
  }

  AuditStages stages(const YamlNode& map) {
    AuditStages set = 0;
    for (const Text& name : texts_at(map, "omitStages")) {
      const auto stage = parse_audit_stage(name.text);
      if (stage) set = static_cast<AuditStages>(set | bit(*stage));
      if (stage) continue;
      error("policy-value", "\"" + printable(name.text) + "\" is no stage", name.span,
            "stages are RequestReceived, ResponseStarted, ResponseComplete and Panic");
    }
    return set;
  }

  AuditLevel level(const YamlNode& node) {
    const YamlNode* value = node.find("level");
    const auto level = value != nullptr && value->is_scalar() ? parse_audit_level(value->text) : std::nullopt;
    if (level) return *level;
    const std::string found =
        value == nullptr ? "the rule has no level" : "\"" + printable(value->text) + "\" is no level";
    error("policy-value", found, value == nullptr ? node.span : value->span,
          "levels are None, Metadata, Request and RequestResponse");
    return AuditLevel::None;
  }

  PolicyRule rule(const YamlNode& node) {
    PolicyRule rule;
    rule.span = node.span;
    if (!node.is_map()) {
      error("policy-value", "a rule is a mapping with a level", node.span);
      return rule;
    }
    check_keys(node, kRuleKeys, "a rule");
    rule.level = level(node);
    rule.users = texts(node, "users");
    rule.groups = texts(node, "userGroups");
    rule.verbs = texts(node, "verbs");
    rule.namespaces = texts(node, "namespaces");
    rule.omit_stages = stages(node);
    rule.omit_managed_fields = flag(node, "omitManagedFields");
    read_resources(node, rule);
    read_urls(node, rule);
    return rule;
  }

  void read_resources(const YamlNode& node, PolicyRule& rule) {
    const YamlNode* list = node.find("resources");
    if (list == nullptr || list->is_null()) return;
    if (!list->is_sequence()) return error("policy-value", "\"resources\" of a rule is a list", list->span);
    for (const YamlNode& item : list->items) {
      if (!item.is_map()) {
        error("policy-value", "an element of \"resources\" is a mapping with group and resources", item.span,
              item.is_scalar() ? "write {group: \"\", resources: [" + printable(item.text) + "]}" : "");
        continue;
      }
      rule.resources.push_back(resources(item));
    }
  }

  PolicyResources resources(const YamlNode& item) {
    PolicyResources out;
    out.span = item.span;
    check_keys(item, kResourceKeys, "an element of \"resources\"");
    if (const YamlNode* group = item.find("group"); group != nullptr && !group->is_null()) {
      if (!is_string(*group)) error("policy-value", "\"group\" is a string", group->span);
      out.group = group->text;
      if (!out.group.empty() && out.group != "*" && !is_group_name(out.group)) {
        error("policy-value", "\"" + printable(out.group) + "\" is no API group", group->span,
              out.group.find('/') != std::string::npos ? "leave the version out" : "write it in lower case: apps");
      }
    }
    out.resources = texts(item, "resources");
    out.names = texts(item, "resourceNames");
    if (!out.names.empty() && out.resources.empty()) {
      error("policy-value", "\"resourceNames\" needs \"resources\" beside it", item.find("resourceNames")->span);
    }
    return out;
  }

  void read_urls(const YamlNode& node, PolicyRule& rule) {
    for (Text& url : texts_at(node, "nonResourceURLs")) {
      const bool inner_star = url.text.find('*') < url.text.size() - 1 && !url.text.empty();
      if (url.text != "*" && !url.text.starts_with('/')) {
        error("policy-value", "\"" + printable(url.text) + "\" does not begin with a slash", url.span);
      } else if (inner_star) {
        error("policy-value", "\"" + printable(url.text) + "\" has a * before its end", url.span);
      }
      rule.urls.push_back(std::move(url.text));
    }
    if (rule.urls.empty() || (rule.resources.empty() && rule.namespaces.empty())) return;
    error("policy-value", "a rule is for resources or for nonResourceURLs, not for both",
          node.find("nonResourceURLs")->span, "make two rules of it");
  }

  Diagnostics& diagnostics_;
};

}  // namespace

AuditPolicy parse_audit_policy(std::string_view text, const std::string& file, Diagnostics& diagnostics) {
  Diagnostics found;
  const std::vector<YamlDocument> documents = parse_yaml(text, file, found);
  AuditPolicy policy;
  if (documents.empty()) {
    if (!found.has_errors()) found.error("policy-empty", "there is no policy in it", {file, 1, 1, 0});
  } else {
    if (documents.size() > 1) {
      found.error("policy-documents", "the API server reads the first document of a file only", documents[1].root.span,
                  "put all rules into one policy");
    }
    policy = PolicyReader(found).read(documents.front().root);
    if (!found.has_errors()) lint_audit_policy(policy, file, found);
  }
  diagnostics.append(found);
  return policy;
}

}  // namespace kubevigil
