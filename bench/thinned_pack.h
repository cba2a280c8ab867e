// A pack of rules with some of them taken out, to see what those cost. A correlation loses the inputs that are gone and
// goes with its last member; a rule that nobody reads any more and that does not alert goes, too.
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

// What is taken out: rules, and of the correlations that stay, inputs.
struct Goes {
  std::function<bool(const Rule&)> rule;
  std::function<bool(const CorrelationInput&)> input = [](const CorrelationInput&) { return false; };
};

ThinnedPack without(const RuleSet& all, const Goes& goes);

Goes first_seen_rules();
// Rules whose condition, or what their alerts are grouped by, needs a body, and the inputs of correlations that take
// something from bodies. A chain that also follows what bodies say goes on following the rest.
Goes body_rules();

}  // namespace kubevigil::bench
