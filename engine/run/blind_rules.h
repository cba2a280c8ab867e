// Which rules a kind of source can never satisfy, because it never carries a field, or a verb, that they cannot do
// without.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/rule/rule.h"

namespace kubevigil {

struct Lacking {
  std::span<const FieldId> fields;
  std::span<const std::string_view> verbs;
};

// True when the condition is false for every event that lacks all of `lacking`, whatever else it holds.
bool is_blind(const Expr& condition, const Lacking& lacking);

// Names of the alerting rules that are blind: detections by their condition, correlations when what they read leaves
// them nothing to count (all members blind; for temporal ones: any member blind).
std::vector<std::string> blind_rules(const RuleSet& rules, const Lacking& lacking);

}  // namespace kubevigil
