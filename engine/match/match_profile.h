// MatchProfile: what evaluating each rule and each field took, for `replay --profile-rules`. One per worker, filled by
// its Matcher, added up when the workers have ended. What is counted of rules does not depend on the number of workers;
// what is counted of fields does, because each worker judges a value that it has not met, and times do.
//
// Every kSampling-th evaluation is timed, from the second on (the first may compile patterns), so that asking the clock
// does not become what is measured; the clock may be as coarse as a microsecond: what one evaluation loses to it,
// another gains.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "engine/base/timestamp.h"

namespace kubevigil {

struct EvaluationCost {
  uint64_t evaluations = 0;
  uint64_t timed = 0;  // of these
  Duration time;       // of the timed ones

  // Of all, if the timed ones are like the others. 0 without a timed one.
  double micros() const {
    return timed == 0
               ? 0
               : static_cast<double>(time.micros) * static_cast<double>(evaluations) / static_cast<double>(timed);
  }
  void add(const EvaluationCost& other);
};

struct RuleCost {
  EvaluationCost cost;  // evaluations: events that the index left
  uint64_t hits = 0;
  uint64_t bodies = 0;  // evaluations that needed a body
};

struct FieldCost {
  std::string name;
  EvaluationCost cost;  // evaluations: tests on its values, those that fill the index, too
};

struct MatchProfile {
  static constexpr uint64_t kSampling = 16;

  std::function<Duration()> clock;  // never goes back
  std::vector<RuleCost> rules;      // by index in RuleSet::rules; correlations stay empty
  std::vector<FieldCost> fields;    // those that tests read; in a block over an array by their name inside it

  // REQUIRES: of the same program.
  void add(const MatchProfile& other);

  template <typename Work>
  auto measure(EvaluationCost& cost, const Work& work) const {
    if (cost.evaluations++ % kSampling != 1) return work();
    const Duration begin = clock();
    auto result = work();
    cost.time = cost.time + (clock() - begin);
    ++cost.timed;
    return result;
  }
};

}  // namespace kubevigil
