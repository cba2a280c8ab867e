// Brute-force models of the state operators: each keeps everything and looks at all of it for every question. They
// share nothing with engine/state but the structs of its interface, and follow streaming semantics as written in
// engine/state/operator.h and the headers of the operators.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/state/operator.h"

namespace kubevigil::model {

// One match as the models keep it.
struct Seen {  // `key` and `value` are encoded
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

// value_count: the most distinct values in a window that holds seen[index] and satisfies the condition; 0: none does.
double most_values(const Correlation& correlation, const std::vector<Seen>& seen, size_t index);

// event_count and value_count with other bounds: all firings, in order, once everything has come. Of a tumbling window
// the one at its newest match.
std::vector<Answer> judged_at_the_end(const Correlation& correlation, const std::vector<Seen>& seen);

// value_sum, value_avg, value_percentile and large event_count with lower bounds only, as bucket_operator.h defines
// them; percentiles over the exact numbers.
bool satisfied_by_buckets(const Correlation& correlation, const std::vector<Seen>& seen, size_t index);

// The same with any bounds: for each key and sub-window whose end satisfies, (time of its last match, 0, key), sorted.
std::vector<Answer> judged_by_buckets(const Correlation& correlation, const std::vector<Seen>& seen);

// new_value: does the match that is added fire? What is forgotten and learned follows arrival. Clusters start at
// `start`.
class NewValue {
 public:
  NewValue(const Correlation& correlation, Timestamp start) : correlation_(correlation), start_(start) {}
  bool add(const Seen& match);

 private:
  const Correlation& correlation_;
  Timestamp start_;
  std::vector<Seen> arrived_;  // ForgetOn removes entries
};

// absence. Heartbeats in order of arrival; else a function of what has come, but for the choice between overlapping
// ones.
class Absence {
 public:
  explicit Absence(const Correlation& correlation) : correlation_(correlation) {}
  // What fires at this watermark, in order.
  std::vector<Answer> advance(Timestamp watermark);
  // The alerts that the match contradicts.
  std::vector<Answer> add(const Seen& match);
  size_t pending() const;

 private:
  std::vector<Answer> add_beat(const Seen& match);
  std::vector<Answer> contradicted_beats(const std::string& key);
  // The first question of the key that waits: unanswered, not fired, within no other that has fired.
  std::optional<Seen> waiting(const std::string& key) const;
  std::set<std::string> keys() const;
  Duration wait() const { return correlation_.absence.every.value_or(correlation_.timespan); }
  bool answers(const Seen& expect, const Seen& question) const;

  const Correlation& correlation_;
  Timestamp watermark_ = Timestamp::min();
  std::vector<Seen> expects_, questions_, fired_;
  std::map<std::string, Seen> beats_;                        // newest one, that is waited for
  std::map<std::string, std::vector<Seen>> heard_, missed_;  // all beats; those of alerts that stand, by time
};

}  // namespace kubevigil::model
