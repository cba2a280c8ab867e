// The condition language of Sigma detections, filters and array blocks (grammar in sigma_condition.cpp).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/diagnostics.h"
#include "engine/rule/expr.h"

namespace kubevigil {

// One search identifier of a detection, lowered.
struct Selection {
  std::string name;
  Expr expr;          // its label is the name
  SourceSpan span;    // of the key
  bool used = false;  // set by parse_condition
};

// Parses `text` and puts the selections' expressions in the place of their names. On an error (reported with its
// place inside `span`, which must be that of the condition's scalar) the result is the constant false.
// Codes: condition-syntax, unknown-selection, condition-limit.
Expr parse_condition(std::string_view text, const SourceSpan& span, bool quoted, std::vector<Selection>& selections,
                     Diagnostics& diagnostics);

}  // namespace kubevigil
