// ChainActors: who made an event by which a correlation fires. That is nearly always the event at hand; of correlations
// that fire as time passes it is an earlier one, which is remembered for as long as they may.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>

#include "engine/state/archive.h"
#include "engine/state/operator.h"

namespace kubevigil {

struct ChainActor {
  Hash128 event;                       // EventRef::identity
  std::string key_bytes, value_bytes;  // as the chain was handed them
};

class ChainActors {
 public:
  // The event at hand. With `until`: remembered to that watermark. False: an older one left for it.
  bool see(const Match& match, Timestamp until);
  const ChainActor* find(Hash128 event) const;  // null: not known
  void forget_before(Timestamp watermark);
  size_t bytes() const { return bytes_; }
  void archive(Archive& archive);

 private:
  using Ending = std::pair<Timestamp, Hash128>;
  void forget(std::set<Ending>::iterator at);
  static size_t bytes_of(const ChainActor& actor);

  ChainActor present_;
  std::map<Hash128, ChainActor> kept_;
  std::set<Ending> endings_;
  size_t bytes_ = 0;
};

}  // namespace kubevigil
