// CaseEvent: the short form of an audit event, as cases beside rules write it (detections/README.md has the keys), and
// its expansion to whole audit.k8s.io/v1 events in the API server's field order. The demo is built from it, too.
// Pure functions of their arguments: the same short form gives the same bytes.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/diagnostics.h"
#include "engine/base/timestamp.h"

namespace kubevigil {

struct CaseEvent {
  Duration at;  // since the start of the case
  uint32_t times = 1;
  Duration every = Duration::seconds(1);
  Duration session;                                 // not zero: ResponseStarted at `at`, ResponseComplete so much later
  std::string user, uid, as;                        // `as`: the impersonated user
  std::vector<std::string> groups, as_groups, ips;  // empty `groups`, `ips`: the usual ones
  std::vector<std::pair<std::string, std::string>> extra, annotations;
  std::string verb, resource, subresource, group, version, ns, name;
  std::string uri, query;  // empty `uri`: made from the object
  int code = 0;            // 0: 201 for create, 101 for exec and attach, else 200
  std::string level, stage, decision, message, reason, user_agent, audit_id, cluster;
  std::string body, response;  // JSON text, or empty
  SourceSpan span;
};

struct CaseRecord {
  Timestamp time;
  std::string json;  // one line
  std::string cluster{};
};

// Sets resource, subresource and, for kinds of Kubernetes itself, group and version from "pods/exec", "jobs" or
// "widgets.example.com".
void set_resource(CaseEvent& event, std::string_view text);

// All repetitions and stages, in time order. `seed` tells cases apart: it goes into the audit ids.
std::vector<CaseRecord> expand(const CaseEvent& event, Timestamp start, std::string_view seed, size_t index);

// The same event at level Metadata, as if the policy kept no bodies.
CaseEvent without_bodies(CaseEvent event);

enum class PatchForm { Merge, Strategic, Apply, Json };
std::string_view to_text(PatchForm form);
// A create with a body, rewritten as a patch of the same object that brings the same content. Other events are
// returned as they are.
CaseEvent as_patch(const CaseEvent& event, PatchForm form);

}  // namespace kubevigil
