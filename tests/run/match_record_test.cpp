// The bytes of match records: what goes in comes out, nothing else is taken for one, and all of it is bounded.
#include "engine/run/match_record.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>
#include <random>

#include "engine/base/limits.h"
#include "engine/match/group_key.h"
#include "tests/support/streams.h"

namespace kubevigil {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string tuple(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) append_group_text(out, text);
  return out;
}

MatchRecord sample() {
  MatchEvent e;
  e.time = Timestamp{1'767'312'000'000'000};
  e.robust_time = Timestamp{1'767'312'001'000'000};
  e.identity = {1, 2};
  e.request = {3, 4};
  e.audit_stage = {5, 6};
  e.intent = 7;
  e.cluster = 8;
  e.long_running = true;
  e.actor = tuple({"prod", "alice"});
  e.source = "audit[3]";
  e.offset = 4711;
  e.line = 2;
  e.size = 900;
  e.audit_id = {0x7f, 0x0c};
  e.hits.push_back({.rule = 5, .opens = true, .dedup = tuple({"prod", "alice"}), .operands = {}});
  e.hits[0].operands.push_back({.feed = 9, .key = tuple({"prod"}), .value = tuple({"kube\nsystem"}), .number = 2.5});
  e.facts.emplace();
  e.facts->event.cluster = "prod";
  e.facts->event.actor.username = "alice";
  e.facts->texts = {{"user.username", "alice"}};
  e.facts->why = {{5, {{"verb is one of get", "verb", {"get"}}}}};
  return {{match_key_print({}), match_rules_print("abc")}, std::move(e)};
}

constexpr const char* kSampleText = R"(match 1 key KEY rules RULES
event 2026-01-02T00:00:00.000000Z robust 2026-01-02T00:00:01.000000Z long
  identity A request B audit-stage C intent 7 cluster 8
  actor [prod / alice] at audit[3] 4711:2 inner 0 size 900 id 7f0c0000-0000-0000-0000-000000000000
  hit 5 opens [prod / alice]
    feed 9 [prod] value [kube\x0asystem] number 2.5
  event EVENT
  text user.username = alice
  why 5: verb is one of get (verb) get
)";

std::string without_line(std::string text, std::string_view begin, std::string_view instead) {
  const size_t at = text.find(begin);
  if (at == std::string::npos) return text;
  return text.replace(at, text.find('\n', at) - at, instead);
}

TEST(MatchRecord, SaysWhatItHolds) {
  const std::string text = to_text(sample());
  EXPECT_THAT(text, StartsWith("match 1 key " + to_hex(match_key_print({})) + " rules "));
  EXPECT_THAT(text, HasSubstr(R"("username":"alice")"));
  EXPECT_THAT(text, HasSubstr("identity 00000000000000010000000000000002 request"));
  const std::string plain = without_line(
      without_line(without_line(text, "match 1", "match 1 key KEY rules RULES"), "  event {", "  event EVENT"),
      "  identity", "  identity A request B audit-stage C intent 7 cluster 8");
  EXPECT_EQ(plain, kSampleText);
}

// Version 1, byte for byte: whoever changes it changes the version.
TEST(MatchRecord, BytesOfVersionOne) {
  MatchRecord mark{{{0x0102030405060708, 0x1112131415161718}, 5},
                   MatchWatermarks{{{"a[1]", Timestamp{-3}, true}, {"b", Timestamp{1}, false}}}};
  const std::string expected(
      "\x01\x01\x08\x07\x06\x05\x04\x03\x02\x01\x18\x17\x16\x15\x14\x13\x12\x11\x05\x02\x04"
      "a[1]\x05\x01\x01"
      "b\x02\x00",
      31);
  EXPECT_EQ(encode_match(mark), expected);
  MatchRecord rules{{{0, 0}, 300}, MatchRules{"h"}};
  EXPECT_EQ(encode_match(rules), std::string("\x01\x02", 2) + std::string(16, '\0') + "\xac\x02\x01h");
  MatchRecord event;
  auto& body = std::get<MatchEvent>(event.body);
  body.time = Timestamp{1};
  body.robust_time = Timestamp{2};
  body.actor = "A";
  body.source = "S";
  body.offset = 200;
  body.line = 1;
  EXPECT_EQ(encode_match(event), std::string("\x01\x00", 2) + std::string(17, '\0') + "\x02\x04" +
                                     std::string(48, '\0') +
                                     std::string("\x00\x00\x01\x00\x00\x01"
                                                 "A\x01"
                                                 "S\xc8\x01\x01\x00\x00\x10",
                                                 15) +
                                     std::string(16, '\0') + std::string(3, '\0'));
}

std::string random_text(std::mt19937_64& random) {
  std::string out(random() % 20, '\0');
  for (char& c : out) c = static_cast<char>(random());
  return out;
}

MatchRecord random_record(std::mt19937_64& random) {
  MatchRecord record{{{random(), random()}, random()}, MatchRules{random_text(random)}};
  if (random() % 4 == 0) return record;
  if (random() % 3 == 0) {
    MatchWatermarks marks;
    for (size_t sources = random() % 4; sources > 0; --sources) {
      marks.sources.push_back({random_text(random), Timestamp{static_cast<int64_t>(random())}, random() % 2 == 0});
    }
    record.body = std::move(marks);
    return record;
  }
  MatchEvent e;
  e.time = Timestamp{static_cast<int64_t>(random())};
  e.identity = {random(), random()};
  e.audit_stage = {random(), random()};
  e.intent = random();
  e.role = static_cast<StageRole>(random() % 3);
  e.audit_id_reused = random() % 2 == 0;
  e.source = random_text(random);
  e.offset = random();
  e.inner = static_cast<uint32_t>(random());
  for (uint8_t& byte : e.audit_id) byte = static_cast<uint8_t>(random());
  for (size_t hits = random() % 4; hits > 0; --hits) {
    MatchHit& hit = e.hits.emplace_back();
    hit.rule = static_cast<uint32_t>(random());
    hit.opens = random() % 2 == 0;
    hit.dedup = random_text(random);
    for (size_t n = random() % 3; n > 0; --n) {
      const double number =
          random() % 2 == 0 ? std::numeric_limits<double>::quiet_NaN() : static_cast<double>(random());
      hit.operands.push_back({static_cast<uint32_t>(random()), random_text(random), random_text(random), number});
    }
  }
  if (random() % 2 == 0) e.facts = std::get<MatchEvent>(sample().body).facts;
  record.body = std::move(e);
  return record;
}

TEST(MatchRecord, ComesBackAsItWas) {
  for (const uint64_t seed : test_seeds(200)) {
    std::mt19937_64 random(seed);
    const MatchRecord record = random_record(random);
    const std::string bytes = encode_match(record);
    const auto read = decode_match(bytes);
    ASSERT_TRUE(read) << "seed " << seed << ": " << read.error().message;
    ASSERT_EQ(to_text(*read), to_text(record)) << "seed " << seed;
    ASSERT_EQ(encode_match(*read), bytes) << "seed " << seed;
  }
}

TEST(MatchRecord, APartOfOneIsNone) {
  const std::string bytes = encode_match(sample());
  for (size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(decode_match(bytes.substr(0, size))) << size;
  EXPECT_FALSE(decode_match(bytes + "x"));
}

TEST(MatchRecord, ChangedBytesAreRefusedOrAnotherRecord) {
  const std::string whole = encode_match(sample());
  size_t taken = 0;
  for (const uint64_t seed : test_seeds(2000)) {
    std::mt19937_64 random(seed);
    std::string bytes = whole;
    for (size_t changes = 1 + random() % 4; changes > 0; --changes)
      bytes[random() % bytes.size()] = static_cast<char>(random());
    const auto read = decode_match(bytes);
    if (!read) continue;
    ++taken;
    const std::string again = encode_match(*read);
    const auto twice = decode_match(again);
    ASSERT_TRUE(twice) << "seed " << seed;
    ASSERT_EQ(to_text(*twice), to_text(*read)) << "seed " << seed;
  }
  EXPECT_GT(taken, 0u);
}

TEST(MatchRecord, AnotherVersionIsRefusedWithWhatToDo) {
  std::string bytes = encode_match(sample());
  bytes[0] = 2;
  const auto read = decode_match(bytes);
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().message, HasSubstr("update the shards before the routers"));
  bytes[0] = 1, bytes[1] = 3;
  EXPECT_FALSE(decode_match(bytes));
}

TEST(MatchRecord, WhatDoesNotFitIsLeftOutAndSaid) {
  MatchRecord record = sample();
  auto& event = std::get<MatchEvent>(record.body);
  event.facts->texts.front().second = std::string(limits::kMatchRecordBytes, 'x');
  auto read = decode_match(encode_match(record));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_TRUE(std::get<MatchEvent>(read->body).cut);
  EXPECT_FALSE(std::get<MatchEvent>(read->body).facts);
  EXPECT_EQ(std::get<MatchEvent>(read->body).hits[0].operands.size(), 1u);

  event.hits.push_back(event.hits[0]);
  const std::string value = tuple({std::string(1000, 'v')});
  event.hits[0].operands.assign(3000, {.feed = 1, .key = "k", .value = value, .number = 0});
  const std::string bytes = encode_match(record);
  EXPECT_LE(bytes.size(), limits::kMatchRecordBytes);
  read = decode_match(bytes);
  ASSERT_TRUE(read) << read.error().message;
  const auto& hits = std::get<MatchEvent>(read->body).hits;
  ASSERT_EQ(hits.size(), 2u);
  EXPECT_GT(hits[0].operands.size(), 300u);  // at least a third of the room is used
  EXPECT_LT(hits[0].operands.size(), 3000u);

  event.hits.assign(limits::kMatchHits + 5, {.rule = 1, .opens = true, .dedup = "", .operands = {}});
  read = decode_match(encode_match(record));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(std::get<MatchEvent>(read->body).hits.size(), limits::kMatchHits);
  EXPECT_FALSE(decode_match(std::string(limits::kMatchRecordBytes + 1, '\1')));
}

// Last of all hits, from the end: fifteen whose dedup.by is a set of 64 texts of 1 KB are more than a record holds.
TEST(MatchRecord, HitsThatDoNotFitAreLeftOutAndSaid) {
  const std::string dedup = tuple(std::vector<std::string>(64, std::string(1024, 'd')));
  MatchRecord record = sample();
  auto& event = std::get<MatchEvent>(record.body);
  event.hits.clear();
  for (uint32_t rule = 0; rule < 15; ++rule) {
    event.hits.push_back(
        {.rule = rule, .opens = true, .dedup = dedup, .operands = {{.feed = 1, .key = "k", .value = "v"}}});
  }
  const auto read = decode_match(encode_match(record));
  ASSERT_TRUE(read) << read.error().message;
  const auto& kept = std::get<MatchEvent>(read->body);
  EXPECT_TRUE(kept.cut);
  ASSERT_EQ(kept.hits.size(), limits::kMatchRecordBytes / dedup.size());
  for (uint32_t rule = 0; rule < kept.hits.size(); ++rule) EXPECT_EQ(kept.hits[rule].rule, rule);
}

TEST(MatchRecord, HoldsTheTimeOfAsManySourcesAsItMay) {
  MatchWatermarks marks;
  marks.sources.assign(limits::kMatchSources, {std::string(249, 't') + "[1234567890]", Timestamp::max(), true});
  const auto read = decode_match(encode_match({{}, marks}));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(std::get<MatchWatermarks>(read->body).sources.size(), limits::kMatchSources);
}

// A hostile length asks for no more memory than a record has bytes for.
TEST(MatchRecord, LengthsThatLieAreRefused) {
  MatchRecord rules{{{0, 0}, 0}, MatchRules{""}};
  std::string bytes = encode_match(rules);
  bytes.pop_back();
  EXPECT_FALSE(decode_match(bytes + "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"));
}

TEST(MatchPartition, IsFixedAndSpread) {
  const HashKey secret{1, 2};
  EXPECT_EQ(to_hex(match_key_id({}, "user.username", tuple({"prod", "alice"}))), "141f2f5d9da5b652403040d9419ae48a");
  EXPECT_NE(match_key_id(secret, "a", "bc"), match_key_id(secret, "ab", "c"));
  EXPECT_NE(match_key_id(secret, "a", "b"), match_key_id({}, "a", "b"));
  std::vector<size_t> counts(64);
  for (size_t i = 0; i < 64'000; ++i) ++counts[match_partition(match_key_id(secret, "s", std::to_string(i)), 64)];
  const auto [least, most] = std::minmax_element(counts.begin(), counts.end());
  EXPECT_GT(*least, 800u);
  EXPECT_LT(*most, 1200u);
}

}  // namespace
}  // namespace kubevigil
