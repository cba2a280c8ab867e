#include "engine/state/chain_actors.h"

#include <algorithm>
#include <utility>

#include "engine/base/limits.h"
#include "engine/state/heap_size.h"

namespace kubevigil {
namespace {

constexpr size_t kKeptText = 256;  // bytes of a text's memory that its place keeps for the next one

void clear(std::string& text) {
  text.clear();
  if (text.capacity() > kKeptText) text.shrink_to_fit();
}

void archive_actor(Archive& archive, ChainActor& actor) {
  archive(actor.event);
  archive(actor.key_bytes);
  archive(actor.value_bytes);
}

}  // namespace

// Places and endings stand in vectors that double; 56: the index, and the place among the free ones.
size_t ChainActors::bytes_of(const ChainActor& actor) {
  return 2 * (sizeof(ChainActor) + sizeof(Ending)) + 56 + heap_size(actor.key_bytes) + heap_size(actor.value_bytes);
}

bool ChainActors::later(const Ending& a, const Ending& b) {
  return a.until != b.until ? a.until > b.until : a.event > b.event;
}

bool ChainActors::see(const Match& match, Timestamp until) {
  present_.event = match.event.identity;
  present_.key_bytes.assign(match.key_bytes);
  present_.value_bytes.assign(match.value_bytes);
  if (until == Timestamp::min() || kept_.contains(present_.event)) return true;
  keep(present_, until);
  if (kept_.size() <= limits::kChainActors) return true;
  forget_first();
  return false;
}

void ChainActors::keep(const ChainActor& actor, Timestamp until) {
  if (free_.empty()) {
    free_.push_back(static_cast<uint32_t>(places_.size()));
    places_.emplace_back();
  }
  const uint32_t place = free_.back();
  free_.pop_back();
  places_[place] = actor;
  kept_.emplace(actor.event, place);
  endings_.push_back({until, actor.event, place});
  std::push_heap(endings_.begin(), endings_.end(), later);
  bytes_ += bytes_of(actor);
}

const ChainActor* ChainActors::find(Hash128 event) const {
  if (present_.event == event && !present_.key_bytes.empty()) return &present_;
  const auto at = kept_.find(event);
  return at == kept_.end() ? nullptr : &places_[at->second];
}

void ChainActors::forget_first() {
  std::pop_heap(endings_.begin(), endings_.end(), later);
  const Ending& first = endings_.back();
  ChainActor& actor = places_[first.place];
  bytes_ -= bytes_of(actor);
  clear(actor.key_bytes);
  clear(actor.value_bytes);
  kept_.erase(first.event);
  free_.push_back(first.place);
  endings_.pop_back();
}

void ChainActors::forget_before(Timestamp watermark) {
  while (!endings_.empty() && endings_.front().until < watermark) forget_first();
}

// In order of their ends.
void ChainActors::archive(Archive& archive) {
  archive_actor(archive, present_);
  std::vector<std::pair<Timestamp, ChainActor>> items;
  std::vector<Ending> ordered = endings_;
  std::sort(ordered.begin(), ordered.end(), [](const Ending& a, const Ending& b) { return later(b, a); });
  for (const Ending& ending : ordered) items.emplace_back(ending.until, places_[ending.place]);
  archive.each(items, [&](auto& item) {
    archive(item.first);
    archive_actor(archive, item.second);
  });
  if (archive.is_saving()) return;
  ChainActors loaded;
  loaded.present_ = present_;
  for (const auto& [until, actor] : items) {
    if (loaded.kept_.contains(actor.event)) {
      archive.fail();
    } else {
      loaded.keep(actor, until);
    }
  }
  *this = std::move(loaded);
}

}  // namespace kubevigil
