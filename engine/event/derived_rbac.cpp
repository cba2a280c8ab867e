// Permission: which binding and role allowed the request, and which bindings, subjects and rules it writes.
#include <array>
#include <optional>

#include "engine/base/limits.h"
#include "engine/event/derived.h"
#include "engine/event/json_text.h"
#include "engine/event/tree_path.h"

namespace kubevigil {
namespace {

constexpr std::string_view kDecision = "authorization.k8s.io/decision";
constexpr std::string_view kReason = "authorization.k8s.io/reason";
constexpr std::string_view kRbacGroup = "rbac.authorization.k8s.io";
constexpr size_t kRepeatedTexts = 8;  // of one member of a subject

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
  for (size_t begin = 1; begin < text.size();) {
    size_t stop = find_string_stop(text, begin);
    out += text.substr(begin, stop - begin);
    if (stop < text.size() && text[stop] == '"') {
      text.remove_prefix(stop + 1);
      return out;
    }
    if (stop + 1 < text.size() && text[stop] == '\\') ++stop;
    if (stop < text.size()) out += text[stop];
    begin = stop + 1;
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

// "alice", "Group:system:authenticated", "system:serviceaccount:namespace:name": users and service accounts as they
// stand in user.username when they act; "" when there is no name.
std::string subject_text(std::string_view kind, std::string_view name, std::string_view space) {
  if (name.empty() || kind.empty() || kind == "User") return std::string(name);
  if (kind != "ServiceAccount") return std::string(kind) + ":" + std::string(name);
  return "system:serviceaccount:" + std::string(space) + ":" + std::string(name);
}

// The texts of a member; all of them where the key is repeated, or `cut`. `otherwise` when there is none.
std::vector<std::string_view> texts_at(const JsonTree& tree, uint32_t node, std::string_view key,
                                       std::string_view otherwise, bool& cut) {
  std::vector<std::string_view> texts;
  for (uint32_t c = tree.child(node); c != JsonNode::kNone; c = tree[c].next) {
    if (tree[c].key != key || tree[c].value.text.empty()) continue;
    cut = cut || texts.size() == kRepeatedTexts;
    if (texts.size() < kRepeatedTexts) texts.push_back(tree[c].value.text);
  }
  if (texts.empty()) texts.push_back(otherwise);
  return texts;
}

// False when there may be more than were appended.
bool append_subject_texts(const DerivedInput& in, const JsonTree& tree, uint32_t list, Values& out) {
  bool cut = false;
  const std::string_view own_namespace = in.event.text(FieldId::ObjectNamespace);
  for (uint32_t s = tree.child(list); s != JsonNode::kNone; s = tree[s].next) {
    std::vector<std::string_view> kinds = texts_at(tree, s, "kind", {}, cut);
    if (kinds.front().empty()) kinds.push_back("Group");  // a JSON Patch of a name does not show whose it is
    for (const std::string_view name : texts_at(tree, s, "name", {}, cut)) {
      for (const std::string_view kind : kinds) {
        for (const std::string_view space : texts_at(tree, s, "namespace", own_namespace, cut)) {
          if (out.size() >= limits::kListValues) return false;
          std::string text = subject_text(kind, name, space);
          if (!text.empty()) out.push_back(Value::string(in.texts.keep(std::move(text))));
        }
      }
    }
  }
  return !cut;
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

namespace {

// The name of an object of RBAC that the request writes or deletes; present or why not.
Presence written_name(const DerivedInput& in, std::string_view& name) {
  if (!writes_object(in.event) && in.event.text(FieldId::Verb) != "delete") return Presence::Absent;
  name = in.event.text(FieldId::ObjectName);
  if (!name.empty()) return Presence::Present;
  const BodyView body = in.bodies.written();  // create, where the name stands in the body only
  if (!body) return body.missing;
  const uint32_t node = find_path(*body.tree, body.node, {"metadata", "name"});
  if (node == JsonNode::kNone) return Presence::Unknown;  // generateName, and no response to tell
  name = (*body.tree)[node].value.text;
  return Presence::Present;
}

}  // namespace

Presence written_binding(const DerivedInput& in, Values& out) {
  if (!is_rbac_object(in.event, "rolebindings", "clusterrolebindings")) return Presence::Absent;
  std::string_view name;
  if (const Presence found = written_name(in, name); found != Presence::Present) return found;
  std::string text = "ClusterRoleBinding/" + std::string(name);
  if (in.event.text(FieldId::ObjectResource) == "rolebindings") {
    text = "RoleBinding/" + std::string(in.event.text(FieldId::ObjectNamespace)) + "/" + std::string(name);
  }
  out.push_back(Value::string(in.texts.keep(std::move(text))));
  return Presence::Present;
}

Presence written_role(const DerivedInput& in, Values& out) {
  if (!is_rbac_object(in.event, "roles", "clusterroles")) return Presence::Absent;
  std::string_view name;
  if (const Presence found = written_name(in, name); found != Presence::Present) return found;
  const bool cluster = in.event.text(FieldId::ObjectResource) == "clusterroles";
  out.push_back(Value::string(in.texts.keep((cluster ? "ClusterRole/" : "Role/") + std::string(name))));
  return Presence::Present;
}

Presence written_subjects(const DerivedInput& in, Values& out) {
  if (!is_rbac_object(in.event, "rolebindings", "clusterrolebindings")) return Presence::Absent;
  const BodyView body = in.bodies.written();
  if (!body) return body.missing;
  bool found = false, open = false, complete = true;
  for (uint32_t c = body.tree->child(body.node); c != JsonNode::kNone; c = (*body.tree)[c].next) {
    if ((*body.tree)[c].key != "subjects") continue;
    found = true;
    open = open || is_open_list(*body.tree, c, body.patch);
    complete = append_subject_texts(in, *body.tree, c, out) && complete;
  }
  if (!complete) return Presence::Unknown;
  if (!found || body.missing == Presence::Unknown) return body.missing;
  return open ? Presence::Open : Presence::Present;
}

BodyView rbac_rules(const DerivedInput& in, JsonTree& memory) {
  if (!is_rbac_object(in.event, "roles", "clusterroles")) return {};
  const BodyView body = in.bodies.written();
  if (!body) return body;
  const JsonTree& tree = *body.tree;
  uint32_t rules = JsonNode::kNone;
  memory.reset();
  for (uint32_t c = tree.child(body.node); c != JsonNode::kNone; c = tree[c].next) {
    if (tree[c].key != "rules" || tree[c].value.type != ValueType::Array) continue;
    if (rules == JsonNode::kNone) rules = memory.add(JsonNode::kNone, "rules", {ValueType::Array, {}, 0});
    for (uint32_t rule = tree.child(c); rule != JsonNode::kNone; rule = tree[rule].next) {
      memory.copy(rules, tree[rule].key, tree, rule);
    }
  }
  return {&memory, rules, body.missing, body.patch};
}

}  // namespace kubevigil
