// The tuples of exceptions (Sigma filters) that detections carry, and whether an event is one that such a tuple
// silences: everything else of the condition holds. For the coverage of cases. Pure functions.
#pragma once

#include <string>
#include <vector>

#include "engine/event/field_lookup.h"
#include "engine/rule/rule.h"

namespace kubevigil {

struct ExceptionTuple {
  uint32_t rule = 0;           // a detection, an index into RuleSet::rules
  std::string filter;          // its name
  size_t number = 0;           // from 1, in the order of the filter's list; a filter without a list is one tuple
  const Expr* part = nullptr;  // of the condition: the whole filter
  const Expr* tuple = nullptr;
};

// Borrows from `rules`.
std::vector<ExceptionTuple> exception_tuples(const RuleSet& rules);

bool is_silenced_by(const ExceptionTuple& exception, const RuleSet& rules, FieldLookup& fields);

}  // namespace kubevigil
