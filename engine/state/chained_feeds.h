// Correlations of correlations: a firing of one rule as a match of another (streaming.md S19).
#pragma once

#include <string>
#include <vector>

#include "engine/match/program.h"
#include "engine/rule/rule.h"
#include "engine/state/operator.h"

namespace kubevigil {

// For each rule: the correlation inputs that read its firings. Only correlations have any.
std::vector<std::vector<Feed>> chained_feeds(const RuleSet& rules);

// A match of `correlation.inputs[input]`, with the encodings that it borrows.
struct ChainedMatch {
  std::string key, value;
  Match match;
};

// The group key is the cluster (unless across-clusters; null when the upstream rule has none) and the elements that
// upstream_group names, counted without the cluster. Values are the hit.* fields of the upstream rule, else null.
ChainedMatch chained_match(const RuleSet& rules, uint32_t upstream, const Feed& feed, const Firing& firing,
                           HashKey key);

}  // namespace kubevigil
