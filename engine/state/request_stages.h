// RequestStages: requests of which one stage counted for a rule, until the other one comes (design/rules.md 4: one
// request counts once): long-running ones whose ResponseStarted came, and ends that overtook their start, as batches of
// one API server do. At most limits::kLongRequests; the oldest are forgotten, counted.
#pragma once

#include <deque>
#include <optional>
#include <set>
#include <utility>

#include "engine/base/hash.h"
#include "engine/base/timestamp.h"
#include "engine/state/archive.h"
#include "engine/state/key_index.h"

namespace kubevigil {

class RequestStages {
 public:
  // `rule`: rule_mark (rule_places.h), which other rule sets share.
  // The start of a request. The time of its end when that came before it, which is forgotten; nullopt: this counts.
  std::optional<Timestamp> start(Hash128 request, uint64_t rule, Timestamp time);
  // Its end. The time of its start, which is forgotten; nullopt: this rule did not count the request, so this counts.
  std::optional<Timestamp> finish(Hash128 request, uint64_t rule, Timestamp time);
  // No start from before `horizon` comes any more: ends from before it wait for none.
  void forget_ends(Timestamp horizon);
  uint64_t forgotten() const { return forgotten_; }
  size_t waiting() const { return waiting_.size(); }
  void archive(Archive& archive);

 private:
  struct Waiting {
    Timestamp time;
    uint64_t number;
    bool ended;
  };
  using Numbered = std::pair<Hash128, uint64_t>;
  bool is_waiting(const Numbered& one) const;
  void wait(Hash128 key, Timestamp time, bool ended);
  void forget(Hash128 key);
  std::optional<Timestamp> take(Hash128 key, bool ended);

  KeyIndex<Hash128, Waiting> waiting_;
  std::deque<Numbered> order_;  // with Waiting::number: those that wait no more are skipped
  std::set<std::pair<Timestamp, Hash128>> ends_;
  uint64_t next_ = 0, forgotten_ = 0;
};

}  // namespace kubevigil
