// ChainOperator: one actor's way through the stages of an intrusion, over changes of identity. Per root, an actor, the
// stages of the hits that count for it (chain_tally.h: what makes a chain, and when its alert grows).
//
// Whose hits count. The events that the chain sees are those with a hit of a member or of a link's rule, and what a
// member that is a correlation fires is a hit of its anchor's actor at the end of its window.
//   * An event counts for its own root at depth 0: the values of `root`; of a request without an identity (no user,
//     system:anonymous, 401) those of `root-anonymous`. No root: the first of these values is null, or in never-root.
//   * Event a links to event b by link L when L has a rule and it hit a, or L has none; some combination of values of
//   L's
//     linking fields of a equals that of its reached fields of b, none null; and 0 <= time(b) - time(a) <= `within`.
//     Then b counts for every root that a counts for, one deeper, up to `depth`. Nothing else is joined: not those who
//     reach the same value, nor what the linked one did before.
//   * `within: 0s` holds inside one event and only tells the alert of it (a caller and whom it impersonates).
// A required stage (require-any) counts only from the root's own hits: what an installer's operator asks for at its
// start must not make an entry of an installation.
//
// Fires for each hit that a chain of some root holds, with the largest; and when a link that comes late, or an event
// that comes early, lets hits count that had not. So within the lateness the order of arrival does not matter, up to
// bounds:
//   * a match that comes late and completes several windows of a correlation is one hit, at the end of one of them;
//   * one event links to at most `fan-out` values of a link, and counts for at most `fan-out` roots;
//   * limits.h has those of one value, one root, and of events inside the lateness;
//   * roots take half of the budget, linked values three eighths.
// What bites is counted: stats().evictions for keys, approximate_keys for the rest.
#pragma once

#include <memory>

#include "engine/state/operator.h"

namespace kubevigil {

std::unique_ptr<Operator> make_chain_operator(const Rule& rule, const OperatorLimits& limits);

}  // namespace kubevigil
