// Operator: keeps the state of one correlation and turns matches into firings. All operators live in the
// Correlator, on its one thread; they see matches in the run's order, and time only as event time.
//
// Contract (streaming.md S3 to S6, S12 to S15; design/rules.md 5):
//  * Windows are (t - timespan, t] over event time. A match older than watermark - lateness is not handed in.
//  * Monotone operators (only lower bounds) answer at once: on_match says whether some window that holds the new match
//    satisfies the condition. Others answer from on_watermark, once nothing can change the answer.
//  * The answer depends only on the matches and their order, and for the operators of recent_operator.cpp not even on
//    the order within the lateness: exact, unless a firing says `approximate`. new_value and heartbeats follow arrival.
//  * State is bounded: O(threshold) plus the matches inside the lateness horizon for each key; keys are bounded by
//    the budget, evicted in a fixed order, and counted.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/hash.h"
#include "engine/base/timestamp.h"
#include "engine/rule/rule.h"
#include "engine/state/event_ref.h"
#include "engine/state/lost_progress.h"
#include "engine/state/trail.h"

namespace kubevigil {

struct Match {
  Timestamp time;
  uint64_t sequence = 0;       // position in the run's one order; breaks ties of time
  uint32_t input = 0;          // index into Correlation::inputs
  Hash128 key;                 // group
  std::string_view key_bytes;  // encoded (match/group_key.h)
  Hash128 value;
  std::string_view value_bytes;
  double number = 0;
  EventRef event;
};

enum class RuleState : uint8_t { Ready, Learning, Cold };

struct Firing {
  Timestamp time;  // of the match or deadline that completed it
  Hash128 key;
  std::string key_bytes;
  double count = 0;                 // events, distinct values, or the sum/avg/percentile
  std::vector<std::string> values;  // sample of encoded values (value_count, new_value), at most 10
  std::vector<EventRef> events;     // evidence inside the window, newest last, at most limits::kSampleEvents
  Timestamp first_seen;
  Timestamp last_seen = Timestamp::min();  // of the evidence, where it ends behind `time`
  EventRef anchor;                         // identity of the opening: the completing event; absence: the starter
  std::shared_ptr<const Trail> trail;      // chain: all that it shows so far
  bool approximate = false;
  bool degraded = false;  // part of the key's state was evicted before
  bool retracts = false;  // absence: the firing with this key and anchor did not hold; late events say so
};

struct OperatorStats {
  uint64_t matches = 0, firings = 0, evictions = 0, approximate_keys = 0, keys = 0, bytes = 0;
  uint64_t pending = 0;  // absence: undetermined deadlines; counts waiting for the watermark
  RuleState state = RuleState::Ready;
  LostProgress lost{};  // of `evictions`, those of keys; of this process, no part of the state
};

struct OperatorLimits {
  size_t bytes;  // state budget of this operator
  size_t keys;
  Duration lateness = Duration::minutes(5);
  Timestamp learn_until =
      Timestamp::min();  // new_value: learn before it, whatever the rule says; min: as the rule says
  HashKey key{};         // chain: it makes keys of its own
};

class Operator {
 public:
  virtual ~Operator() = default;
  // Appends at most one firing per satisfied match. True: it made a new key (KeyTable::made()).
  virtual bool on_match(const Match& match, std::vector<Firing>& out) = 0;
  // The watermark moved to `watermark`: fires whatever became final, in order (deadline, key).
  // REQUIRES: called with the present watermark before on_match, and whenever it reaches next_due().
  virtual void on_watermark(Timestamp watermark, std::vector<Firing>& out) = 0;
  // The watermark at which on_watermark may have something to fire; max when nothing is pending.
  virtual Timestamp next_due() const { return Timestamp::max(); }
  // No more matches will come: fires what needs no further event to be final. Absences stay undetermined.
  virtual void finish(std::vector<Firing>&) {}
  // The first event of a cluster (EventMark::cluster) was at `time`: learning periods start.
  virtual void on_cluster(uint64_t /*cluster*/, Timestamp /*time*/) {}
  // What is known now came from a baseline: learning is over for the clusters seen so far.
  virtual void end_learning() {}
  // Evicts keys until at most `bytes` are used: the budget of all operators was exceeded.
  virtual void shrink(size_t bytes) = 0;
  virtual size_t bytes() const = 0;
  // Saves or loads all state, depending on the archive's direction.
  virtual void archive(Archive& archive) = 0;
  virtual OperatorStats stats() const = 0;
};

// `rule` must be a correlation and outlive the operator.
std::unique_ptr<Operator> make_operator(const Rule& rule, const OperatorLimits& limits);

}  // namespace kubevigil
