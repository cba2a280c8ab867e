// The inputs of a chain: what it reads of each event (ChainSpec in rule.h), and of whose events it must know the actor.
#pragma once

#include "engine/rule/rule_draft.h"

namespace kubevigil {

CorrelationInput link_chain_input(const Correlation& chain, const InputDraft& input, const Rule& target);

// A correlation fires without saying who made the event by which it did. So the chain is told of each event that feeds
// one of its members: a Role::Actor input for each such detection that is no member itself, and for how long after the
// event a member may fire by it.
void add_actors(const RuleSet& rules, Correlation& chain);

}  // namespace kubevigil
