#include "engine/match/match_profile.h"

#include <algorithm>

namespace kubevigil {

void EvaluationCost::add(const EvaluationCost& other) {
  evaluations += other.evaluations;
  timed += other.timed;
  time = time + other.time;
}

void MatchProfile::add(const MatchProfile& other) {
  rules.resize(std::max(rules.size(), other.rules.size()));
  for (size_t r = 0; r < other.rules.size(); ++r) {
    rules[r].cost.add(other.rules[r].cost);
    rules[r].hits += other.rules[r].hits;
    rules[r].bodies += other.rules[r].bodies;
  }
  for (const FieldCost& field : other.fields) {
    const auto same =
        std::find_if(fields.begin(), fields.end(), [&](const FieldCost& f) { return f.name == field.name; });
    if (same == fields.end()) {
      fields.push_back(field);
    } else {
      same->cost.add(field.cost);
    }
  }
}

}  // namespace kubevigil
