// Hit: a rule matched a record. A few numbers, made by a worker, read by the correlator in record order.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/hash.h"
#include "engine/base/timestamp.h"
#include "engine/event/event.h"
#include "engine/event/record.h"

namespace kubevigil {

// What one correlation input reads from one matching event: its group key and its values, canonically encoded
// (group_key.h) in the batch result's memory. One per (hit, feed); several when a value field has several values.
struct Operand {
  uint32_t feed = 0;                     // index into Program::feeds()
  Hash128 key;                           // of the encoded group key, cluster first
  Hash128 value;                         // of the encoded value tuple; zero when the feed has none
  double number = 0;                     // of the first value field, for sum/avg/percentile; NaN when it is no number
  uint32_t key_begin = 0, key_size = 0;  // encoded bytes in MatchResult::memory
  uint32_t value_begin = 0, value_size = 0;
};

struct Hit {
  uint32_t rule = 0;                              // index into RuleSet::rules
  uint32_t operand_begin = 0, operand_count = 0;  // in MatchResult::operands
  Hash128 dedup_key;                              // of the rule's dedup.by fields (detections that alert)
  uint32_t dedup_begin = 0, dedup_size = 0;
  bool alerts_elsewhere = false;  // its episodes are kept by another correlator (run/CLUSTER.md)
};

// One event of a batch, whether it hit or not: what order, duplicates and watermarks need.
struct EventMark {
  Timestamp time;
  TimeSource time_source = TimeSource::Event;
  Hash128 identity;
  Hash128 request;       // filled only when the request is long-running and something hit
  Hash128 audit_stage;   // EventDigests; the same with another intent is an audit id that was used again
  uint64_t intent = 0;   // EventDigests::intent, low half
  uint64_t cluster = 0;  // low half of siphash(cluster name, HashKey{}): since when is each cluster seen
  StageRole role = StageRole::First;
  bool long_running = false;
  bool audit_id_reused = false;  // known by whoever saw the events that did not hit (run/CLUSTER.md)
  uint32_t record = 0;           // index into Batch::records
  uint32_t inner = 0;            // position inside a record that held several events
  uint32_t hit_begin = 0, hit_count = 0;
  // In MatchResult::memory, when a hit has operands: who made the request, as an encoded tuple of cluster and user.
  uint32_t actor_begin = 0, actor_size = 0;
};

// Everything a worker says about a batch.
struct MatchResult {
  std::vector<EventMark> events;  // in record order
  std::vector<Hit> hits;
  std::vector<Operand> operands;
  std::string memory;
  std::vector<uint32_t> not_evaluable;  // rule indices, one entry per event that the rule could not judge
  uint64_t group_values_cut = 0;        // group_key.h: values that no correlation was handed
};

}  // namespace kubevigil
