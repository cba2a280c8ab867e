#include "engine/state/event_ids.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace kubevigil {
namespace {

constexpr size_t kFirstSlots = 1u << 10;

}  // namespace

// Keys are keyed hashes: their low bits are as good as any hash of them.
size_t FingerprintTable::slot_of(uint64_t key) const {
  size_t at = key & (slots_.size() - 1);
  while (slots_[at].key != 0 && slots_[at].key != key) at = (at + 1) & (slots_.size() - 1);
  return at;
}

std::optional<uint64_t> FingerprintTable::find(uint64_t key) const {
  if (slots_.empty()) return std::nullopt;
  const Slot& slot = slots_[slot_of(std::max<uint64_t>(key, 1))];
  if (slot.key == 0) return std::nullopt;
  return slot.fingerprint;
}

void FingerprintTable::add(uint64_t key, uint64_t fingerprint) {
  if (4 * (size_ + 1) > 3 * slots_.size()) {
    const std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(std::max(kFirstSlots, 2 * slots_.size())));
    size_ = 0;
    for (const Slot& slot : old) {
      if (slot.key != 0) put(slot);
    }
  }
  put({std::max<uint64_t>(key, 1), fingerprint});
}

void FingerprintTable::put(Slot slot) {
  slots_[slot_of(slot.key)] = slot;
  ++size_;
}

void FingerprintTable::clear() {
  std::fill(slots_.begin(), slots_.end(), Slot{});
  size_ = 0;
}

// Sorted: which slot a key has follows from the order of its coming.
void FingerprintTable::archive(Archive& archive) {
  std::vector<Slot> sorted;
  if (archive.is_saving()) {
    std::copy_if(slots_.begin(), slots_.end(), std::back_inserter(sorted), [](const Slot& s) { return s.key != 0; });
    std::sort(sorted.begin(), sorted.end());
  }
  archive.each(sorted, [&](Slot& slot) {
    Hash128 both{slot.key, slot.fingerprint};
    archive(both);
    slot = {both.high, both.low};
  });
  if (archive.is_saving()) return;
  slots_.clear();
  size_ = 0;
  for (const Slot& slot : sorted) add(slot.key, slot.fingerprint);
}

std::optional<uint64_t> EventIds::find(uint64_t key) const {
  for (size_t age = 0; age < kGenerations; ++age) {
    if (const auto found = generations_[(young_ + kGenerations - age) % kGenerations].find(key)) return found;
  }
  return std::nullopt;
}

bool EventIds::is_needed(size_t generation, Timestamp watermark) const {
  return generations_[generation].size() > 0 && newest_[generation] > watermark - kGeneration;
}

void EventIds::rotate(Timestamp watermark) {
  if (started_[young_] == Timestamp::min()) started_[young_] = watermark;  // no event had a time before
  const Duration age = watermark - started_[young_];
  const bool full = generations_[young_].size() >= most_ids_ / kGenerations;
  const size_t oldest = (young_ + 1) % kGenerations;
  if (!full && (age < kGeneration || is_needed(oldest, watermark))) return;
  full_ += age < kGeneration || is_needed(oldest, watermark) ? 1 : 0;
  // After a silence more than one is over.
  const int64_t over = std::clamp<int64_t>(age.micros / kGeneration.micros, 1, kGenerations);
  for (int64_t i = 0; i < over && (i == 0 || !is_needed((young_ + 1) % kGenerations, watermark)); ++i) {
    young_ = (young_ + 1) % kGenerations;
    // What is left reaches back to the beginning of the one behind it.
    const Timestamp reach = started_[(young_ + 1) % kGenerations];
    if (generations_[young_].size() > 0) shortest_ = std::min(shortest_, watermark - reach);
    generations_[young_].clear();
    newest_[young_] = Timestamp::min();
    started_[young_] = watermark;
  }
}

SeenBefore EventIds::see(const EventMark& mark, Timestamp watermark, Timestamp robust_time) {
  rotate(watermark);
  newest_[young_] = std::max(newest_[young_], robust_time);
  const uint64_t print = FingerprintTable::fingerprint(mark.identity.low, mark.intent);
  FingerprintTable& young = generations_[young_];
  const auto same_id = find(mark.audit_stage.low);
  if (!same_id) {
    young.add(mark.audit_stage.low, print);
    return SeenBefore::No;
  }
  if (FingerprintTable::same_identity(*same_id, print)) return SeenBefore::Duplicate;
  const auto further = find(mark.identity.high);
  if (further && FingerprintTable::same_identity(*further, print)) return SeenBefore::Duplicate;
  if (!further) young.add(mark.identity.high, print);
  // The first identity of an audit id is the way to all others: it stays as long as they do.
  if (!young.find(mark.audit_stage.low)) young.add(mark.audit_stage.low, *same_id);
  return FingerprintTable::same_intent(*same_id, print) ? SeenBefore::No : SeenBefore::AuditIdReused;
}

void EventIds::take_over(EventIds&& old) {
  const size_t most_ids = most_ids_;
  *this = std::move(old);
  most_ids_ = most_ids;
}

void EventIds::archive(Archive& archive) {
  for (size_t i = 0; i < kGenerations; ++i) {
    generations_[i].archive(archive);
    archive(started_[i]);
    archive(newest_[i]);
  }
  archive(young_);
  archive(full_);
  archive(shortest_.micros);
  if (young_ >= kGenerations) {
    archive.fail();
    young_ = 0;
  }
}

}  // namespace kubevigil
