#include "engine/event/field_lookup.h"

#include <algorithm>
#include <array>
#include <type_traits>

#include "engine/base/limits.h"
#include "engine/event/derived.h"
#include "engine/event/derived_workload.h"
#include "engine/event/tree_path.h"

namespace kubevigil {
namespace {

using Path = std::span<const PathSegment>;

std::vector<Network> networks_of(const DerivedConfig& config) {
  std::vector<Network> out;
  for (const std::string& text : config.trusted_proxies) {
    if (const auto network = parse_network(text)) out.push_back(*network);  // the configuration was checked when read
  }
  return out;
}

bool is_patch_member(const PathSegment& segment) {
  return segment.key.empty() || segment.key == "op" || segment.key == "path" || segment.key == "value" ||
         segment.key == "from";
}

// Nobody knows what stands behind the values that were read: tests that they do not decide are Unknown.
template <typename T>
Presence presence_of(const std::vector<T>& run) {
  return run.size() < limits::kListValues ? Presence::Present : Presence::Unknown;
}

// Of what is there in a body: a patch may leave out elements of its lists, and one that copies from the object may
// have put anything anywhere.
Presence presence_in(const BodyView& view, Path path) {
  if (view.missing == Presence::Unknown) return Presence::Unknown;
  return crosses_open_list(*view.tree, view.node, path, view.patch) ? Presence::Open : Presence::Present;
}

BodyView view_of(const ArrayElement& element) { return {element.tree, element.node, element.missing, element.patch}; }

bool is_scalar(const Value& v) {
  return v.type != ValueType::Null && v.type != ValueType::Object && v.type != ValueType::Array;
}

}  // namespace

struct FieldLookup::State {
  explicit State(DerivedConfig config) : proxies(networks_of(config)) {}

  std::vector<Network> proxies;
  const Event* event = nullptr;
  Bodies bodies;
  struct View {
    JsonTree memory;
    BodyView view;
    bool done = false;
  };
  View pod_spec_slot, rbac_rules_slot;
  RunPool<Value> runs;
  RunPool<ArrayElement> element_runs;
  TextPool texts;
  std::vector<uint32_t> nodes;  // scratch of one call
  std::array<FieldValues, kFieldCount> cached;
  std::array<bool, kFieldCount> is_cached{};

  void begin(const Event& next) {
    event = &next;
    bodies.begin(next);
    pod_spec_slot.done = rbac_rules_slot.done = false;
    runs.reset();
    element_runs.reset();
    texts.reset();
    is_cached.fill(false);
  }

  DerivedInput input() { return {*event, bodies, proxies, texts}; }

  BodyView pod_spec() {
    if (!pod_spec_slot.done) pod_spec_slot.view = kubevigil::pod_spec(input(), pod_spec_slot.memory);
    pod_spec_slot.done = true;
    return pod_spec_slot.view;
  }

  BodyView rbac_rules() {
    if (!rbac_rules_slot.done) rbac_rules_slot.view = kubevigil::rbac_rules(input(), rbac_rules_slot.memory);
    rbac_rules_slot.done = true;
    return rbac_rules_slot.view;
  }

  // The value below which a tree field's path starts.
  BodyView tree_of(FieldId id, Path path) {
    switch (id) {
      case FieldId::RequestObject:
        return path.empty() || is_patch_member(path.front()) ? bodies.request() : bodies.request_as_object();
      case FieldId::ResponseObject:
        return bodies.response();
      case FieldId::ResponseDetails:
        return bodies.details();
      case FieldId::RbacRules:
        return rbac_rules();
      case FieldId::PodSpec:
        return pod_spec();
      default:
        return {};
    }
  }

  FieldValues values_at(const BodyView& view, Path path) {
    if (!view) return {{}, view.missing};
    nodes.clear();
    walk_path(*view.tree, view.node, path, nodes);
    if (nodes.empty()) return {{}, view.missing};
    std::vector<Value>& run = runs.next();
    for (const uint32_t node : nodes) append_values(*view.tree, node, run);
    return {run, std::max({presence_of(nodes), presence_of(run), presence_in(view, path)})};
  }

  ArrayValues elements_at(const BodyView& view, Path path) {
    if (!view) return {{}, view.missing};
    nodes.clear();
    walk_path(*view.tree, view.node, path, nodes);
    if (nodes.empty()) return {{}, view.missing};
    std::vector<ArrayElement>& run = element_runs.next();
    for (const uint32_t node : nodes) append_elements(view, node, run);
    return {run, std::max({presence_of(nodes), presence_of(run), presence_in(view, path)})};
  }

  // What is no array is a list of one.
  static void append_elements(const BodyView& view, uint32_t node, std::vector<ArrayElement>& out) {
    const JsonTree& tree = *view.tree;
    const ValueType type = tree[node].value.type;
    const auto add = [&](uint32_t n) {
      if (out.size() < limits::kListValues) out.push_back({&tree, n, view.missing, view.patch, tree[n].value});
    };
    if (type == ValueType::Array) {
      for (uint32_t c = tree.child(node); c != JsonNode::kNone; c = tree[c].next) add(c);
    } else if (type != ValueType::Null) {
      add(node);
    }
  }

  FieldValues map_values(const FieldRef& field) {
    std::vector<Value>& run = runs.next();
    if (field.path.empty()) return {run, Presence::Absent};
    const std::string& key = field.path.front().key;
    if (field.id == FieldId::UriQuery) return finish(run, uri_query(input(), key, run));
    if (field.id == FieldId::EffectiveExtra) return finish(run, effective_extra(input(), key, run));
    for (const MapEntry& e : event->entries(field.id)) {
      if (e.key == key) run.push_back(e.value);
    }
    if (event->cut(field.id)) return finish(run, Presence::Unknown);
    return finish(run, run.empty() ? Presence::Absent : Presence::Present);
  }

  static FieldValues finish(const std::vector<Value>& run, Presence presence) { return {run, presence}; }

  // Everything that has no path: computed once per event.
  FieldValues whole(FieldId id) {
    const auto index = static_cast<size_t>(id);
    if (index < kEnvelopeFieldCount) {
      return {event->values(id), presence(*event, id)};
    }
    if (!is_cached[index]) {
      std::vector<Value>& run = runs.next();
      const Presence presence = derive(id, run);
      cached[index] = finish(run, presence);
      is_cached[index] = true;
    }
    return cached[index];
  }

  // How each derived field is made.
  using Make = Presence (*)(State&, FieldId, Values&);
  struct Derivation {
    FieldId id;
    Make make;
  };
  static const Derivation kDerivations[];
  template <auto kOf>
  static Presence of(State& s, FieldId id, Values& out) {
    if constexpr (std::is_invocable_v<decltype(kOf), const DerivedInput&, FieldId, Values&>) {
      return kOf(s.input(), id, out);
    } else {
      return kOf(s.input(), out);
    }
  }
  static Presence of_images(State& s, FieldId id, Values& out) { return images(s.pod_spec(), id, s.texts, out); }
  static Presence of_truncated(State& s, FieldId, Values& out) {
    out.push_back(Value::boolean(s.event->truncated));
    return Presence::Present;
  }
  static Presence of_cluster(State& s, FieldId, Values& out) {
    if (s.event->cluster.empty()) return Presence::Absent;
    out.push_back(Value::string(s.event->cluster));
    return Presence::Present;
  }
  static Presence of_keywords(State& s, FieldId, Values& out) {
    s.add_keywords(out);
    return s.bodies.request() ? Presence::Present : s.bodies.request().missing;
  }

  Presence derive(FieldId id, Values& out);
  Presence body_defect(Values& out);
  void add_keywords(Values& out);
};

// Fields that are not here have no values: those of hits; maps and trees have paths.
const FieldLookup::State::Derivation FieldLookup::State::kDerivations[] = {
    {FieldId::Resource, of<resource>},
    {FieldId::EffectiveUsername, of<effective_user>},
    {FieldId::EffectiveUid, of<effective_user>},
    {FieldId::EffectiveGroups, of<effective_user>},
    {FieldId::ServiceAccountNamespace, of<service_account>},
    {FieldId::ServiceAccountName, of<service_account>},
    {FieldId::CallerNamespace, of<caller_namespace>},
    {FieldId::CallerPod, of<caller>},
    {FieldId::CallerPodUid, of<caller>},
    {FieldId::CallerNode, of<caller>},
    {FieldId::CredentialId, of<caller>},
    {FieldId::IssuedCredentialId, of<issued_credential>},
    {FieldId::TargetPod, of<target_pod>},
    {FieldId::TargetAccount, of<target_account>},
    {FieldId::PeerIp, of<peer_ip>},
    {FieldId::PeerNetwork, of<peer_network>},
    {FieldId::UserAgentFamily, of<user_agent_family>},
    {FieldId::UriPath, of<uri_path>},
    {FieldId::ExecCommand, of<exec_command>},
    {FieldId::RequestDryRun, of<dry_run>},
    {FieldId::AuthzDecision, of<authz>},
    {FieldId::AuthzReason, of<authz>},
    {FieldId::AuthzBinding, of<authz>},
    {FieldId::AuthzRole, of<authz>},
    {FieldId::WrittenBinding, of<written_binding>},
    {FieldId::WrittenSubjects, of<written_subjects>},
    {FieldId::WrittenRole, of<written_role>},
    {FieldId::CsrSubject, of<csr_subject>},
    {FieldId::HostPaths, [](State& s, FieldId, Values& out) { return host_paths(s.pod_spec(), s.texts, out); }},
    {FieldId::ImageRepositories, of_images},
    {FieldId::ImageRegistries, of_images},
    {FieldId::WorkloadKind, of<workload>},
    {FieldId::WorkloadName, of<workload>},
    {FieldId::Truncated, of_truncated},
    {FieldId::BodyDefect, [](State& s, FieldId, Values& out) { return s.body_defect(out); }},
    {FieldId::Cluster, of_cluster},
    {FieldId::Keywords, of_keywords},
};

Presence FieldLookup::State::derive(FieldId id, Values& out) {
  static const std::array<Make, kFieldCount> kMakers = [] {
    std::array<Make, kFieldCount> makers{};
    for (const Derivation& row : kDerivations) makers[static_cast<size_t>(row.id)] = row.make;
    return makers;
  }();
  const Make make = kMakers[static_cast<size_t>(id)];
  return make == nullptr ? Presence::Absent : make(*this, id, out);
}

// Clients write request bodies, so a rule on the defect reads that body; responses are left to the reader.
Presence FieldLookup::State::body_defect(Values& out) {
  const BodyDefect defect = bodies.defect(FieldId::RequestObject);
  if (defect == BodyDefect::None) return Presence::Absent;
  out.push_back(Value::string(to_text(defect)));
  return Presence::Present;
}

void FieldLookup::State::add_keywords(Values& out) {
  const auto add = [&](const Value& v) {
    if (is_scalar(v)) out.push_back(v);
  };
  for (size_t i = 0; i < kEnvelopeFieldCount; ++i) {
    for (const Value& v : event->values(static_cast<FieldId>(i))) add(v);
  }
  for (const FieldId map : {FieldId::UserExtra, FieldId::ImpersonatedExtra, FieldId::Annotations}) {
    for (const MapEntry& e : event->entries(map)) add(e.value);
  }
  for (const BodyView& view : {bodies.details(), bodies.request(), bodies.response()}) {
    if (!view) continue;
    for (uint32_t n = 0; n < view.tree->size(); ++n) add((*view.tree)[n].value);
  }
}

FieldLookup::FieldLookup(DerivedConfig config) : state_(std::make_unique<State>(std::move(config))) {}
FieldLookup::~FieldLookup() = default;

void FieldLookup::begin(const Event& event) { state_->begin(event); }

void FieldLookup::release() {
  auto fresh = std::make_unique<State>(DerivedConfig{});
  fresh->proxies = std::move(state_->proxies);
  state_ = std::move(fresh);
}

BodyDefect FieldLookup::defect(FieldId body) { return state_->bodies.defect(body); }
bool FieldLookup::readable(FieldId body) { return state_->bodies.readable(body); }

FieldValues FieldLookup::values(const FieldRef& field) {
  const FieldInfo& info = field_info(field.id);
  if (info.shape == FieldShape::Tree) return state_->values_at(state_->tree_of(field.id, field.path), field.path);
  if (info.shape == FieldShape::Map) return state_->map_values(field);
  const FieldValues all = state_->whole(field.id);
  if (field.path.empty() || !field.path.front().index) return all;
  const size_t index = *field.path.front().index;
  if (index < all.values.size()) return {all.values.subspan(index, 1), all.presence};
  return {{}, all.presence == Presence::Present ? Presence::Absent : all.presence};
}

ArrayValues FieldLookup::elements(const FieldRef& array) {
  if (field_info(array.id).shape == FieldShape::Tree) {
    return state_->elements_at(state_->tree_of(array.id, array.path), array.path);
  }
  const FieldValues list = values(array);
  std::vector<ArrayElement>& run = state_->element_runs.next();
  for (const Value& v : list.values) run.push_back({nullptr, JsonNode::kNone, Presence::Absent, PatchKind::None, v});
  return {run, list.presence};
}

FieldValues FieldLookup::values(const ArrayElement& element, const FieldRef& field) {
  if (field.id != FieldId::Element) return values(field);
  if (element.tree != nullptr) return state_->values_at(view_of(element), field.path);
  std::vector<Value>& run = state_->runs.next();
  if (!field.path.empty()) return {run, element.missing};
  run.push_back(element.scalar);
  return {run, Presence::Present};
}

ArrayValues FieldLookup::elements(const ArrayElement& element, const FieldRef& array) {
  if (array.id != FieldId::Element) return elements(array);
  if (element.tree != nullptr) return state_->elements_at(view_of(element), array.path);
  return {{}, element.missing};
}

}  // namespace kubevigil
