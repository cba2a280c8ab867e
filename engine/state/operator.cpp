#include "engine/state/operator.h"

#include "engine/state/recent_operator.h"

namespace kubevigil {

std::unique_ptr<Operator> make_operator(const Rule& rule, const OperatorLimits& limits) {
  switch (rule.correlation().type) {
    case CorrelationType::EventCount:
    case CorrelationType::ValueCount:
    case CorrelationType::Temporal:
    case CorrelationType::TemporalOrdered:
      return make_recent_operator(rule, limits);
    default:
      return nullptr;
  }
}

}  // namespace kubevigil
