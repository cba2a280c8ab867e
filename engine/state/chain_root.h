// ChainRoot: what the chain operator keeps for one root: its stages, and what an alert would show of it.
#pragma once

#include <string>
#include <vector>

#include "engine/state/archive.h"
#include "engine/state/chain_tally.h"
#include "engine/state/trail.h"

namespace kubevigil {

struct ChainRoot {
  // A link by which something counts for this root. `key` names link and values; `via` is the key of the one by which
  // whoever made it counts, zero when that is the root itself.
  struct Link {
    Hash128 key, via;
    bool used = false;  // some hit counts by it
    TrailLink shown;
  };

  std::string key_bytes;
  ChainTally tally;
  std::vector<Link> links;            // at most limits::kChainShownLinks
  std::vector<TrailHit> hits;         // at most limits::kChainShownHits; of each rule the first, and the newest
  Timestamp last = Timestamp::min();  // of what came, but never beyond `latest`: a clock that is wrong ages nothing

  // `latest`: no right clock says more by now.
  void add_link(Link link, Timestamp latest);
  // `link`, and what led to it, led to a hit.
  void use(Hash128 link);
  void add_hit(TrailHit hit, Duration max_span, Timestamp latest);
  // What the span (end - max_span, end] holds, and the links that led there, by time.
  Trail trail(Timestamp end, Duration max_span) const;

  size_t heap_bytes() const;
  void archive(Archive& archive);

 private:
  void make_room();
};

}  // namespace kubevigil
