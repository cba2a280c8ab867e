// Lint: names in exceptions are compared with their case. Sigma folds case, identity providers do not: an exception
// for `system:kube-scheduler` must not cover an OIDC user who chose `System:Kube-Scheduler`.
#pragma once

#include "engine/rule/rule_draft.h"

namespace kubevigil {

// Looks at every test of an identity, group, namespace, image or object name that makes the rule quieter: under an odd
// number of Nots, counting `negated`. Code: uncased-exception, an error in built-in sources, else a note.
void check_case(const Expr& expr, bool negated, RuleContext& context);

}  // namespace kubevigil
