// EventIds: which events were seen within the last 10 to 15 minutes of the watermark: finds duplicates (webhook
// retries, the same log twice) and audit ids that were used for another request (design/rules.md 4, streaming.md S16).
// Three generations of five minutes; none is given up while the watermark has not passed its newest event by five
// minutes: a source that is far behind may still bring what another one brought. Each takes at most a third of
// `most_ids` and is then closed early, which shortens the time and is counted. One owner, one thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "engine/match/hit.h"
#include "engine/state/archive.h"

namespace kubevigil {

enum class SeenBefore : uint8_t {
  No,
  Duplicate,      // the same identity
  AuditIdReused,  // same audit id and stage, but another user, verb or URI. An aggregated API server repeats all of
                  // these
};

// What is kept of an event: 16 bytes. Hashes are cut: a key is wrong once in 2^64 / ids look-ups, an identity for the
// same key once in 2^40 (then an event is taken for a duplicate), an intent once in 2^24 (then a reuse is missed).
class FingerprintTable {
 public:
  static uint64_t fingerprint(uint64_t identity, uint64_t intent) {
    return (identity & ~kIntentMask) | (intent & kIntentMask);
  }
  static bool same_identity(uint64_t a, uint64_t b) { return ((a ^ b) & ~kIntentMask) == 0; }
  static bool same_intent(uint64_t a, uint64_t b) { return ((a ^ b) & kIntentMask) == 0; }

  // The fingerprint that was added with the key.
  std::optional<uint64_t> find(uint64_t key) const;
  // REQUIRES: the key is not in the table.
  void add(uint64_t key, uint64_t fingerprint);
  size_t size() const { return size_; }
  size_t bytes() const { return slots_.capacity() * sizeof(Slot); }
  void clear();
  void archive(Archive& archive);

 private:
  static constexpr uint64_t kIntentMask = (1u << 24) - 1;
  struct Slot {
    uint64_t key = 0;  // 0: free (a key of 0 is taken for 1)
    uint64_t fingerprint = 0;
    bool operator<(const Slot& other) const { return key < other.key; }
  };
  size_t slot_of(uint64_t key) const;
  void put(Slot slot);

  std::vector<Slot> slots_;  // open addressing; a power of two, at most three quarters full
  size_t size_ = 0;
};

class EventIds {
 public:
  static constexpr Duration kGeneration = Duration::minutes(5);
  static constexpr size_t kGenerations = 3;

  explicit EventIds(size_t most_ids) : most_ids_(most_ids) {}

  // `robust_time`: where the event's source stands.
  SeenBefore see(const EventMark& mark, Timestamp watermark, Timestamp robust_time);
  uint64_t full() const { return full_; }  // generations that were closed early
  // The shortest time that two closed generations covered; kGeneration * 2 when none was closed early.
  Duration shortest_window() const { return shortest_; }
  void archive(Archive& archive);
  void take_over(EventIds&& old);  // all but the bound

 private:
  // By the low half of audit_stage; further identities of the same audit id by the high half of their own.
  std::optional<uint64_t> find(uint64_t key) const;
  void rotate(Timestamp watermark);
  bool is_needed(size_t generation, Timestamp watermark) const;

  size_t most_ids_;
  std::array<FingerprintTable, kGenerations> generations_;
  std::array<Timestamp, kGenerations> started_{Timestamp::min(), Timestamp::min(), Timestamp::min()};
  std::array<Timestamp, kGenerations> newest_{Timestamp::min(), Timestamp::min(), Timestamp::min()};
  size_t young_ = 0;  // the generation that takes new ids
  uint64_t full_ = 0;
  Duration shortest_{kGeneration.micros * 2};
};

}  // namespace kubevigil
