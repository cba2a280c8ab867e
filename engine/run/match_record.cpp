#include "engine/run/match_record.h"

#include <fmt/format.h>

#include "engine/alert/alert_reader.h"
#include "engine/base/limits.h"
#include "engine/base/text.h"
#include "engine/state/archive.h"

namespace kubevigil {
namespace {

constexpr uint64_t kVersion = 1;
constexpr const char* kWordsId = "event";  // an alert without an id is none

template <typename T, typename F>
void list(Archive& a, std::vector<T>& items, size_t most, F&& one) {
  uint64_t n = items.size();
  a.size(n);
  if (n > most) a.fail();
  if (!a.is_saving()) items.resize(a.failed() ? 0 : n);
  for (T& item : items) one(item);
}

void archive(Archive& a, AlertWhy& why) {
  a(why.condition);
  a(why.field);
  list(a, why.values, limits::kMatchOperands, [&](std::string& value) { a(value); });
}

void archive(Archive& a, OpeningFacts& facts) {
  std::string json;
  if (a.is_saving()) {
    Alert words = facts.event;
    words.id = kWordsId;
    json = to_json(words);
  }
  a(json);
  if (!a.is_saving() && !a.failed()) {
    auto read = alert_from_json(json);
    if (!read) return a.fail();
    facts.event = std::move(*read);
    facts.event.id.clear();
  }
  list(a, facts.texts, limits::kMatchHits, [&](auto& text) {
    a(text.first);
    a(text.second);
  });
  list(a, facts.why, limits::kMatchHits, [&](auto& of) {
    a(of.first);
    list(a, of.second, kWhyEntries, [&](AlertWhy& why) { archive(a, why); });
  });
}

void archive(Archive& a, MatchHit& hit) {
  a(hit.rule);
  a(hit.opens);
  a(hit.dedup);
  list(a, hit.operands, limits::kMatchOperands, [&](MatchOperand& operand) {
    a(operand.feed);
    a(operand.key);
    a(operand.value);
    a(operand.number);
  });
}

void archive(Archive& a, std::array<uint8_t, 16>& id) {
  std::string bytes(id.begin(), id.end());
  a(bytes);
  if (bytes.size() != id.size()) return a.fail();
  std::copy(bytes.begin(), bytes.end(), id.begin());
}

void archive(Archive& a, MatchEvent& e) {
  a(e.time);
  a(e.robust_time);
  for (Hash128* hash : {&e.identity, &e.request, &e.audit_stage}) a(*hash);
  a(e.intent);
  a(e.cluster);
  a(e.role);
  if (e.role > StageRole::Later) a.fail();
  a(e.long_running);
  a(e.audit_id_reused);
  a(e.actor);
  a(e.source);
  a(e.offset);
  a(e.line);
  a(e.inner);
  a(e.size);
  archive(a, e.audit_id);
  a(e.cut);
  list(a, e.hits, limits::kMatchHits, [&](MatchHit& hit) { archive(a, hit); });
  bool has_facts = e.facts.has_value();
  a(has_facts);
  if (!has_facts || a.failed()) return;
  if (!e.facts) e.facts.emplace();
  archive(a, *e.facts);
}

void archive(Archive& a, MatchWatermarks& w) {
  list(a, w.sources, limits::kMatchSources, [&](MatchWatermark& of) {
    a(of.source);
    a(of.time);
    a(of.idle);
  });
}

void archive(Archive& a, MatchRules& r) { a(r.hash); }

void archive(Archive& a, MatchRecord& record) {
  uint64_t version = kVersion, kind = record.body.index();
  a(version);
  if (version != kVersion) return a.fail();
  a(kind);
  if (!a.is_saving()) {
    if (kind == 1) record.body.emplace<MatchWatermarks>();
    if (kind == 2) record.body.emplace<MatchRules>();
    if (kind > 2) return a.fail();
  }
  a(record.header.key);
  a(record.header.rules);
  std::visit([&](auto& body) { archive(a, body); }, record.body);
}

std::string encoded(MatchRecord& record) {
  Archive a = Archive::saving();
  archive(a, record);
  return std::move(a).bytes();
}

// Operands from the end, half of what is left at a time; hits stay as long as one has some.
bool drop_operands(MatchEvent& event) {
  size_t all = 0;
  for (const MatchHit& hit : event.hits) all += hit.operands.size();
  if (all == 0) return false;
  size_t keep = all / 2;
  for (MatchHit& hit : event.hits) {
    if (hit.operands.size() > keep) hit.operands.resize(keep);
    keep -= hit.operands.size();
  }
  return true;
}

// Hits without operands, from the end: so many that what they take is at least `bytes`.
bool drop_hits(MatchEvent& event, size_t bytes) {
  if (event.hits.empty()) return false;
  for (size_t dropped = 0; dropped < bytes && !event.hits.empty(); event.hits.pop_back()) {
    dropped += event.hits.back().dedup.size();
  }
  return true;
}

void keep_counts(MatchEvent& event) {
  event.cut = event.cut || event.hits.size() > limits::kMatchHits;
  if (event.hits.size() > limits::kMatchHits) event.hits.resize(limits::kMatchHits);
  for (MatchHit& hit : event.hits) {
    event.cut = event.cut || hit.operands.size() > limits::kMatchOperands;
    if (hit.operands.size() > limits::kMatchOperands) hit.operands.resize(limits::kMatchOperands);
  }
}

}  // namespace

Hash128 match_key_print(HashKey key) { return siphash("match record 1", key); }

uint64_t match_rules_print(std::string_view hash) { return siphash(hash).low; }

std::string encode_match(MatchRecord record) {
  auto* event = std::get_if<MatchEvent>(&record.body);
  if (event != nullptr) keep_counts(*event);
  std::string bytes = encoded(record);
  while (event != nullptr && bytes.size() > limits::kMatchRecordBytes) {
    event->cut = true;
    if (event->facts) {
      event->facts.reset();
    } else if (!drop_operands(*event) && !drop_hits(*event, bytes.size() - limits::kMatchRecordBytes)) {
      break;
    }
    bytes = encoded(record);
  }
  return bytes;
}

Result<MatchRecord> decode_match(std::string_view bytes) {
  if (bytes.size() > limits::kMatchRecordBytes) {
    return fail(
        fmt::format("a match record of {} bytes, at most {} are expected", bytes.size(), limits::kMatchRecordBytes));
  }
  if (!bytes.empty() && static_cast<uint8_t>(bytes.front()) != kVersion) {
    return fail(fmt::format("a match record of version {}, this program reads {}: update the shards before the routers",
                            static_cast<uint8_t>(bytes.front()), kVersion));
  }
  MatchRecord record;
  Archive a = Archive::loading(bytes);
  archive(a, record);
  if (a.failed() || !a.at_end()) return fail("a match record that is damaged");
  return record;
}

Hash128 match_key_id(HashKey secret, std::string_view signature, std::string_view key_bytes) {
  std::string whole = fmt::format("{}:", signature.size());
  whole.append(signature).append(key_bytes);
  return siphash(whole, secret);
}

uint32_t match_partition(Hash128 key_id, uint32_t partitions) {
  return static_cast<uint32_t>(key_id.high % partitions);
}

}  // namespace kubevigil
