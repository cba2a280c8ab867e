// What happens when a bound of engine/base/limits.h bites: it is counted, nothing grows, and the rest goes on.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <set>

#include "engine/base/limits.h"
#include "engine/match/group_key.h"
#include "engine/state/event_ids.h"
#include "engine/state/key_bytes.h"
#include "engine/state/request_stages.h"
#include "tests/support/event_script.h"
#include "tests/support/streams.h"

namespace kubevigil {
namespace {

TEST(StateBounds, OldestAlertsCloseEarly) {
  EventScript script(detections({"probe"}));
  const auto alerts = static_cast<int64_t>(limits::kOpenAlerts) + 3;
  for (int64_t i = 0; i < alerts; ++i) script.event(0).hit(0, std::to_string(i));
  EXPECT_EQ(script.correlator().counters().alerts_closed_early, 3u);
  std::vector<uint64_t> closed;
  for (const EpisodeChange& change : script.changes()) {
    if (change.kind == EpisodeChange::Kind::Closed) closed.push_back(change.episode.number);
  }
  EXPECT_EQ(closed, (std::vector<uint64_t>{0, 1, 2}));
}

TEST(StateBounds, LargeAlertsCloseEarly) {
  EventScript script(detections({"probe"}));
  const std::string name(1000, 'x');
  for (int64_t i = 0; i < 20'000; ++i) script.event(0).hit(0, std::to_string(i) + name);
  EXPECT_GT(script.correlator().counters().alerts_closed_early, 1'000u);
  EXPECT_LT(script.correlator().counters().alerts_closed_early, 18'000u);
}

TEST(StateBounds, LongElementsOfKeysAreElements) {
  std::string key;
  for (const std::string& text : {std::string("a"), std::string(2000, 'b'), std::string("c")}) {
    append_group_text(key, text);
  }
  const auto elements = tuple_elements(key);
  ASSERT_EQ(elements.size(), 3u);
  EXPECT_EQ(string_element(elements[2]), "c");
}

TEST(StateBounds, OldestLongRequestsAreForgotten) {
  RequestStages stages;
  const auto request = [](uint64_t n) { return siphash(std::to_string(n)); };
  for (uint64_t n = 0; n < limits::kLongRequests + 5; ++n)
    stages.start(request(n), 1, Timestamp{static_cast<int64_t>(n)});
  EXPECT_EQ(stages.forgotten(), 5u);
  EXPECT_EQ(stages.finish(request(7), 1, {}), Timestamp{7});
  EXPECT_FALSE(stages.finish(request(7), 1, {}));
  EXPECT_FALSE(stages.finish(request(4), 1, {}));
  EXPECT_EQ(stages.finish(request(6), 1, {}), Timestamp{6});
  EXPECT_FALSE(stages.finish(request(9), 2, {})) << "another rule";
}

EventMark numbered(uint64_t n) {
  EventMark mark;
  mark.identity = siphash("i" + std::to_string(n));
  mark.audit_stage = siphash("a" + std::to_string(n));
  return mark;
}

TEST(StateBounds, AFullDuplicateWindowRotatesEarlyAndSaysHowShortItWas) {
  EventIds ids(limits::kDuplicateWindow);
  const uint64_t part = limits::kDuplicateWindow / EventIds::kGenerations;
  const auto see = [&](uint64_t n, uint64_t at) {
    const Timestamp time{static_cast<int64_t>(at)};
    return ids.see(numbered(n), time, time);
  };
  const uint64_t last = 3 * part - 1;
  for (uint64_t n = 0; n < last; ++n) ASSERT_EQ(see(n, n), SeenBefore::No);
  EXPECT_EQ(see(0, last), SeenBefore::Duplicate);
  EXPECT_EQ(see(last, last), SeenBefore::No);
  EXPECT_EQ(ids.full(), 2u);
  EXPECT_EQ(ids.shortest_window(), Duration::minutes(10)) << "nothing was forgotten early so far";
  EXPECT_EQ(see(last + 1, last + 1), SeenBefore::No);
  EXPECT_EQ(ids.full(), 3u);
  EXPECT_EQ(ids.shortest_window(), Duration{static_cast<int64_t>(2 * part)});
  EXPECT_EQ(see(part, last + 2), SeenBefore::Duplicate);
  EXPECT_EQ(see(part - 1, last + 2), SeenBefore::No) << "forgotten with its generation";
}

// Against a plain map, on few ids so that reuses, duplicates and aggregated requests meet; saved at every step.
TEST(EventIds, EqualAMapOfEverythingWithinTheWindow) {
  size_t duplicates = 0, reuses = 0;
  for (uint64_t seed : test_seeds(30)) {
    std::mt19937_64 random(seed);
    auto ids = std::make_unique<EventIds>(limits::kDuplicateWindow);
    std::map<std::pair<uint64_t, uint64_t>, Timestamp> seen;  // (audit id, event) -> last time it was taken in
    std::map<uint64_t, uint64_t> intents;                     // of the first event of an audit id
    Timestamp now{1'000'000'000'000};
    for (int step = 0; step < 400; ++step) {
      now = now + Duration::seconds(static_cast<int64_t>(random() % 3));
      const uint64_t audit = random() % 20, event = random() % 6, intent = event % 2;
      EventMark mark = numbered(audit * 100 + event);
      mark.audit_stage = siphash("audit " + std::to_string(audit));
      mark.intent = intent;
      const bool known = seen.contains({audit, event});
      const bool first = intents.try_emplace(audit, intent).second;
      const SeenBefore expected = known                                   ? SeenBefore::Duplicate
                                  : !first && intents.at(audit) != intent ? SeenBefore::AuditIdReused
                                                                          : SeenBefore::No;
      ASSERT_EQ(ids->see(mark, now, now), expected) << "seed " << seed << " step " << step;
      seen[{audit, event}] = now;
      duplicates += known ? 1 : 0;
      reuses += expected == SeenBefore::AuditIdReused ? 1 : 0;
      Archive saved = Archive::saving();
      ids->archive(saved);
      ids = std::make_unique<EventIds>(limits::kDuplicateWindow);
      Archive loading = Archive::loading(saved.bytes());
      ids->archive(loading);
      ASSERT_TRUE(loading.at_end() && !loading.failed());
    }
  }
  EXPECT_GT(duplicates, 1000u);
  EXPECT_GT(reuses, 100u);
}

TEST(EventIds, AFurtherEventOfAnAuditIdIsADuplicateAsLongAsItIsKept) {
  EventIds ids(limits::kDuplicateWindow);
  EventMark first = numbered(1), second = numbered(2);
  second.audit_stage = first.audit_stage;
  const auto at = [](int64_t minutes) { return Timestamp{1} + Duration::minutes(minutes); };
  EXPECT_EQ(ids.see(first, at(0), at(0)), SeenBefore::No);
  EXPECT_EQ(ids.see(second, at(9), at(9)), SeenBefore::No);
  EXPECT_EQ(ids.see(numbered(3), at(14), at(14)), SeenBefore::No);
  EXPECT_EQ(ids.see(second, at(18), at(18)), SeenBefore::Duplicate) << "the first one left meanwhile";
  EXPECT_EQ(ids.see(second, at(60), at(60)), SeenBefore::No);
}

// A source may be hours behind another one that brought the same events.
TEST(EventIds, WhatTheWatermarkHasNotPassedIsNotForgotten) {
  const auto at = [](int64_t minutes) { return Timestamp{1} + Duration::minutes(minutes); };
  EventIds ids(limits::kDuplicateWindow);
  EXPECT_EQ(ids.see(numbered(1), at(0), at(180)), SeenBefore::No);
  for (int64_t minute = 1; minute < 180; ++minute) {
    ASSERT_EQ(ids.see(numbered(100 + static_cast<uint64_t>(minute)), at(minute), at(minute)), SeenBefore::No);
  }
  EXPECT_EQ(ids.see(numbered(1), at(180), at(180)), SeenBefore::Duplicate);
  EXPECT_EQ(ids.see(numbered(2), at(190), at(190)), SeenBefore::No);
  EXPECT_EQ(ids.see(numbered(3), at(196), at(196)), SeenBefore::No);
  EXPECT_EQ(ids.see(numbered(1), at(210), at(210)), SeenBefore::No) << "now it is";
  EXPECT_EQ(ids.full(), 0u);
}

TEST(StateBounds, QuestionsThatWaitForTheWatermarkAreBounded) {
  for (const CorrelationType type : {CorrelationType::EventCount, CorrelationType::ValueSum}) {
    Rule rule = correlation_rule(type, Duration::seconds(1).micros, 3);
    std::get<Correlation>(rule.body).condition.bounds[0].op = CountCondition::Op::Lt;
    const auto op = make_operator(rule, {1u << 20, 1'000'000, Duration::minutes(5), Timestamp::min()});
    std::vector<Firing> out;
    Match match;
    for (uint64_t i = 0; i < 50'000; ++i) {
      match.time = Timestamp{static_cast<int64_t>(i) * 1'000};
      match.sequence = i;
      match.key = siphash(std::to_string(i));
      match.number = 1;
      op->on_match(match, out);
    }
    EXPECT_LE(op->bytes(), 2u << 20);
    EXPECT_GT(op->stats().evictions, 0u);
    op->shrink(1'000);
    EXPECT_LE(op->bytes(), 1'000u);
  }
}

TEST(StateBounds, LargeDistinctThresholdsAreSampled) {
  const double threshold = 3000;
  const Rule rule = correlation_rule(CorrelationType::ValueCount, Duration::hours(1).micros, threshold);
  const auto op = make_operator(rule, {64u << 20, 1000, Duration{0}, {}});
  OperatorDriver driver(*op, Duration{0}, Duration{0});
  std::vector<Firing> out;
  uint64_t n = 0;
  while (out.empty() && n < 6000) {
    ++n;
    driver.feed({Timestamp{static_cast<int64_t>(n)}, n, 0, "n", encoded_text("value" + std::to_string(n)), 0}, out);
  }
  ASSERT_FALSE(out.empty());
  EXPECT_TRUE(out[0].approximate);
  EXPECT_GE(out[0].count, threshold);
  EXPECT_NEAR(static_cast<double>(n), threshold, 0.15 * threshold);  // four standard errors
  EXPECT_LE(op->stats().bytes, 1100u * 200);
}

// The same events in another order, within the lateness, make the same keys fire.
TEST(StateOrder, ArrivalOrderDoesNotChangeWhichKeysFire) {
  for (const auto type : {CorrelationType::EventCount, CorrelationType::ValueCount, CorrelationType::Temporal,
                          CorrelationType::TemporalOrdered}) {
    size_t some = 0;
    for (uint64_t seed : test_seeds(100)) {
      const uint32_t inputs = type == CorrelationType::EventCount || type == CorrelationType::ValueCount ? 1 : 3;
      const Rule rule = correlation_rule(type, 60, inputs == 1 ? 4 : 3, inputs);
      auto stream = random_stream({.events = 100, .keys = 12, .inputs = inputs, .twins = 0}, seed);
      const auto keys_that_fire = [&] {
        const auto op = make_operator(rule, {64u << 20, 1000, Duration{1000}, Timestamp::min()});
        OperatorDriver driver(*op, Duration{0}, Duration{1000});
        std::vector<Firing> out;
        for (const auto& match : stream) driver.feed(match, out);
        std::set<std::string> keys;
        for (const Firing& firing : out) keys.insert(firing.key_bytes);
        return keys;
      };
      const auto ordered = keys_that_fire();
      std::shuffle(stream.begin(), stream.end(), std::mt19937_64(seed));
      ASSERT_EQ(keys_that_fire(), ordered) << "seed " << seed;
      some += !ordered.empty() && ordered.size() < 12 ? 1 : 0;
    }
    EXPECT_GT(some, 20u) << "the streams prove nothing";
  }
}

}  // namespace
}  // namespace kubevigil
