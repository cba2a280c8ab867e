// Alert: what leaves the program. Everything an analyst needs in one record (schema kubevigil.alert/v1, published
// by `kubevigil schema alert`). Values written by attackers are already redacted (redaction.h) but not escaped: each
// encoding escapes for its own medium.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/alert/alert_chain.h"
#include "engine/base/level.h"
#include "engine/base/timestamp.h"
#include "engine/state/episode.h"

namespace kubevigil {

struct AlertAttack {
  std::string tactic_id, tactic, technique_id, technique;
};

struct AlertActor {
  std::string username, uid, impersonated_by;  // username: the effective user
  std::vector<std::string> groups;
  std::string service_account_namespace, service_account_name;
  std::string pod, pod_uid, node, credential_id;
};

struct AlertPermission {
  std::string decision, reason, binding, role;
};
struct AlertSource {
  std::vector<std::string> ips;
  std::string peer_ip, user_agent;
};
struct AlertTarget {
  std::string api_group, resource, subresource, ns, name, uid;
};
struct AlertRequest {
  std::string verb, uri, audit_id, stage;
  int code = 0;
  bool dry_run = false;
};

struct AlertWhy {
  std::string condition, field;
  std::vector<std::string> values;
};

struct AlertEvent {
  std::string audit_id, file;
  Timestamp time;
  uint64_t offset = 0, line = 0;
};

struct Alert {
  std::string id, dedup_key;
  uint32_t revision = 1;
  EpisodeStatus status = EpisodeStatus::Closed;
  Timestamp time, first_seen, last_seen;
  uint64_t count = 0;
  double measure = 0;
  std::optional<double> duration_seconds;
  std::optional<Timestamp> state_since;  // of a correlation: what it remembers begins here (state/state_since.h)
  std::string rule_id, rule_name, rule_title, rule_hash;
  Level level = Level::Medium;
  Stage stage = Stage::None;
  int risk = 0;
  std::string message;  // filled template, or the title
  std::vector<AlertAttack> attack;
  std::string cluster, envelope;
  std::vector<std::pair<std::string, std::string>> group;  // name, value
  std::vector<std::string> values;
  AlertActor actor;
  AlertPermission permission;
  AlertSource source;
  AlertTarget target;
  AlertRequest request;
  std::vector<AlertWhy> why;
  std::vector<AlertEvent> events;
  AlertChain chain;         // of a chain
  std::string audit_level;  // of the opening event
  // What the event did not carry: bodies, groups. "event": the alert was opened by time passing, actor and target are
  // of the group key.
  std::vector<std::string> missing;
  std::vector<std::string> next_steps;
  std::vector<std::string> references;
  bool approximate = false, degraded = false, salvaged = false;
};

// One line of JSON; keys in a fixed order; empty members left out.
std::string to_json(const Alert& alert);
// The JSON Schema (2020-12) of that line.
std::string alert_schema();

}  // namespace kubevigil
