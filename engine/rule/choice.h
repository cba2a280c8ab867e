// Choice: which of all linked rules a run takes: a preset of the built-in ones, less what the site switched off
// (Rule::site). Whoever names a rule finds it, whatever the choice: it is made behind linking.
#pragma once

#include <set>

#include "engine/rule/rule.h"

namespace kubevigil {

// Built-in rules above the preset, and rules that the site disabled, do not alert (and have another semantic hash than
// those that do); with a preset, what then neither alerts nor is read by a rule that stays is dropped. A user's own
// rules are of every preset. Chains and other correlations over `hits` do not count rules that the site disabled;
// built-in ones count rules of their own preset and smaller ones, a user's those that may alert here. Without a preset
// every rule stays. REQUIRES: rules have their hashes. Fills RuleSet::preset and left_out.
void choose_rules(RuleSet& rules, std::optional<Preset> preset);

// Copies of `wanted` (indices) and of all that they read, in the same order.
RuleSet rules_for(const RuleSet& rules, const std::set<uint32_t>& wanted);

}  // namespace kubevigil
