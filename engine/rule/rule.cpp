#include "engine/rule/rule.h"

#include <algorithm>
#include <cmath>

namespace kubevigil {
namespace {

constexpr double kMost = 1e15;  // of whole numbers: no count comes near it, and a double holds it exactly

}  // namespace

bool CountCondition::holds(double n) const {
  return std::all_of(bounds.begin(), bounds.end(), [n](const Bound& b) {
    switch (b.op) {
      case Op::Gt:
        return n > b.value;
      case Op::Gte:
        return n >= b.value;
      case Op::Lt:
        return n < b.value;
      case Op::Lte:
        return n <= b.value;
      case Op::Eq:
        return n == b.value;
      case Op::Neq:
        return n != b.value;
    }
    return false;
  });
}

// Between two neighbouring bounds it is all the same, so the numbers beside them are enough.
bool CountCondition::holds_for_some(double most) const {
  const auto counts = [&](double n) { return n >= 1 && n <= most && holds(n); };
  return counts(1) || std::any_of(bounds.begin(), bounds.end(), [&](const Bound& b) {
           return counts(std::floor(b.value) - 1) || counts(std::floor(b.value)) || counts(std::floor(b.value) + 1);
         });
}

bool CountCondition::monotone() const {
  return std::all_of(bounds.begin(), bounds.end(), [](const Bound& b) { return b.op == Op::Gt || b.op == Op::Gte; });
}

uint64_t CountCondition::threshold() const {
  double lowest = 0;
  for (const Bound& b : bounds) {
    if (b.op == Op::Gt) lowest = std::max(lowest, std::floor(b.value) + 1);
    if (b.op == Op::Gte || b.op == Op::Eq) lowest = std::max(lowest, std::ceil(b.value));
  }
  return static_cast<uint64_t>(std::min(lowest, kMost));
}

size_t CountCondition::deciding_count() const {
  if (monotone()) return static_cast<size_t>(std::max<uint64_t>(threshold(), 1));
  double most = 0;
  for (const Bound& b : bounds) most = std::max(most, b.value);
  return static_cast<size_t>(std::ceil(std::min(most, kMost))) + 1;
}

bool Correlation::fires_at_once() const {
  return condition.monotone() && type != CorrelationType::ValueAvg && type != CorrelationType::ValuePercentile;
}

Timestamp WindowSpec::begin_of(Timestamp time, Duration timespan) {
  const int64_t width = std::max<int64_t>(timespan.micros, 1);
  const int64_t inside = time.micros % width;
  return time - Duration{inside < 0 ? inside + width : inside};
}

Level level_at(const Rule& rule, double measure) {
  Level level = rule.meta.level;
  if (rule.is_detection()) return level;
  for (const LevelRaise& raise : rule.correlation().value_count.raise) {
    if (measure >= raise.gte) level = std::max(level, raise.level);
  }
  return level;
}

const Rule* RuleSet::find(std::string_view id_or_name) const {
  for (const Rule& rule : rules) {
    if (rule.meta.id == id_or_name || rule.meta.name == id_or_name) return &rule;
  }
  return nullptr;
}

}  // namespace kubevigil
