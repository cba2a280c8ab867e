// MatchSource: match records out of judged events (the router's side) and back into what a Correlator takes (the
// shard's side). The router's side is one thread, the shard's another, mostly in another process.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/alert/alert_builder.h"
#include "engine/match/hit.h"
#include "engine/match/program.h"
#include "engine/run/match_record.h"
#include "engine/state/correlator.h"

namespace kubevigil {

// By rule: the rules whose alerts a hit of it may open, itself among them: correlations that read it, at any depth.
std::vector<std::vector<uint32_t>> alerts_reached(const Program& program);

// The router's side: the hits of one event as a record's. Which of them go to which shard, and place, robust time and
// words (AlertBuilder::facts) are the caller's to add. REQUIRES: mark.time is settled.
MatchEvent match_event(const MatchResult& result, const EventMark& mark);
// The rules for AlertBuilder::facts.
std::vector<uint32_t> rules_opened(const MatchEvent& event, std::span<const std::vector<uint32_t>> reached);

// The shard's side: one event as a correlator takes it. Sources get numbers (RecordPosition::file) in the order in
// which they come, name() is for AlertBuilder; beyond limits::kStreamNames they are "(forgotten stream)".
class MatchSource final : public EventSource {
 public:
  MatchSource(std::shared_ptr<const Program> program, HashKey key);
  ~MatchSource() override;

  // Takes `event` until the next call. Error: a rule or feed that the program does not have; nothing is taken.
  Result<void> take(const MatchEvent& event);
  const MatchResult& result() const { return result_; }
  const EventMark& mark() const { return mark_; }
  EventRef ref(const MatchResult& result, const EventMark& mark) override;
  std::string name(uint32_t number) const;

 private:
  uint32_t number_of(const std::string& source);
  void add_hit(const MatchHit& hit);
  void add_operand(const MatchOperand& operand);

  const std::shared_ptr<const Program> program_;
  const HashKey key_;
  MatchResult result_;
  EventMark mark_;
  EventRef ref_;
  std::map<std::string, uint32_t, std::less<>> numbers_;
  std::vector<std::string> names_;
};

}  // namespace kubevigil
