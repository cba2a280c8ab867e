#include "engine/run/policy_effect.h"

#include <algorithm>

namespace kubevigil {
namespace {

// A member of the record with its key and comma.
size_t member_bytes(const Event& event, FieldId body, std::string_view name) {
  const std::string_view raw = event.raw(body);
  return raw.empty() ? 0 : raw.size() + name.size() + 4;
}

// A level that is not told is as good as the whole event.
AuditLevel level_of(const Event& event) {
  return parse_audit_level(event.text(FieldId::Level)).value_or(AuditLevel::RequestResponse);
}

}  // namespace

PolicyEffect effect_on(const AuditPolicy& policy, const Event& event, FieldLookup& fields) {
  PolicyEffect effect;
  effect.decision = decide(policy, policy_request(event, fields));
  const auto stage = parse_audit_stage(event.text(FieldId::Stage));
  if (stage && has(effect.decision.omit_stages, *stage)) return effect;
  effect.level = std::min(effect.decision.level, level_of(event));
  if (effect.level == AuditLevel::None) return effect;
  size_t dropped = 0;
  if (effect.level < AuditLevel::Request) dropped += member_bytes(event, FieldId::RequestObject, "requestObject");
  if (effect.level < AuditLevel::RequestResponse)
    dropped += member_bytes(event, FieldId::ResponseObject, "responseObject");
  effect.bytes = event.record.size() - std::min(dropped, event.record.size());
  return effect;
}

void PolicyTally::add(const Event& event, const PolicyEffect& effect) {
  PolicyUse& use = rules[std::min(effect.decision.rule, rules.size() - 1)];
  ++use.events;
  use.bytes += event.record.size();
  if (effect.level == AuditLevel::None) return;
  ++use.logged;
  use.logged_bytes += effect.bytes;
  if (effect.level < effect.decision.level) ++use.below;
}

PolicyUse PolicyTally::total() const {
  PolicyUse sum;
  for (const PolicyUse& use : rules) {
    sum.events += use.events;
    sum.bytes += use.bytes;
    sum.logged += use.logged;
    sum.logged_bytes += use.logged_bytes;
    sum.below += use.below;
  }
  return sum;
}

}  // namespace kubevigil
