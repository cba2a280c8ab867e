// Random streams of matches for the tests of state operators: small domains, so that windows, ties and repeats meet;
// out of order within a bound; seeds that a failing test prints. KUBEVIGIL_SEED=n runs one seed only.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "engine/state/operator.h"

namespace kubevigil {

struct StreamShape {
  size_t events = 200;
  int64_t step = 4;      // mean time between events, in microseconds
  int64_t disorder = 0;  // events come up to this much late
  size_t keys = 2;
  size_t values = 5;
  uint32_t inputs = 1;
  double nulls = 0.05;  // share of null values
  double twins = 0.1;   // share of events with a second match (another input or value)
};

// Owns the texts that a Match borrows.
struct StreamMatch {
  Timestamp time;
  uint64_t sequence = 0;
  uint32_t input = 0;
  std::string key, value;  // encoded
  double number = 0;

  Match match() const;
};

std::vector<StreamMatch> random_stream(const StreamShape& shape, uint64_t seed);
// 1 to `count` (sanitized_share of it, at least five), or the one of KUBEVIGIL_SEED.
std::vector<uint64_t> test_seeds(size_t count);

std::string encoded_text(std::string_view text);
// An EventRef that names (time, sequence), so that evidence can be told apart.
EventRef event_ref(Timestamp time, uint64_t sequence);

// A correlation by hand: `inputs` member inputs, cluster-wide, with one lower bound.
Rule correlation_rule(CorrelationType type, int64_t timespan_micros, double gte, uint32_t inputs = 1);

// Everything in a firing, for comparison.
std::string to_text(const Firing& firing);

// Hands matches to an operator as the Correlator does: watermark = newest time seen - slack, late matches dropped.
class OperatorDriver {
 public:
  OperatorDriver(Operator& op, Duration slack, Duration lateness) : op_(&op), slack_(slack), lateness_(lateness) {}
  // False: the match was late. Timer firings come before those of the match.
  bool feed(const StreamMatch& match, std::vector<Firing>& out);
  Timestamp watermark() const { return watermark_; }
  void continue_with(Operator& op) { op_ = &op; }

 private:
  Operator* op_;
  Duration slack_, lateness_;
  Timestamp watermark_ = Timestamp::min();
};

}  // namespace kubevigil
