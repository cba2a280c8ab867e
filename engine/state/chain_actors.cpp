#include "engine/state/chain_actors.h"

#include "engine/base/limits.h"
#include "engine/state/heap_size.h"

namespace kubevigil {
namespace {

void archive_actor(Archive& archive, ChainActor& actor) {
  archive(actor.event);
  archive(actor.key_bytes);
  archive(actor.value_bytes);
}

}  // namespace

size_t ChainActors::bytes_of(const ChainActor& actor) {
  return sizeof(ChainActor) + sizeof(Ending) + sizeof(Hash128) + 160 + heap_size(actor.key_bytes) +
         heap_size(actor.value_bytes);
}

bool ChainActors::see(const Match& match, Timestamp until) {
  present_.event = match.event.identity;
  present_.key_bytes.assign(match.key_bytes);
  present_.value_bytes.assign(match.value_bytes);
  if (until == Timestamp::min() || kept_.contains(present_.event)) return true;
  kept_.emplace(present_.event, present_);
  endings_.emplace(until, present_.event);
  bytes_ += bytes_of(present_);
  if (kept_.size() <= limits::kChainActors) return true;
  forget(endings_.begin());
  return false;
}

const ChainActor* ChainActors::find(Hash128 event) const {
  if (present_.event == event && !present_.key_bytes.empty()) return &present_;
  const auto at = kept_.find(event);
  return at == kept_.end() ? nullptr : &at->second;
}

void ChainActors::forget(std::set<Ending>::iterator at) {
  const auto actor = kept_.find(at->second);
  bytes_ -= bytes_of(actor->second);
  kept_.erase(actor);
  endings_.erase(at);
}

void ChainActors::forget_before(Timestamp watermark) {
  while (!endings_.empty() && endings_.begin()->first < watermark) forget(endings_.begin());
}

void ChainActors::archive(Archive& archive) {
  archive_actor(archive, present_);
  std::vector<std::pair<Timestamp, ChainActor>> items;
  for (const Ending& ending : endings_) items.emplace_back(ending.first, kept_.at(ending.second));
  archive.each(items, [&](auto& item) {
    archive(item.first);
    archive_actor(archive, item.second);
  });
  if (archive.is_saving()) return;
  *this = [&] {
    ChainActors loaded;
    loaded.present_ = present_;
    for (auto& [until, actor] : items) {
      if (!loaded.kept_.emplace(actor.event, actor).second) archive.fail();
      loaded.endings_.emplace(until, actor.event);
      loaded.bytes_ += bytes_of(actor);
    }
    return loaded;
  }();
}

}  // namespace kubevigil
