// Episode: the life of one alert (design/rules.md 5, streaming.md S7). It opens on the first match of a (rule, key),
// further matches join until the dedup period, measured from the first, is over; the next match then opens a new one.
// With `dedup: {extend: true, max-duration: 24h}` the period is measured from the last match, up to that long.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/hash.h"
#include "engine/base/level.h"
#include "engine/base/timestamp.h"
#include "engine/state/operator.h"

namespace kubevigil {

enum class EpisodeStatus : uint8_t { Open, Update, Closed, Retracted };
std::string_view to_text(EpisodeStatus status);

struct Episode {
  uint32_t rule = 0;
  uint64_t number = 0;   // order of opening in this run, from 0
  std::string alert_id;  // deterministic, see design/rules.md 4
  std::string dedup_key;
  uint32_t revision = 1;
  EpisodeStatus status = EpisodeStatus::Open;
  Hash128 key;
  std::string key_bytes;  // encoded group key, cluster first
  Timestamp opened;       // event time of the completing match
  Timestamp first_seen, last_seen;
  uint64_t count = 0;  // matches that joined, the first included
  double measure = 0;  // the operator's count at its highest
  std::vector<std::string> values;
  std::vector<EventRef> events;  // sample: first ones, and the last
  EventRef anchor;
  std::shared_ptr<const Trail> trail;        // of a chain, as its last firing had it
  Timestamp state_since = Timestamp::min();  // of a correlation (state_since.h), as known when it opened or closed
  int64_t duration_micros = -1;              // of a long-running request, once its end was seen
  bool approximate = false, degraded = false;
};

// `episode` is valid during the call that made the change. Opened: the mark at hand (if any) is its anchor.
struct EpisodeChange {
  enum class Kind : uint8_t { Opened, Joined, Closed };
  Kind kind;
  Episode episode;  // a copy for Closed; for Opened and Joined the present state
};

}  // namespace kubevigil
