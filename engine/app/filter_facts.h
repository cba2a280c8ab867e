// Patterns in outputs' filters that fit nothing: a slip of the pen there keeps alerts back, or lets them through, in
// silence. Pure.
#pragma once

#include <string>
#include <vector>

#include "engine/app/config.h"
#include "engine/rule/rule.h"

namespace kubevigil {

struct IdlePattern {
  std::string output, key, pattern;  // key: rules, not-rules, clusters
  bool operator==(const IdlePattern&) const = default;
};

// Rules are those given and the program's own (self_alert.h); clusters, those that the inputs name.
std::vector<IdlePattern> idle_patterns(const Config& config, const RuleSet& rules);

}  // namespace kubevigil
