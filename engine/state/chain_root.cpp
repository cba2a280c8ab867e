#include "engine/state/chain_root.h"

#include <algorithm>
#include <tuple>

#include "engine/base/limits.h"
#include "engine/state/heap_size.h"

namespace kubevigil {
namespace {

constexpr Hash128 kItself{};

template <typename Item>
void sort_by_time(std::vector<Item>& items) {
  std::stable_sort(items.begin(), items.end(), [](const Item& a, const Item& b) {
    return std::tie(a.event.time, a.event.identity) < std::tie(b.event.time, b.event.identity);
  });
}

}  // namespace

void ChainRoot::add_link(Link link, Timestamp latest) {
  last = std::max(last, std::min(link.shown.event.time, latest));
  for (Link& known : links) {
    if (known.key != link.key || known.shown.from != link.shown.from) continue;
    if (known.shown.event.time > link.shown.event.time) return;
    link.used = known.used;
    known = std::move(link);
    return;
  }
  if (links.size() >= limits::kChainShownLinks) {
    const auto least = std::min_element(links.begin(), links.end(), [](const Link& a, const Link& b) {
      return std::tie(a.used, a.shown.event.time) < std::tie(b.used, b.shown.event.time);
    });
    links.erase(least);
  }
  links.push_back(std::move(link));
}

void ChainRoot::use(Hash128 link) {
  for (size_t depth = 0; depth < limits::kChainLinkDepth && link != kItself; ++depth) {
    Hash128 via = kItself;
    for (Link& known : links) {
      if (known.key != link) continue;
      known.used = true;
      via = known.via;
    }
    link = via;
  }
}

// Of a rule the first and the newest hit: the newest is what lets a stage count longest.
void ChainRoot::add_hit(TrailHit hit, Duration max_span, Timestamp latest) {
  last = std::max(last, std::min(hit.time, latest));
  std::erase_if(hits, [&](const TrailHit& old) { return old.time <= last - max_span; });
  if (hit.time <= last - max_span) return;
  TrailHit *first = nullptr, *newest = nullptr;
  for (TrailHit& known : hits) {
    if (known.rule != hit.rule || known.by != hit.by) continue;
    if (first == nullptr || known.time < first->time) first = &known;
    if (newest == nullptr || known.time >= newest->time) newest = &known;
  }
  if (first == nullptr || first == newest) {
    hits.push_back(std::move(hit));
    return make_room();
  }
  if (hit.time >= newest->time)
    *newest = std::move(hit);
  else if (hit.time < first->time)
    *first = std::move(hit);
}

// The oldest of a stage that has others leaves.
void ChainRoot::make_room() {
  if (hits.size() <= limits::kChainShownHits) return;
  sort_by_time(hits);
  const auto alone = [&](const TrailHit& hit) {
    return std::count_if(hits.begin(), hits.end(), [&](const TrailHit& h) { return h.stage == hit.stage; }) == 1;
  };
  hits.erase(std::find_if_not(hits.begin(), hits.end(), alone));
}

Trail ChainRoot::trail(Timestamp end, Duration max_span) const {
  Trail out;
  for (const TrailHit& hit : hits) {
    if (hit.time > end - max_span && hit.time <= end) out.hits.push_back(hit);
  }
  for (const Link& link : links) {
    if (link.used && link.shown.event.time <= end) out.links.push_back(link.shown);
  }
  sort_by_time(out.hits);
  sort_by_time(out.links);
  return out;
}

size_t ChainRoot::heap_bytes() const {
  size_t bytes = heap_size(key_bytes) + tally.heap_bytes() + heap_size(links) + heap_size(hits);
  for (const Link& link : links) bytes += heap_size(link.shown.from) + heap_size(link.shown.to);
  for (const TrailHit& hit : hits) bytes += heap_size(hit.rule) + heap_size(hit.by);
  return bytes;
}

void ChainRoot::archive(Archive& archive) {
  archive(key_bytes);
  tally.archive(archive);
  archive.each(links, [&](Link& link) {
    archive(link.key);
    archive(link.via);
    archive(link.used);
    archive_link(archive, link.shown);
  });
  archive.each(hits, [&](TrailHit& hit) { archive_hit(archive, hit); });
  archive(last);
}

}  // namespace kubevigil
