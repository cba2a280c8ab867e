// KeyTable: the states of one operator by group key, within a budget of bytes and keys.
//
// Slots keep their number for life, each in a block of its own that goes back when the key leaves: small keys of the
// past must not hold memory that large ones of today are counted for. The flat index maps a key to its slot. Eviction
// is deterministic and O(1) a key (S3-FIFO, https://s3fifo.com, without its ghost queue's second chance): a new key
// enters the small queue; one that was touched again moves to the main queue when its turn comes, one that was not
// leaves. The main queue gives as many further turns as there were touches (at most 3). So a spray of keys that are
// seen once churns only the small queue. Keys that can no longer matter (`expired`) leave first: each new key looks at
// two further slots. Evicted keys are remembered (kGhosts of them): when one comes back it is marked `degraded`.
//
// `expired` is a function of a State; when it has progress(State), 0 to 1, evictions are counted by it (lost()).
//
// State must be default-constructible and have `size_t heap_bytes() const` (heap_size.h) and `void archive(Archive&)`.
#pragma once

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "engine/state/archive.h"
#include "engine/state/key_index.h"
#include "engine/state/lost_progress.h"

namespace kubevigil {

// The last kGhosts to twice kGhosts hashes that were put in.
class GhostSet {
 public:
  static constexpr size_t kGhosts = 8'192;
  void add(uint64_t hash);
  bool contains(uint64_t hash) const { return young_.contains(hash) || old_.contains(hash); }
  void archive(Archive& archive);

 private:
  KeySet<uint64_t> young_, old_;
};

template <typename State>
class KeyTable {
 public:
  using SlotId = uint32_t;
  static constexpr SlotId kNone = UINT32_MAX;

  KeyTable(size_t max_bytes, size_t max_keys) : max_bytes_(max_bytes), max_keys_(std::max<size_t>(max_keys, 1)) {}

  SlotId find(Hash128 key) const {
    const auto it = index_.find(key);
    return it == index_.end() ? kNone : it->second;
  }

  // Finds or adds; counts as a touch. Call settle() when the state has changed.
  template <typename Expired>
  SlotId at(Hash128 key, Expired&& expired) {
    if (const SlotId known = find(key); known != kNone) {
      Slot& slot = *slots_[known];
      slot.touched = static_cast<uint8_t>(std::min(slot.touched + 1, 3));
      return known;
    }
    sweep(2, expired);
    const SlotId added = take_slot();
    Slot& slot = *slots_[added];
    slot.key = key;
    slot.degraded = ghosts_.contains(key.low);
    made_ += slot.degraded ? 0 : 1;
    slot.bytes = kSlotBytes;
    bytes_ += kSlotBytes;
    index_.emplace(key, added);
    push(Queue::Small, added);
    return added;
  }

  State& operator[](SlotId id) { return slots_[id]->state; }
  const State& operator[](SlotId id) const { return slots_[id]->state; }
  bool degraded(SlotId id) const { return slots_[id]->degraded; }

  // Counts the bytes of `id` anew, then evicts other keys until the table is within its budget.
  template <typename Expired>
  void settle(SlotId id, Expired&& expired) {
    Slot& slot = *slots_[id];
    const size_t bytes = kSlotBytes + slot.state.heap_bytes();
    bytes_ += bytes - slot.bytes;
    slot.bytes = bytes;
    while ((bytes_ > max_bytes_ || index_.size() > max_keys_) && index_.size() > 1) evict_step(id, expired);
  }

  // Evicts until at most `bytes` are used.
  template <typename Expired>
  void shrink(size_t bytes, Expired&& expired) {
    while (bytes_ > bytes && !index_.empty()) evict_step(kNone, expired);
  }

  void erase(SlotId id) {
    unlink(id);
    index_.erase(slots_[id]->key);
    bytes_ -= slots_[id]->bytes;
    slots_[id].reset();
    free_.push_back(id);
  }

  size_t size() const { return index_.size(); }
  size_t bytes() const { return bytes_; }
  uint64_t evictions() const { return evictions_; }
  // Of this process, no part of the state: keys that were added, without those that had been evicted shortly before;
  // and evictions by progress.
  uint64_t made() const { return made_; }
  const LostProgress& lost() const { return lost_; }

  // Calls visit(key, state) for every key, in slot order.
  template <typename Visit>
  void each(Visit&& visit) const {
    for (const auto& slot : slots_) {
      if (slot) visit(slot->key, slot->state);
    }
  }

  void archive(Archive& archive) {
    uint64_t count = slots_.size();
    archive.size(count);
    if (!archive.is_saving()) reset(count);
    for (SlotId id = 0; id < slots_.size() && !archive.failed(); ++id) archive_slot(archive, id);
    archive.each(free_, [&](SlotId& id) { archive(id); });
    for (List& list : lists_) {
      archive(list.head);
      archive(list.tail);
      archive(list.count);
    }
    archive(cursor_);
    archive(evictions_);
    ghosts_.archive(archive);
    if (!archive.is_saving() && !archive.failed() && !consistent()) archive.fail();
    if (!archive.is_saving() && archive.failed()) reset(0);
  }

 private:
  enum class Queue : uint8_t { Small, Main };
  struct Slot {
    Hash128 key;
    SlotId previous = kNone, next = kNone;
    Queue queue = Queue::Small;
    uint8_t touched = 0;
    bool degraded = false;
    size_t bytes = 0;
    State state;
  };
  struct List {
    SlotId head = kNone, tail = kNone;
    uint64_t count = 0;
  };
  // The slot and the head of its block (16), its place and its share of free_ (8 + 4, in vectors that double), and of
  // the index (24 bytes an entry, from half full on).
  static constexpr size_t kSlotBytes = sizeof(Slot) + 16 + 18 + 48;

  SlotId take_slot() {
    SlotId id = static_cast<SlotId>(slots_.size());
    if (free_.empty()) {
      slots_.emplace_back();
    } else {
      id = free_.back();
      free_.pop_back();
    }
    slots_[id] = std::make_unique<Slot>();
    return id;
  }

  List& list(Queue queue) { return lists_[static_cast<size_t>(queue)]; }

  void push(Queue queue, SlotId id) {
    List& l = list(queue);
    Slot& slot = *slots_[id];
    slot.queue = queue;
    slot.next = kNone;
    slot.previous = l.tail;
    if (l.tail != kNone) slots_[l.tail]->next = id;
    l.tail = id;
    if (l.head == kNone) l.head = id;
    ++l.count;
  }

  void unlink(SlotId id) {
    Slot& slot = *slots_[id];
    List& l = list(slot.queue);
    (slot.previous == kNone ? l.head : slots_[slot.previous]->next) = slot.next;
    (slot.next == kNone ? l.tail : slots_[slot.next]->previous) = slot.previous;
    --l.count;
  }

  void move(Queue queue, SlotId id) {
    unlink(id);
    push(queue, id);
  }

  // One turn of the queue that is due: a key leaves, or gets its further turn.
  template <typename Expired>
  void evict_step(SlotId keep, Expired&& expired) {
    const List& small = list(Queue::Small);
    const bool from_small = small.count > 0 && (small.count * 10 >= index_.size() || list(Queue::Main).count == 0);
    const SlotId id = from_small ? small.head : list(Queue::Main).head;
    Slot& slot = *slots_[id];
    if (id == keep) return move(Queue::Main, id);
    if (expired(slot.state)) return erase(id);
    if (slot.touched > 0) {
      slot.touched = from_small ? uint8_t{0} : static_cast<uint8_t>(slot.touched - 1);
      return move(Queue::Main, id);
    }
    ghosts_.add(slot.key.low);
    ++evictions_;
    if constexpr (requires { expired.progress(slot.state); }) ++lost_[tenth_of(expired.progress(slot.state))];
    erase(id);
  }

  template <typename Expired>
  void sweep(size_t steps, Expired&& expired) {
    for (; steps > 0 && !slots_.empty(); --steps) {
      cursor_ = cursor_ + 1 < slots_.size() ? cursor_ + 1 : 0;
      if (slots_[cursor_] && expired(slots_[cursor_]->state)) erase(cursor_);
    }
  }

  void reset(uint64_t slots) {
    index_.clear();
    slots_.clear();
    slots_.resize(slots);
    free_.clear();
    lists_[0] = lists_[1] = List{};
    bytes_ = 0;
    cursor_ = 0;
  }

  void archive_slot(Archive& archive, SlotId id) {
    bool used = slots_[id] != nullptr;
    archive(used);
    if (!used) return;
    if (!archive.is_saving()) slots_[id] = std::make_unique<Slot>();
    Slot& slot = *slots_[id];
    archive(slot.key);
    archive(slot.previous);
    archive(slot.next);
    archive(slot.queue);
    archive(slot.touched);
    archive(slot.degraded);
    slot.state.archive(archive);
    if (archive.is_saving()) return;
    slot.bytes = kSlotBytes + slot.state.heap_bytes();
    bytes_ += slot.bytes;
    index_.emplace(slot.key, id);
  }

  // After loading: every link points at a used slot, and the queues hold every key once.
  bool consistent() const {
    uint64_t reached = 0;
    for (size_t q = 0; q < 2; ++q) {
      SlotId previous = kNone;
      for (SlotId id = lists_[q].head; id != kNone; previous = id, id = slots_[id]->next) {
        if (id >= slots_.size() || !slots_[id] || slots_[id]->previous != previous) return false;
        if (static_cast<size_t>(slots_[id]->queue) != q || ++reached > slots_.size()) return false;
      }
      if (lists_[q].tail != previous) return false;
    }
    const auto is_free = [&](SlotId id) { return id < slots_.size() && !slots_[id]; };
    return reached == index_.size() && lists_[0].count + lists_[1].count == reached &&
           std::all_of(free_.begin(), free_.end(), is_free) && free_.size() + reached == slots_.size();
  }

  size_t max_bytes_, max_keys_;
  KeyIndex<Hash128, SlotId> index_;
  std::vector<std::unique_ptr<Slot>> slots_;
  std::vector<SlotId> free_;
  List lists_[2];
  size_t bytes_ = 0;
  SlotId cursor_ = 0;
  uint64_t evictions_ = 0, made_ = 0;
  LostProgress lost_{};
  GhostSet ghosts_;
};

}  // namespace kubevigil
