// For tests of inputs and envelopes: bytes in, events out as lines of normalised text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/event/event.h"
#include "engine/event/record_sink.h"

namespace kubevigil::test {

struct ReadEvent {
  std::string text;  // every field, in the order of the table, bodies with their JSON normalised
  std::string audit_id;
  std::string cluster;
  std::string envelope;
  Timestamp time;
  TimeSource time_source;
  BodyDefect defect;
};

struct ReadResult {
  std::vector<ReadEvent> events;
  std::vector<BadRecord> bad;  // without other logs
  size_t other_logs = 0;
};

// Splitter, PartJoiner, BatchBuilder and RecordReader in a row.
ReadResult read_events(std::string_view bytes, size_t step = 64 << 10);

std::string normalised(const Event& event);

}  // namespace kubevigil::test
