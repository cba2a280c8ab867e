// ChainActors: who made an event by which a correlation fires. That is nearly always the event at hand; of correlations
// that fire as time passes it is an earlier one, which is remembered for as long as they may.
//
// Nearly every event comes by here: places are used again with the memory of their texts, and what ends next stands in
// a heap (a map and a set of 4,096 events each were a tenth of a replay with the whole pack).
#pragma once

#include <string>
#include <vector>

#include "engine/state/archive.h"
#include "engine/state/key_index.h"
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
  struct Ending {
    Timestamp until;
    Hash128 event;
    uint32_t place = 0;
  };
  static bool later(const Ending& a, const Ending& b);  // of two events the one with the larger identity
  void keep(const ChainActor& actor, Timestamp until);
  void forget_first();
  static size_t bytes_of(const ChainActor& actor);

  ChainActor present_;
  std::vector<ChainActor> places_;
  std::vector<uint32_t> free_;        // places
  KeyIndex<Hash128, uint32_t> kept_;  // the place by event
  std::vector<Ending> endings_;       // a heap: the first to end in front
  size_t bytes_ = 0;
};

}  // namespace kubevigil
