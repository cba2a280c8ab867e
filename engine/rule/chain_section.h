// The section `kubevigil: {chain: ...}` of a chain:
//
//   hits, require-any, raise   as in hit_keys.h; the values of require-any are stages
//   max-span        how long a chain grows, from its first hit; `timespan` when left out
//   root            fields that say who acts; one chain for each of their values
//   root-anonymous  the same for requests without an identity: anonymous ones, and 401
//   never-root      a list (file in lists/) of values of the first root field that have no chain of their own
//   links           {name: {rule: name, to: {reached field: linking field, ...}, within: 1h}}; without a rule every
//   event
//                   that the chain sees may link
//   limits          {depth: 4, fan-out: 16}
#pragma once

#include "engine/rule/rule_draft.h"
#include "engine/rule/yaml.h"

namespace kubevigil {

// Fills the correlation of the draft. Codes: unknown-key, bad-value, unknown-field, bad-chain, unknown-list, bad-list.
void read_chain(const YamlNode& node, RuleContext& context);

}  // namespace kubevigil
