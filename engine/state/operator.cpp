#include "engine/state/operator.h"

#include "engine/base/limits.h"
#include "engine/state/absence_operator.h"
#include "engine/state/bucket_operator.h"
#include "engine/state/chain_operator.h"
#include "engine/state/new_value_operator.h"
#include "engine/state/recent_operator.h"

namespace kubevigil {

std::unique_ptr<Operator> make_operator(const Rule& rule, const OperatorLimits& bounds) {
  switch (rule.correlation().type) {
    case CorrelationType::EventCount:
      return rule.correlation().condition.deciding_count() > limits::kExactThreshold
                 ? make_bucket_operator(rule, bounds)
                 : make_recent_operator(rule, bounds);
    case CorrelationType::ValueCount:
    case CorrelationType::Temporal:
    case CorrelationType::TemporalOrdered:
      return make_recent_operator(rule, bounds);
    case CorrelationType::ValueSum:
    case CorrelationType::ValueAvg:
    case CorrelationType::ValuePercentile:
      return make_bucket_operator(rule, bounds);
    case CorrelationType::NewValue:
      return make_new_value_operator(rule, bounds);
    case CorrelationType::Absence:
      return make_absence_operator(rule, bounds);
    case CorrelationType::Chain:
      return make_chain_operator(rule, bounds);
  }
  return nullptr;
}

}  // namespace kubevigil
