// EventIds: which events were seen within the last 10 to 20 minutes of the watermark: finds duplicates (webhook
// retries, the same log twice) and audit ids that were used for another request (design/rules.md 4, streaming.md S16).
// Two generations; each takes at most limits::kDuplicateWindow / 2 ids and is then closed early, which is counted.
#pragma once

#include "engine/match/hit.h"
#include "engine/state/archive.h"
#include "engine/state/key_index.h"

namespace kubevigil {

enum class SeenBefore : uint8_t {
  No,
  Duplicate,      // the same identity
  AuditIdReused,  // same audit id and stage, but another user, verb or URI. An aggregated API server repeats all of
                  // these
};

class EventIds {
 public:
  static constexpr Duration kGeneration = Duration::minutes(10);

  SeenBefore see(const EventMark& mark, Timestamp watermark);
  uint64_t full() const { return full_; }  // generations that were closed early
  void archive(Archive& archive);

 private:
  // By the low half of audit_stage; further identities of the same audit id by the low half of their own.
  struct Seen {
    uint64_t identity;
    uint64_t intent;
  };
  using Generation = KeyIndex<uint64_t, Seen>;

  const Seen* find(uint64_t key) const;
  void rotate(Timestamp watermark);

  Generation young_, old_;
  Timestamp started_ = Timestamp::min();  // watermark at which the young generation began
  uint64_t full_ = 0;
};

}  // namespace kubevigil
