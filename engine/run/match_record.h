// MatchRecord: what the router stage says of one event to the shard that keeps the state of its keys, and what it says
// beside events (CLUSTER.md). From the decoded record alone a Correlator goes on as if it had the event, and an alert
// that the event opens says of it what it would have said (match_source.h).
//
// Bytes: numbers LEB128 (64 bit), times zigzag LEB128 of microseconds since 1970, hashes and doubles 8 bytes
// little-endian (a 128-bit hash: high half, then low), a text its length and its bytes, a list its length and its
// elements, a flag 0 or 1: those of state/archive.h.
//
//   record    = version kind hash:key rules body    version: 1; key, rules: MatchHeader
//   kind      = 0 event | 1 watermarks | 2 rules
//   event     = time robust_time hash:identity hash:request hash:audit_stage intent cluster role:number
//               long_running:flag audit_id_reused:flag actor:text source:text offset line inner size
//               audit_id:text (of 16 bytes) cut:flag {hit} facts:flag [facts]
//   hit       = rule opens:flag dedup:text {operand}
//   operand   = feed key:text value:text number:double
//   facts     = alert:text {name:text text:text} {rule {why}}       alert: JSON of alert.h, id "event"
//   why       = condition:text field:text {value:text}
//   watermarks = {source:text time idle:flag}
//   rules     = hash:text
//
// Another version is refused whole: routers are updated behind the shards. Bounds: limits::kMatchRecordBytes a record,
// kMatchHits hits, kMatchOperands operands, kMatchSources watermarks; what does not fit is left out, the alert's words
// first, then operands from the end, then hits from the end, and `cut` says so. Pure functions; the record owns its
// texts.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/alert/opening_facts.h"
#include "engine/base/hash.h"
#include "engine/base/result.h"
#include "engine/event/event.h"

namespace kubevigil {

// Something of one hit for one correlation. The shard hashes key and value itself, with the deployment's secret.
struct MatchOperand {
  uint32_t feed = 0;  // index into Program::feeds()
  std::string key;    // encoded group key (match/group_key.h)
  std::string value;  // encoded values; empty: the feed has none
  double number = 0;  // Operand::number
};

struct MatchHit {
  uint32_t rule = 0;   // index into RuleSet::rules
  bool opens = false;  // the episodes of this key of the rule are this shard's
  std::string dedup;   // encoded key of these
  std::vector<MatchOperand> operands;
};

struct MatchEvent {
  Timestamp time;                            // settled: its own, or that of the event before it
  Timestamp robust_time = Timestamp::min();  // where its source stands
  Hash128 identity, request, audit_stage;    // EventMark
  uint64_t intent = 0, cluster = 0;
  StageRole role = StageRole::First;
  bool long_running = false;
  bool audit_id_reused = false;
  std::string actor;              // encoded; for who makes keys
  std::string source;             // "TOPIC[PARTITION]": AlertEvent::file
  uint64_t offset = 0, line = 0;  // of the message, and the event's place in it
  uint32_t inner = 0, size = 0;
  std::array<uint8_t, 16> audit_id{};
  bool cut = false;                   // the record had no room for all
  std::vector<MatchHit> hits;         // empty: the event only says since when its cluster is seen
  std::optional<OpeningFacts> facts;  // of the rules whose alerts it may open
};

// Where event time stands in one source.
struct MatchWatermark {
  std::string source;
  Timestamp time;
  bool idle = false;  // it holds nobody back until its next record
};

// Of all sources of a router that have something to say. REQUIRES: kMatchSources at most; more are in another record.
struct MatchWatermarks {
  std::vector<MatchWatermark> sources;
};

// From here on, rules are those of this set. Written to each shard.
struct MatchRules {
  std::string hash;  // RuleSet::hash
};

struct MatchHeader {
  Hash128 key;         // print of the deployment's secret: match_key_print
  uint64_t rules = 0;  // print of the rule set that the numbers of rules and feeds belong to: match_rules_print
  bool operator==(const MatchHeader&) const = default;
};

struct MatchRecord {
  MatchHeader header;
  std::variant<MatchEvent, MatchWatermarks, MatchRules> body;
};

Hash128 match_key_print(HashKey key);
uint64_t match_rules_print(std::string_view hash);

std::string encode_match(MatchRecord record);
Result<MatchRecord> decode_match(std::string_view bytes);
// For people and tests; one line a thing, escaped.
std::string to_text(const MatchRecord& record);

// The shard of a key. `signature`: which rules share the key's state (CLUSTER.md, partition function). REQUIRES:
// partitions > 0.
Hash128 match_key_id(HashKey secret, std::string_view signature, std::string_view key_bytes);
uint32_t match_partition(Hash128 key_id, uint32_t partitions);

}  // namespace kubevigil
