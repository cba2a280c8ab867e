// ChainTally: the stages of one root over time, and whether they make a chain.
//
// Hits have a time, a stage, and are the root's own or of somebody that it is linked to. Two windows:
//   * timespan W: a window (t1 - W, t1], t1 the time of a hit, is *full* when it has `need` different stages and, with
//     require-any, an own hit of one of these. A chain begins with a full window.
//   * max-span M >= W: a span (t2 - M, t2], t2 the time of a hit, in which a full window lies whole, is a chain as it
//     has grown. Its size is the number of its stages.
// A hit counts when some chain holds it; the answer is the largest of these. Exact for any order of hits that are not
// older than the horizon (watermark - lateness), while no more than limits::kChainHits are newer.
#pragma once

#include <array>
#include <vector>

#include "engine/base/level.h"
#include "engine/state/archive.h"

namespace kubevigil {

struct ChainTerms {
  Duration timespan, max_span;
  size_t need = 0;
  uint8_t required = 0;  // bits of stages; 0: none is required
};

struct ChainSpan {
  uint8_t stages = 0;  // bits; 0: no chain
  Timestamp end;       // t2
  size_t size() const;
};

constexpr uint8_t stage_bit(Stage stage) { return static_cast<uint8_t>(1u << static_cast<unsigned>(stage)); }

class ChainTally {
 public:
  ChainSpan add(Timestamp time, Stage stage, bool own, const ChainTerms& terms, Timestamp horizon);
  bool approximate() const { return approximate_; }
  size_t heap_bytes() const;
  void archive(Archive& archive);

 private:
  struct Hit {
    Timestamp time;
    Stage stage = Stage::None;
    bool own = false;
    bool full = false;  // the window that ends here
  };
  void settle_oldest(const ChainTerms& terms);
  bool is_full(Timestamp end, const ChainTerms& terms) const;
  uint8_t stages_in(Timestamp after, Timestamp end) const;
  ChainSpan largest(Timestamp time, const ChainTerms& terms) const;

  std::vector<Hit> recent_;  // by time
  // Of what is older: no more is needed, for every window still to come ends behind it.
  std::array<Timestamp, kStageNames.size()> newest_;  // by stage
  Timestamp newest_required_ = Timestamp::min();      // own hit of a required stage
  Timestamp newest_full_ = Timestamp::min();          // end of a full window
  Timestamp settled_to_ = Timestamp::min();
  bool approximate_ = false;

 public:
  ChainTally() { newest_.fill(Timestamp::min()); }
};

}  // namespace kubevigil
