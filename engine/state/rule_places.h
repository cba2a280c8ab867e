// The same rule in two rule sets: same id, same meaning. What state is carried from one to the other stands on it.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/rule/rule.h"

namespace kubevigil {

inline constexpr uint32_t kNoRule = UINT32_MAX;

// A number of (id, meaning), the same in every rule set and every run. Not keyed: rules are the operator's own.
uint64_t rule_mark(const Rule& rule);

// For each rule of `of`: its index in `in`, or kNoRule.
std::vector<uint32_t> places_in(const RuleSet& in, const RuleSet& of);

}  // namespace kubevigil
