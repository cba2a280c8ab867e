// What a policy would have left of a logged event: whether, and how much of it. Pure functions.
#pragma once

#include <vector>

#include "engine/run/audit_policy.h"

namespace kubevigil {

struct PolicyEffect {
  PolicyDecision decision;
  AuditLevel level = AuditLevel::None;  // what would be logged; None: nothing. Never above the event's own level
  size_t bytes = 0;                     // of its record then, about: without the bodies that go
};

// REQUIRES: fields.begin(event) was called.
PolicyEffect effect_on(const AuditPolicy& policy, const Event& event, FieldLookup& fields);

// Sums over a log.
struct PolicyUse {
  uint64_t events = 0, bytes = 0;         // decided by it
  uint64_t logged = 0, logged_bytes = 0;  // of those, what would be logged
  uint64_t below = 0;                     // logged at a lower level than the policy asks for
};
struct PolicyTally {
  explicit PolicyTally(const AuditPolicy& policy) : rules(policy.rules.size() + 1) {}
  std::vector<PolicyUse> rules;  // by rule; the last one is for what no rule matches
  void add(const Event& event, const PolicyEffect& effect);
  PolicyUse total() const;
};

}  // namespace kubevigil
