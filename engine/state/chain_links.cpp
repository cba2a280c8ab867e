#include "engine/state/chain_links.h"

#include <algorithm>

#include "engine/base/limits.h"
#include "engine/state/heap_size.h"
#include "engine/state/recent_list.h"

namespace kubevigil {
namespace {

size_t text_bytes(const std::vector<Reach>& reaches) {
  size_t bytes = heap_size(reaches);
  for (const Reach& reach : reaches) bytes += heap_size(reach.root_bytes);
  return bytes;
}

// Whatever `old` gives to an event behind both, `young` gives, too, and for longer.
bool replaces(const LinkSource& young, const LinkSource& old) {
  return std::all_of(old.reaches.begin(), old.reaches.end(), [&](const Reach& reach) {
    return std::any_of(young.reaches.begin(), young.reaches.end(),
                       [&](const Reach& other) { return other.root == reach.root && other.depth <= reach.depth; });
  });
}

void archive_value(Archive& archive, ChainValue& value) {
  archive(value.link);
  archive(value.key);
  archive(value.value);
}

}  // namespace

void Reach::archive(Archive& archive) {
  archive(root);
  archive(depth);
  archive(via);
  archive(root_bytes);
}

void ChainOrder::archive(Archive& archive) {
  archive(time);
  archive(sequence);
}

bool LinkedValue::add(LinkSource source, Duration within, Timestamp horizon) {
  const auto later = [](const ChainOrder& at, const LinkSource& other) { return at < other.at; };
  sources.insert(std::upper_bound(sources.begin(), sources.end(), source.at, later), std::move(source));
  std::vector<LinkSource> kept;
  for (size_t i = 0; i < sources.size(); ++i) {
    bool needed = horizon == Timestamp::min() || sources[i].at.time + within >= horizon;
    for (size_t j = i + 1; needed && j < sources.size() && sources[j].at.time < horizon; ++j) {
      needed = !replaces(sources[j], sources[i]);
    }
    if (needed) kept.push_back(std::move(sources[i]));
  }
  const bool fits = kept.size() <= limits::kChainSources;
  if (!fits) kept.erase(kept.begin());
  sources = std::move(kept);
  return fits;
}

LinkSource* LinkedValue::find(const ChainOrder& at) {
  const auto found = std::find_if(sources.begin(), sources.end(), [&](const LinkSource& s) { return s.at == at; });
  return found == sources.end() ? nullptr : &*found;
}

size_t LinkedValue::heap_bytes() const {
  size_t bytes = heap_size(value) + heap_size(sources);
  for (const LinkSource& source : sources) bytes += heap_size(source.from) + text_bytes(source.reaches);
  return bytes;
}

void LinkedValue::archive(Archive& archive) {
  archive(link);
  archive(value);
  archive.each(sources, [&](LinkSource& source) {
    source.at.archive(archive);
    archive_event(archive, source.event);
    archive(source.from);
    archive.each(source.reaches, [&](Reach& reach) { reach.archive(archive); });
  });
}

bool RecentEvent::is_reached_by(Hash128 value) const {
  return std::binary_search(reached.begin(), reached.end(), value);
}

size_t RecentEvent::bytes() const {
  size_t bytes = sizeof(RecentEvent) + 64 + heap_size(root_bytes) + heap_size(inside) + heap_size(reached);
  for (const ChainValue& value : inside) bytes += heap_size(value.value);
  for (const ChainValue& value : linking) bytes += heap_size(value.value);
  for (const ChainHit& hit : hits) bytes += heap_size(hit.rule);
  return bytes + heap_size(linking) + text_bytes(reaches) + heap_size(hits);
}

void RecentEvent::archive(Archive& archive) {
  archive_event(archive, event);
  archive(root_bytes);
  archive.each(inside, [&](ChainValue& value) { archive_value(archive, value); });
  archive.each(reached, [&](Hash128& value) { archive(value); });
  archive.each(linking, [&](ChainValue& value) { archive_value(archive, value); });
  archive.each(reaches, [&](Reach& reach) { reach.archive(archive); });
  archive.each(hits, [&](ChainHit& hit) {
    archive(hit.rule);
    archive(hit.stage);
    archive(hit.level);
  });
}

}  // namespace kubevigil
