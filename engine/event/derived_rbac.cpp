// Permission: which binding and role allowed the request, and which bindings, subjects and rules it writes.
#include <array>
#include <optional>

#include "engine/base/limits.h"
#include "engine/event/derived.h"
#include "engine/event/tree_path.h"

namespace kubevigil {
namespace {

constexpr std::string_view kDecision = "authorization.k8s.io/decision";
constexpr std::string_view kReason = "authorization.k8s.io/reason";
constexpr std::string_view kRbacGroup = "rbac.authorization.k8s.io";

std::string_view annotation(const Event& event, std::string_view key) {
  for (const MapEntry& e : event.entries(FieldId::Annotations)) {
    if (e.key == key) return e.value.text;
  }
  return {};
}

// A Go %q string at the front of `text`, which is advanced behind it. Escapes lose their backslash.
std::optional<std::string> take_quoted(std::string_view& text) {
  if (!text.starts_with('"')) return std::nullopt;
  std::string out;
  for (size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') {
      text.remove_prefix(i + 1);
      return out;
    }
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    out += text[i];
  }
  return std::nullopt;
}

bool take(std::string_view& text, std::string_view expected) {
  if (!text.starts_with(expected)) return false;
  text.remove_prefix(expected.size());
  return true;
}

struct Grant {
  std::string binding;  // "ClusterRoleBinding/name", "RoleBinding/namespace/name"
  std::string role;     // "ClusterRole/name", "Role/name"
};

// reason = "RBAC: allowed by " ( "ClusterRoleBinding " name | "RoleBinding " quoted(name "/" namespace) )
//          " of " kind " " name " to " ...           names in Go quotes
// k8s.io/kubernetes plugin/pkg/auth/authorizer/rbac and pkg/registry/rbac/validation/rule.go
std::optional<Grant> parse_reason(std::string_view text) {
  if (!take(text, "RBAC: allowed by ")) return std::nullopt;
  Grant grant;
  const bool cluster = take(text, "ClusterRoleBinding ");
  if (!cluster && !take(text, "RoleBinding ")) return std::nullopt;
  const auto binding = take_quoted(text);
  if (!binding || !take(text, " of ")) return std::nullopt;
  const size_t slash = binding->rfind('/');
  if (cluster || slash == std::string::npos) {
    grant.binding = (cluster ? "ClusterRoleBinding/" : "RoleBinding/") + *binding;
  } else {
    grant.binding = "RoleBinding/" + binding->substr(slash + 1) + "/" + binding->substr(0, slash);
  }
  const size_t space = text.find(' ');
  if (space == text.npos) return std::nullopt;
  const std::string kind(text.substr(0, space));
  text.remove_prefix(space + 1);
  const auto role = take_quoted(text);
  if (!role) return std::nullopt;
  grant.role = kind + "/" + *role;
  return grant;
}

bool is_rbac_object(const Event& event, std::string_view plain, std::string_view clusterwide) {
  const std::string_view resource = event.text(FieldId::ObjectResource);
  return event.text(FieldId::ObjectApiGroup) == kRbacGroup && (resource == plain || resource == clusterwide);
}

std::string_view text_at(const JsonTree& tree, uint32_t node, std::string_view key) {
  const uint32_t found = tree.find(node, key);
  return found == JsonNode::kNone ? std::string_view{} : tree[found].value.text;
}

// "alice", "Group:system:authenticated", "system:serviceaccount:namespace:name": users and service accounts as they
// stand in user.username when they act; "" when there is no name.
std::string subject_text(const JsonTree& tree, uint32_t subject, std::string_view default_namespace) {
  const std::string_view kind = text_at(tree, subject, "kind");
  const std::string_view name = text_at(tree, subject, "name");
  if (name.empty() || kind.empty() || kind == "User") return std::string(name);
  if (kind != "ServiceAccount") return std::string(kind) + ":" + std::string(name);
  const std::string_view space = text_at(tree, subject, "namespace");
  return "system:serviceaccount:" + std::string(space.empty() ? default_namespace : space) + ":" + std::string(name);
}

void append_subject_texts(const DerivedInput& in, const JsonTree& tree, uint32_t list, Values& out) {
  for (uint32_t s = tree.child(list); s != JsonNode::kNone && out.size() < limits::kListValues; s = tree[s].next) {
    std::string text = subject_text(tree, s, in.event.text(FieldId::ObjectNamespace));
    if (!text.empty()) out.push_back(Value::string(in.texts.keep(std::move(text))));
  }
}

}  // namespace

Presence authz(const DerivedInput& in, FieldId wanted, Values& out) {
  if (wanted == FieldId::AuthzDecision || wanted == FieldId::AuthzReason) {
    const std::string_view key = wanted == FieldId::AuthzDecision ? kDecision : kReason;
    for (const MapEntry& e : in.event.entries(FieldId::Annotations)) {
      if (e.key == key) out.push_back(e.value);
    }
    return out.empty() ? Presence::Absent : Presence::Present;
  }
  auto grant = parse_reason(annotation(in.event, kReason));
  if (!grant) return Presence::Absent;
  out.push_back(Value::string(in.texts.keep(wanted == FieldId::AuthzRole ? grant->role : grant->binding)));
  return Presence::Present;
}

Presence written_binding(const DerivedInput& in, Values& out) {
  if (!is_rbac_object(in.event, "rolebindings", "clusterrolebindings")) return Presence::Absent;
  if (!writes_object(in.event) && in.event.text(FieldId::Verb) != "delete") return Presence::Absent;
  std::string_view name = in.event.text(FieldId::ObjectName);
  if (name.empty()) {  // create, where the name stands in the body only
    const BodyView body = in.bodies.written();
    if (!body) return body.missing;
    const uint32_t node = find_path(*body.tree, body.node, {"metadata", "name"});
    if (node == JsonNode::kNone) return Presence::Unknown;  // generateName, and no response to tell
    name = (*body.tree)[node].value.text;
  }
  std::string text = "ClusterRoleBinding/" + std::string(name);
  if (in.event.text(FieldId::ObjectResource) == "rolebindings") {
    text = "RoleBinding/" + std::string(in.event.text(FieldId::ObjectNamespace)) + "/" + std::string(name);
  }
  out.push_back(Value::string(in.texts.keep(std::move(text))));
  return Presence::Present;
}

Presence written_subjects(const DerivedInput& in, Values& out) {
  if (!is_rbac_object(in.event, "rolebindings", "clusterrolebindings")) return Presence::Absent;
  const BodyView body = in.bodies.written();
  if (!body) return body.missing;
  bool found = false;
  for (uint32_t c = body.tree->child(body.node); c != JsonNode::kNone; c = (*body.tree)[c].next) {
    if ((*body.tree)[c].key != "subjects") continue;
    found = true;
    append_subject_texts(in, *body.tree, c, out);
  }
  return found ? Presence::Present : body.missing;
}

BodyView rbac_rules(const DerivedInput& in) {
  if (!is_rbac_object(in.event, "roles", "clusterroles")) return {};
  BodyView body = in.bodies.written();
  if (!body) return body;
  body.node = body.tree->find(body.node, "rules");
  return body;
}

}  // namespace kubevigil
