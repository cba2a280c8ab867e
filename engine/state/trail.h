// Trail: what the alert of a chain shows of it, by order of time. Who and what stands encoded (match/group_key.h).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/base/level.h"
#include "engine/state/archive.h"
#include "engine/state/event_ref.h"

namespace kubevigil {

struct TrailLink {
  uint32_t link = 0;  // index into ChainSpec::links
  std::string from,
      to;  // from: the root fields of who made the link, behind the cluster; to: the values that it reaches
  EventRef event;
};

struct TrailHit {
  std::string rule;
  Stage stage = Stage::None;
  Level level = Level::Low;
  std::string by;  // the root fields of who did it, behind the cluster; "": the root of the chain
  Timestamp time;  // of what fired by time passing: later than the event
  EventRef event;
};

struct Trail {
  std::vector<TrailLink> links;
  std::vector<TrailHit> hits;
  size_t bytes() const;  // with itself
};

void archive_link(Archive& archive, TrailLink& link);
void archive_hit(Archive& archive, TrailHit& hit);
void archive_trail(Archive& archive, std::shared_ptr<const Trail>& trail);  // may be null

}  // namespace kubevigil
