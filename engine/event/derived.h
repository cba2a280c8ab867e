// Derived fields: computed from the event when a rule asks for them (design/rules.md 2). Pure functions of the event
// and the configuration; one file a family.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/network.h"
#include "engine/event/bodies.h"
#include "engine/event/event.h"
#include "engine/event/presence.h"
#include "engine/event/value_arena.h"

namespace kubevigil {

struct DerivedInput {
  const Event& event;
  Bodies& bodies;
  const std::vector<Network>& trusted_proxies;
  TextPool& texts;
};

// Of an envelope field: Unknown when it has more values than were kept.
inline Presence presence(const Event& event, FieldId field) {
  if (event.cut(field)) return Presence::Unknown;
  return event.present(field) ? Presence::Present : Presence::Absent;
}

// Each appends its values to `out` and says why when there are none.
using Values = std::vector<Value>;

// derived_identity.cpp
bool is_impersonated(const Event& event);
Presence effective_user(const DerivedInput& in, FieldId wanted, Values& out);  // username, uid, groups
Presence effective_extra(const DerivedInput& in, std::string_view key, Values& out);
Presence service_account(const DerivedInput& in, FieldId wanted, Values& out);  // namespace, name
Presence caller_namespace(const DerivedInput& in, Values& out);
Presence caller(const DerivedInput& in, FieldId wanted, Values& out);  // pod, podUID, node, credentialId
Presence issued_credential(const DerivedInput& in, Values& out);

// derived_address.cpp
Presence peer_ip(const DerivedInput& in, Values& out);
Presence peer_network(const DerivedInput& in, Values& out);

// derived_request.cpp
Presence resource(const DerivedInput& in, Values& out);
Presence target_pod(const DerivedInput& in, Values& out);
Presence target_account(const DerivedInput& in, Values& out);
Presence user_agent_family(const DerivedInput& in, Values& out);
Presence uri_path(const DerivedInput& in, Values& out);
Presence uri_query(const DerivedInput& in, std::string_view name, Values& out);
Presence exec_command(const DerivedInput& in, Values& out);
Presence dry_run(const DerivedInput& in, Values& out);

// derived_rbac.cpp
Presence authz(const DerivedInput& in, FieldId wanted, Values& out);  // decision, reason, binding, role
Presence written_binding(const DerivedInput& in, Values& out);
Presence written_role(const DerivedInput& in, Values& out);
Presence written_subjects(const DerivedInput& in, Values& out);
BodyView rbac_rules(const DerivedInput& in, JsonTree& memory);  // the array of rules of a written Role or ClusterRole

// derived_csr.cpp
Presence csr_subject(const DerivedInput& in, Values& out);

// derived_workload.h: workload.kind, workload.name

// pod_spec_view.cpp
// Whether objects of this request can hold a pod spec at all. Status and scale do not change it.
bool may_hold_pod_spec(const Event& event);
BodyView pod_spec(const DerivedInput& in, JsonTree& memory);  // with allContainers
Presence host_paths(const BodyView& spec, TextPool& texts, Values& out);
Presence images(const BodyView& spec, FieldId wanted, TextPool& texts, Values& out);  // repositories, registries
std::string normalised_path(std::string_view path);

}  // namespace kubevigil
