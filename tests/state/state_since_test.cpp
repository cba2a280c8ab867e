#include "engine/state/state_since.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "engine/state/baseline.h"
#include "tests/support/event_script.h"

namespace kubevigil {
namespace {

constexpr Duration kLateness = Duration::minutes(5);

// Detection 0; 1 has a state for each cluster, 2 one for all.
RuleSet some_rules() {
  RuleSet rules = detections({"used"});
  rules.rules.push_back(correlation_over(rules, "by_cluster", CorrelationType::EventCount, Duration::hours(1), 1, {0}));
  rules.rules.push_back(correlation_over(rules, "for_all", CorrelationType::EventCount, Duration::hours(1), 1, {0}));
  rules.rules.back().extension.across_clusters = true;
  return rules;
}

uint64_t cluster(const std::string& name) { return siphash(name).low; }

std::string key_in(const std::string& name) { return EventScript::key({name, "alice"}); }

Timestamp at(int64_t seconds) { return EventScript::time(seconds); }

void see(StateSince& since, const std::string& name, int64_t seconds) {
  since.see(cluster(name), at(seconds), at(seconds), Timestamp::min());
}

TEST(StateSince, IsTheClustersEarliestEventInAnyOrder) {
  const RuleSet rules = some_rules();
  std::vector<std::pair<std::string, int64_t>> events = {{"a", 100}, {"b", 130}, {"a", 90}, {"b", 200}, {"a", 150}};
  std::sort(events.begin(), events.end());
  do {
    StateSince since(rules, kLateness);
    for (const auto& [name, second] : events) see(since, name, second);
    EXPECT_EQ(since.of(1, key_in("a")), at(90));
    EXPECT_EQ(since.of(1, key_in("b")), at(130));
    EXPECT_EQ(since.of(2, key_in("b")), at(90)) << "one state for all clusters";
    EXPECT_EQ(since.of(1, key_in("c")), Timestamp::min()) << "not known";
    EXPECT_EQ(since.of(0, key_in("a")), Timestamp::min()) << "a detection remembers nothing";
  } while (std::next_permutation(events.begin(), events.end()));
}

TEST(StateSince, WhatCorrelationsDoNotCountSaysNothing) {
  const RuleSet rules = some_rules();
  StateSince since(rules, kLateness);
  EXPECT_FALSE(since.see(cluster("a"), at(0), Timestamp::min(), Timestamp::min())) << "no event had a time yet";
  EXPECT_TRUE(since.see(cluster("a"), at(400), at(800), at(500))) << "late, and yet the first";
  EXPECT_EQ(since.of(1, key_in("a")), Timestamp::min());
  EXPECT_FALSE(since.see(cluster("a"), at(-1'000'000), at(800), Timestamp::min())) << "its clock is far behind";
  EXPECT_EQ(since.of(1, key_in("a")), Timestamp::min());
  EXPECT_FALSE(since.see(cluster("a"), at(1'000'000), at(900), at(500))) << "its clock is far ahead";
  EXPECT_EQ(since.of(1, key_in("a")), at(900));
}

TEST(StateSince, ClustersAreBounded) {
  const RuleSet rules = some_rules();
  StateSince since(rules, kLateness);
  for (size_t i = 0; i < StateSince::kClusters + 5; ++i) see(since, std::to_string(i), 10);
  EXPECT_EQ(since.clusters().size(), StateSince::kClusters);
  EXPECT_EQ(since.of(1, key_in(std::to_string(StateSince::kClusters))), Timestamp::min());
}

TEST(StateSince, ARuleThatComesLaterBeginsAtTheWatermark) {
  const RuleSet rules = some_rules();
  RuleSet next = some_rules();
  next.rules.push_back(correlation_over(next, "new", CorrelationType::EventCount, Duration::hours(1), 1, {0}));
  StateSince old(rules, kLateness), since(next, kLateness);
  see(old, "a", 100);
  since.take_over(old, {0, 1, UINT32_MAX, UINT32_MAX}, at(500));
  see(since, "b", 700);
  EXPECT_EQ(since.of(1, key_in("a")), at(100)) << "goes on";
  EXPECT_EQ(since.of(2, key_in("a")), at(500)) << "has another meaning";
  EXPECT_EQ(since.of(3, key_in("a")), at(500)) << "is new";
  EXPECT_EQ(since.of(3, key_in("b")), at(700)) << "a cluster that is newer than the rule";
}

TEST(StateSince, AnAlertTakesWhatComesLateWhenItCloses) {
  RuleSet rules = some_rules();
  rules.rules[0].alerts = false;
  EventScript script(rules);
  script.event(100).hit(0, "alice");
  script.event(101, {.time = EventScript::time(40)});
  script.finish();
  std::vector<std::pair<EpisodeStatus, Timestamp>> seen;
  for (const EpisodeChange& change : script.changes()) {
    if (change.episode.rule == 1) seen.emplace_back(change.episode.status, change.episode.state_since);
  }
  EXPECT_EQ(seen, (std::vector<std::pair<EpisodeStatus, Timestamp>>{{EpisodeStatus::Open, at(100)},
                                                                    {EpisodeStatus::Closed, at(40)}}));
}

TEST(StateSince, ABaselineBringsItsOwn) {
  RuleSet rules = detections({"used"});
  rules.rules[0].alerts = false;
  rules.rules.push_back(correlation_over(rules, "first_use", CorrelationType::NewValue, Duration::days(90), 0, {0}));
  rules.rules.push_back(correlation_over(rules, "counted", CorrelationType::EventCount, Duration::hours(1), 1, {0}));
  const auto learned = [&](int64_t second, const std::string& bytes) {
    EventScript script(rules);
    EXPECT_TRUE(bytes.empty() || load_baseline(bytes, rules, script.correlator()).has_value());
    script.event(second).hit(0, "alice", "v" + std::to_string(second));
    script.save_and_load();
    script.event(second + 1).hit(0, "alice", "w" + std::to_string(second));
    script.finish();
    std::vector<Timestamp> out;
    for (const EpisodeChange& change : script.changes()) {
      if (change.kind == EpisodeChange::Kind::Closed) out.push_back(change.episode.state_since);
    }
    return std::pair(out, save_baseline(rules, script.correlator()));
  };
  const auto [first, bytes] = learned(100, "");
  EXPECT_EQ(first, std::vector<Timestamp>(first.size(), at(100)));
  const auto [second, more] = learned(9'000, bytes);
  ASSERT_GE(second.size(), 2u);
  EXPECT_EQ(std::count(second.begin(), second.end(), at(100)), 2) << "first_use knows since then";
  EXPECT_EQ(std::count(second.begin(), second.end(), at(9'000)), 2) << "counts are not of the baseline";
  const auto [third, last] = learned(20'000, more);
  EXPECT_EQ(std::count(third.begin(), third.end(), at(100)), 2) << "a baseline over a baseline";
}

}  // namespace
}  // namespace kubevigil
