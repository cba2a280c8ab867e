// A pack of rules with some of them taken out, to see what those cost. A correlation loses the inputs that are gone and
// goes with its last one; a rule that nobody reads any more and that does not alert goes, too.
#pragma once

#include <functional>
#include <set>
#include <string>

#include "engine/rule/rule.h"

namespace kubevigil::bench {

struct ThinnedPack {
  RuleSet rules;
  size_t out = 0;                 // rules that were asked to go
  std::set<std::string> changed;  // names of rules that stayed, but read less: their alerts may differ
};

ThinnedPack without(const RuleSet& all, const std::function<bool(const Rule&)>& goes);

// First-seen rules.
bool is_first_seen(const Rule& rule);
// Its condition, what its alerts are grouped by, or what a correlation takes from its events needs a body.
bool reads_bodies(const Rule& rule);

}  // namespace kubevigil::bench
