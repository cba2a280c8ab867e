// Brute-force models of the state operators: each keeps everything and looks at all of it for every question. They
// share nothing with engine/state but the structs of its interface, and follow streaming semantics as written in
// engine/state/operator.h and the headers of the operators.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine/state/operator.h"

namespace kubevigil::model {

// One match as the models keep it.
struct Seen {
  Timestamp time;
  uint64_t sequence = 0;
  uint32_t input = 0;
  std::string key, value;
  double number = 0;
};

struct Answer {
  Timestamp time;
  uint64_t sequence = 0;
  std::string key;
  auto operator<=>(const Answer&) const = default;
};

// event_count, value_count, temporal, temporal_ordered with lower bounds only: is seen[index] satisfied by what came up
// to it (seen[0..index])?
bool satisfied(const Correlation& correlation, const std::vector<Seen>& seen, size_t index);

// event_count and value_count with other bounds: all firings, in order, once everything has come.
std::vector<Answer> judged_at_the_end(const Correlation& correlation, const std::vector<Seen>& seen);

}  // namespace kubevigil::model
