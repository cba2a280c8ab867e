// Correlations: the operators of a rule set and everything that flows between them: matches in, firings out to alerts
// and on to the correlations that read them, timers, and the budget that they share. One owner, one thread.
//
// Time: the owner moves the watermark with fire_until(). Timers (deadlines, counts with an upper bound) fire one due
// time after the other, each at the watermark of its own due time, so that what follows from them is the same for one
// large step and for many small ones. After every call no timer that the watermark has reached is left.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "engine/match/hit.h"
#include "engine/match/program.h"
#include "engine/state/archive.h"
#include "engine/state/key_makers.h"
#include "engine/state/operator.h"

namespace kubevigil {

struct CorrelationsOptions {
  size_t state_bytes;
  Duration lateness;  // of events
  Timestamp learn_until;
  HashKey key;
};

// Somebody filled the state of a rule.
struct KeyExplosion {
  uint32_t rule = 0;
  KeyMaker maker;
};

class Correlations {
 public:
  // Takes each firing, in order. Must not call back.
  using OnFiring = std::function<void(uint32_t rule, const Firing&)>;

  // `rules` must outlive it.
  Correlations(const RuleSet& rules, const CorrelationsOptions& options);

  // A further event, or a timer, in the run's one order: what comes now has this place in it.
  void next_in_order() { ++sequence_; }
  void on_cluster(uint64_t cluster, Timestamp time);
  // Who made the event at hand (EventMark::actor_begin): the new keys of what follows are his, also those of further
  // correlations. "": a timer, which has no actor; its keys are nobody's. Must be valid until the next call.
  void set_actor(std::string_view actor) { actor_ = actor; }
  // Hands a match to `correlation`, unless it is too late for it. Its firings wait for drain().
  void feed(uint32_t correlation, Match& match);
  // Gives out the waiting firings, in order of rules, and what they make other correlations fire.
  void drain(const OnFiring& on_firing);

  Timestamp watermark() const { return watermark_; }
  // When the next timer is due; max: none waits.
  Timestamp next_due() const { return next_due_; }
  // Moves the watermark to `to` (never back) and fires what is due until then. `before` is told each due time that is
  // reached, before its timers fire.
  void fire_until(Timestamp to, const std::function<void(Timestamp)>& before, const OnFiring& on_firing);
  // No more events will come: fires what needs no further event to be final.
  void finish(const OnFiring& on_firing);

  // By rule: how long after the time of a firing it may come, in event time.
  const std::vector<Duration>& delays() const { return delays_; }
  Operator* operator_of(uint32_t rule) { return operators_[rule].get(); }  // null for detections
  const Operator* operator_of(uint32_t rule) const { return operators_[rule].get(); }
  const KeyMakers& key_makers(uint32_t rule) const { return makers_[rule]; }
  std::vector<KeyExplosion> take_explosions();  // in order of rules
  void archive(Archive& archive);
  // The watermark, the order, and the states of the rules that stood at `places` (by rule; kNoRule: it is new, and
  // begins at the watermark). `old` loses them.
  void take_over(Correlations& old, const std::vector<uint32_t>& places, const std::vector<uint64_t>& clusters);

 private:
  using Collect = std::function<void(Operator&, std::vector<Firing>&)>;
  void fire(const Collect& collect, const OnFiring& on_firing);
  bool late(Timestamp time, Duration allowed) const { return time < watermark_ - allowed; }
  void keep_budget();
  void wait_for_drain(uint32_t rule) { waiting_[rule / 64] |= uint64_t{1} << (rule % 64); }
  uint32_t next_waiting();

  const RuleSet& rules_;
  const CorrelationsOptions options_;
  const std::vector<std::vector<Feed>> chains_;
  std::vector<Duration> lateness_, delays_;           // by rule
  std::vector<std::unique_ptr<Operator>> operators_;  // by rule; null for detections
  std::vector<KeyMakers> makers_;                     // by rule
  std::vector<std::vector<Firing>> fired_;            // by rule; wait for drain()
  std::vector<uint64_t> waiting_;                     // a bit a rule: those that have some; few of many
  Timestamp watermark_ = Timestamp::min(), next_due_ = Timestamp::max();
  uint64_t sequence_ = 0;
  std::string_view actor_;
  size_t state_bytes_ = 0;
};

}  // namespace kubevigil
