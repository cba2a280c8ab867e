#include "engine/state/event_ids.h"

#include <algorithm>
#include <vector>

#include "engine/base/limits.h"

namespace kubevigil {

const EventIds::Seen* EventIds::find(uint64_t key) const {
  if (const auto at = young_.find(key); at != young_.end()) return &at->second;
  if (const auto at = old_.find(key); at != old_.end()) return &at->second;
  return nullptr;
}

void EventIds::rotate(Timestamp watermark) {
  const bool full = young_.size() >= limits::kDuplicateWindow / 2;
  if (watermark - started_ < kGeneration && !full) return;
  if (full) ++full_;
  old_.swap(young_);
  young_.clear();
  started_ = watermark;
}

SeenBefore EventIds::see(const EventMark& mark, Timestamp watermark) {
  rotate(watermark);
  const Seen now{mark.identity.low, mark.intent};
  const Seen* same_id = find(mark.audit_stage.low);
  if (same_id == nullptr) {
    young_.emplace(mark.audit_stage.low, now);
    return SeenBefore::No;
  }
  if (same_id->identity == now.identity) return SeenBefore::Duplicate;
  const bool reused = same_id->intent != now.intent;
  if (const Seen* further = find(mark.identity.high); further != nullptr && further->identity == now.identity) {
    return SeenBefore::Duplicate;
  }
  young_.emplace(mark.identity.high, now);
  return reused ? SeenBefore::AuditIdReused : SeenBefore::No;
}

void EventIds::archive(Archive& archive) {
  for (Generation* generation : {&young_, &old_}) {
    std::vector<std::pair<uint64_t, Seen>> sorted;
    if (archive.is_saving()) {
      sorted.assign(generation->begin(), generation->end());
      std::sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    }
    archive.each(sorted, [&](auto& entry) {
      archive(entry.first);
      archive(entry.second.identity);
      archive(entry.second.intent);
    });
    if (!archive.is_saving()) *generation = Generation(sorted.begin(), sorted.end());
  }
  archive(started_);
  archive(full_);
}

}  // namespace kubevigil
