#include "engine/state/trail.h"

#include "engine/state/heap_size.h"
#include "engine/state/recent_list.h"

namespace kubevigil {

size_t Trail::bytes() const {
  size_t bytes = sizeof(Trail) + 2 * kBlockHead + heap_size(links) + heap_size(hits);
  for (const TrailLink& link : links) bytes += heap_size(link.from) + heap_size(link.to);
  for (const TrailHit& hit : hits) bytes += heap_size(hit.rule) + heap_size(hit.by);
  return bytes;
}

void archive_link(Archive& archive, TrailLink& link) {
  archive(link.link);
  archive(link.from);
  archive(link.to);
  archive_event(archive, link.event);
}

void archive_hit(Archive& archive, TrailHit& hit) {
  archive(hit.rule);
  archive(hit.stage);
  archive(hit.level);
  archive(hit.by);
  archive(hit.time);
  archive_event(archive, hit.event);
}

void archive_trail(Archive& archive, std::shared_ptr<const Trail>& trail) {
  bool there = trail != nullptr;
  archive(there);
  if (!there) return;
  Trail content = archive.is_saving() ? *trail : Trail{};
  archive.each(content.links, [&](TrailLink& link) { archive_link(archive, link); });
  archive.each(content.hits, [&](TrailHit& hit) { archive_hit(archive, hit); });
  if (!archive.is_saving()) trail = std::make_shared<const Trail>(std::move(content));
}

}  // namespace kubevigil
