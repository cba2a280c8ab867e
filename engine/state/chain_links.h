// What the chain operator keeps of links: the events that reach a value (LinkedValue), and the events inside the
// lateness (RecentEvent), which a link that comes late may still reach.
#pragma once

#include <compare>
#include <string>
#include <vector>

#include "engine/state/archive.h"
#include "engine/state/chain_reader.h"
#include "engine/state/event_ref.h"

namespace kubevigil {

// That an event counts for a root: by itself (depth 0), or over so many links.
struct Reach {
  Hash128 root;
  uint8_t depth = 0;
  Hash128 via;             // ChainValue::key of the last link; zero: the root's own
  std::string root_bytes;  // ChainEvent::root_bytes of the root
  void archive(Archive& archive);
};

struct ChainOrder {
  Timestamp time;
  uint64_t sequence = 0;
  auto operator<=>(const ChainOrder&) const = default;
  void archive(Archive& archive);
};

// An event that links to a value.
struct LinkSource {
  ChainOrder at;
  EventRef event;
  std::string from;  // TrailLink::from
  std::vector<Reach> reaches;
};

struct LinkedValue {
  uint32_t link = 0;
  std::string value;
  std::vector<LinkSource> sources;  // by `at`; at most limits::kChainSources

  // False: the oldest one had to leave for it. What ended before `horizon`, or says no more than a newer one that is
  // older than it, is dropped.
  bool add(LinkSource source, Duration within, Timestamp horizon);
  LinkSource* find(const ChainOrder& at);
  size_t heap_bytes() const;
  void archive(Archive& archive);
};

struct RecentEvent {
  EventRef event;
  std::string root_bytes;  // ChainEvent::root_bytes, rooted or not
  std::vector<ChainValue> inside;
  std::vector<Hash128> reached;  // keys of values, sorted
  std::vector<ChainValue> linking;
  std::vector<Reach> reaches;
  std::vector<ChainHit> hits;

  bool is_reached_by(Hash128 value) const;
  size_t bytes() const;
  void archive(Archive& archive);
};

}  // namespace kubevigil
