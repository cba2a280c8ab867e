#include "engine/state/trail.h"

#include "engine/state/heap_size.h"
#include "engine/state/recent_list.h"

namespace kubevigil {

size_t Trail::heap_bytes() const {
  size_t bytes = heap_size(links) + heap_size(hits);
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

void archive_trail(Archive& archive, Trail& trail) {
  archive.each(trail.links, [&](TrailLink& link) { archive_link(archive, link); });
  archive.each(trail.hits, [&](TrailHit& hit) { archive_hit(archive, hit); });
}

}  // namespace kubevigil
