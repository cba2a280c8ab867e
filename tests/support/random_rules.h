// Random Sigma detections and random audit events that have something to say to each other: both draw their values
// from the same small pools. The same seed gives the same texts on every machine.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kubevigil {

// SplitMix64 (Steele, Lea, Flood 2014): unlike the standard distributions it is the same everywhere.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t next();
  size_t below(size_t n) { return static_cast<size_t>(next() % n); }
  bool chance(size_t percent) { return below(100) < percent; }
  const std::string& pick(const std::vector<std::string>& pool) { return pool[below(pool.size())]; }

 private:
  uint64_t state_;
};

// One audit event as JSON. All verbs, levels and stages; bodies that are missing, patches of every kind, repeated
// keys, values of the wrong type, nulls.
std::string random_event(Random& random);

// One detection as YAML: every modifier, quantifier and form of selection and condition.
std::string random_rule(Random& random, size_t number);

// The list behind %pool% in rules, as YAML text for LoadOptions::lists.
std::vector<std::string> random_rule_list();

}  // namespace kubevigil
