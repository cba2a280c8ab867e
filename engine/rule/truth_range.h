// Which outcomes a condition can have at all, whatever the event: a rule that cannot be true is dead, one that can
// only be true matches everything. A bound: tests are taken as independent.
#pragma once

#include "engine/rule/expr.h"

namespace kubevigil {

struct TruthRange {
  bool can_be_false = false, can_be_unknown = false, can_be_true = false;
};

TruthRange truth_range(const Expr& expr);

}  // namespace kubevigil
