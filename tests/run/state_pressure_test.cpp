// Who fills the state of a rule is told of by a live run, and by a replay at its end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/run/live_bench.h"
#include "tests/run/live_stream.h"

namespace kubevigil {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

constexpr const char* kByName = R"(
title: Secret read
id: 11111111-1111-4111-8111-111111111111
name: secret_read
status: test
level: low
logsource: {product: kubernetes, service: audit}
detection: {sel: {verb: get, objectRef.resource: secrets}, condition: sel}
---
title: A secret read often
id: 22222222-2222-4222-8222-222222222222
name: read_often
status: test
level: high
correlation: {type: event_count, rules: [secret_read], group-by: [objectRef.name], timespan: 1d, condition: {gte: 10}}
)";

constexpr uint64_t kKeys = limits::kNewKeys + 2'000;
// A right-to-left override and a line's end, as JSON has them.
constexpr const char* kHostile = R"(mallory\u202e\nroot)";

std::shared_ptr<const Program> by_name(const std::string& title = "A secret read often") {
  return program_of_text(changed(kByName, "A secret read often", title));
}

EventText read_of(uint64_t number) {
  EventText event;
  event.second = static_cast<int64_t>(number / 100);
  event.user = kHostile;
  event.name = event.id = fmt::format("s{}", number);
  return event;
}

std::vector<EventText> reads(uint64_t from, uint64_t to) {
  std::vector<EventText> out;
  for (uint64_t i = from; i < to; ++i) out.push_back(read_of(i));
  return out;
}

// Self-alerts of this kind in the journal, in order.
std::vector<Alert> told(LiveBench& bench, const std::string& rule) {
  std::vector<Alert> out;
  EXPECT_TRUE(bench.journal().flush());
  JournalReader reader(bench.journal(), bench.journal().first_sequence());
  for (auto step = reader.next(); step && *step == JournalReader::Step::Entry; step = reader.next()) {
    const auto* entry = std::get_if<JournalAlert>(&reader.entry());
    auto alert = entry != nullptr ? alert_from_json(entry->body) : Result<Alert>(fail(""));
    if (alert && alert->rule_name == rule) out.push_back(std::move(*alert));
  }
  return out;
}

TEST(StateExplosionAlert, NamesActorClusterRuleAndCount) {
  LiveBench bench(kByName);
  ASSERT_TRUE(bench.start());
  ASSERT_TRUE(bench.post(reads(0, limits::kNewKeys)));
  ASSERT_TRUE(bench.settle());
  ASSERT_TRUE(bench.post(reads(limits::kNewKeys, kKeys)));
  ASSERT_TRUE(until([&] { return !told(bench, "kubevigil_state_explosion").empty(); }));
  ASSERT_TRUE(bench.pipeline().stop());
  const auto alerts = told(bench, "kubevigil_state_explosion");
  ASSERT_THAT(alerts, SizeIs(1)) << "folded for five minutes";
  EXPECT_EQ(alerts[0].cluster, "prod");
  EXPECT_EQ(alerts[0].level, Level::High);
  const std::string actor = "mallory\\u{202e}\\x0aroot";
  EXPECT_EQ(alerts[0].group.back().second, "read_often: " + actor);
  EXPECT_THAT(alerts[0].message,
              HasSubstr("new keys of read_often within 10 minutes by \"" + actor + "\" in cluster \"prod\""));
  EXPECT_THAT(alerts[0].message, testing::ContainsRegex(": 1[0-2][0-9][0-9][0-9] new keys"));
}

// An attack that ends with the program.
TEST(StateExplosionAlert, IsToldAtTheEndOfARun) {
  LiveBench bench(kByName);
  bench.env.step = 0;  // no tick comes
  ASSERT_TRUE(bench.start());
  ASSERT_TRUE(bench.post(reads(0, kKeys)));
  ASSERT_TRUE(bench.settle());
  ASSERT_TRUE(bench.pipeline().stop());
  EXPECT_THAT(told(bench, "kubevigil_state_explosion"), SizeIs(1));
}

TEST(StateExplosionAlert, IsCountedOverSnapshotsAndReloads) {
  LiveScript script(by_name());
  LiveScript other = LiveScript(by_name());
  for (uint64_t from = 0; from < kKeys; from += 2'000) {
    script.batch("a", reads(from, from + 2'000));
    other.batch("a", reads(from, from + 2'000));
    script.save_and_load();
    if (from == 4'000) script.reload(by_name("Another title"));
    if (from == 4'000) other.reload(by_name("Another title"));
    ASSERT_EQ(script.saved(), other.saved());
    if (from + 2'000 <= limits::kNewKeys) {
      ASSERT_THAT(script.detector().take_explosions(), IsEmpty()) << from;
    }
  }
  const auto explosions = script.detector().take_explosions();
  ASSERT_THAT(explosions, SizeIs(0)) << "it was left in a life that ended before it was taken";
  const auto taken = other.detector().take_explosions();
  ASSERT_THAT(taken, SizeIs(1));
  EXPECT_EQ(taken[0].maker.keys, kKeys);
}

TEST(StatePressure, StatusSaysWhoMakesKeysAndHowFarTheLostOnesWere) {
  DetectorOptions options;
  options.state_bytes = 100'000;
  LiveScript script(by_name(), options);
  for (int round = 0; round < 7; ++round) {
    std::vector<EventText> events;
    for (uint64_t i = 0; i < 10; ++i) {
      EventText event = read_of(i);
      event.user = "alice";
      event.id = fmt::format("{} {}", round, i);
      events.push_back(event);
    }
    script.batch("a", events);
  }
  for (int round = 0; round < 5; ++round) {  // touched again and again: what was there must go
    for (uint64_t from = 100; from < 2'100; from += 100) {
      for (int touch = 0; touch < 5; ++touch) {
        std::vector<EventText> events = reads(from, from + 100);
        for (EventText& event : events) event.id += fmt::format(" {} {}", round, touch);
        script.batch("a", events);
      }
    }
  }
  const OperatorStats stats = script.detector().operator_stats(1);
  EXPECT_GT(stats.evictions, 0u);
  EXPECT_GT(stats.lost[7], 0u) << "alice's keys";
  const auto makers = script.detector().key_makers(1, 1);
  ASSERT_THAT(makers, SizeIs(1));
  EXPECT_THAT(makers[0].user, HasSubstr("mallory"));
}

TEST(StateExplosionReport, OfAReplayNamesTheActorForAnyThreads) {
  std::vector<std::string> records;
  for (const EventText& event : reads(0, kKeys)) records.push_back(json_of(event));
  std::string first;
  for (const size_t threads : {1, 2, 3}) {
    std::vector<std::unique_ptr<Input>> inputs;
    inputs.push_back(std::make_unique<MemoryInput>("log", 0, records, threads * 10'000));
    ReplayHooks hooks;
    hooks.alert = [](const Alert&) {};
    ReplayOptions options;
    options.threads = threads;
    options.cluster = "prod";
    const auto report = replay(inputs, by_name(), options, hooks, FixedEnv());
    ASSERT_TRUE(report.has_value());
    ASSERT_THAT(report->rules[1].explosions, SizeIs(1));
    const KeyMaker& maker = report->rules[1].explosions[0];
    EXPECT_EQ(maker.keys, kKeys);
    EXPECT_EQ(maker.cluster, "prod");
    const std::string text = fmt::format("{} {} {}", maker.user, maker.keys, maker.time.micros);
    if (first.empty()) first = text;
    EXPECT_EQ(text, first) << threads << " threads";
    EXPECT_THAT(report->rules[0].explosions, IsEmpty());
  }
}

}  // namespace
}  // namespace kubevigil
