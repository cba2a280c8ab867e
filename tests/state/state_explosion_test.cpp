// Somebody makes keys of one rule in masses (streaming.md 5, test 21): state stays within its budget, what was there
// before goes on to fire, and he is named. bench/spray_bench.cpp has the throughput.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "tests/support/event_script.h"

namespace kubevigil {
namespace {

constexpr size_t kBudget = 1u << 20;

struct Attack {
  const char* name;
  CorrelationType type;
  uint64_t keys;
  int64_t threshold;  // matches that fire

  bool has_steps() const { return type == CorrelationType::Temporal || type == CorrelationType::TemporalOrdered; }
};

class StateExplosion : public testing::TestWithParam<Attack> {};

RuleSet rules_of(const Attack& attack) {
  RuleSet rules = detections({"a", "b", "c"});
  for (Rule& rule : rules.rules) rule.alerts = false;
  const auto gte = attack.type == CorrelationType::TemporalOrdered ? 0.0 : static_cast<double>(attack.threshold);
  const std::vector<uint32_t> inputs = attack.has_steps() ? std::vector<uint32_t>{0, 1, 2} : std::vector<uint32_t>{0};
  rules.rules.push_back(correlation_over(rules, "rule", attack.type, Duration::hours(24), gte, inputs));
  return rules;
}

// One of the matches that together fire for "victim".
void match_of_victim(EventScript& script, const Attack& attack, int64_t second, int64_t i) {
  EventScript::Details details;
  details.actor = "eve";
  script.event(second, details)
      .hit_with_value(attack.has_steps() ? static_cast<uint32_t>(i) : 0, "victim", "v" + std::to_string(i));
}

TEST_P(StateExplosion, LeavesTheVictimAndNamesTheActor) {
  const Attack& attack = GetParam();
  const bool soak = std::getenv("KUBEVIGIL_SOAK") != nullptr;
  const uint64_t keys = soak ? attack.keys * 50 : attack.keys;
  CorrelatorOptions options;
  options.state_bytes = kBudget;
  EventScript script(rules_of(attack), options);
  for (int64_t i = 0; i + 1 < attack.threshold; ++i) match_of_victim(script, attack, 0, i);
  EventScript::Details details;
  details.actor = "mallory";
  uint64_t most = 0;
  for (uint64_t i = 0; i < keys; ++i) {
    script.event(static_cast<int64_t>(i / 5'000), details).hit_with_value(0, std::to_string(i), "v");
    if (i % 1'000 == 0) most = std::max(most, script.correlator().operator_stats(3).bytes);
  }
  EXPECT_LE(most, kBudget);
  EXPECT_GT(most, kBudget / 2) << "the attack did not fill it";
  EXPECT_EQ(script.opened(), "");
  const OperatorStats stats = script.correlator().operator_stats(3);
  EXPECT_GT(stats.evictions, keys / 2);
  EXPECT_EQ(stats.lost[9], 0u) << "nothing that was near its end has gone";
  match_of_victim(script, attack, static_cast<int64_t>(keys / 5'000), attack.threshold - 1);
  EXPECT_EQ(script.opened(), "rule victim\n");
  for (const EpisodeChange& change : script.changes()) EXPECT_FALSE(change.episode.degraded);
  const auto told = script.correlator().take_explosions();
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].rule, 3u);
  EXPECT_EQ(told[0].maker.user, "mallory");
  EXPECT_EQ(told[0].maker.cluster, "c");
  EXPECT_GE(told[0].maker.keys, std::min<uint64_t>(keys, 1'000'000));
}

INSTANTIATE_TEST_SUITE_P(Rules, StateExplosion,
                         testing::Values(Attack{"count", CorrelationType::EventCount, 1'000'000, 10},
                                         Attack{"distinct", CorrelationType::ValueCount, 100'000, 10},
                                         Attack{"temporal", CorrelationType::Temporal, 100'000, 3},
                                         Attack{"ordered", CorrelationType::TemporalOrdered, 100'000, 3},
                                         Attack{"count_of_thousands", CorrelationType::EventCount, 100'000, 2'000}),
                         [](const auto& of) { return std::string(of.param.name); });

// What is lost is counted by how far it had come.
TEST(LostProgress, IsThatOfTheKeysThatWereGivenUp) {
  CorrelatorOptions options;
  options.state_bytes = 30'000;
  EventScript script(rules_of({"count", CorrelationType::EventCount, 0, 10}), options);
  int64_t second = 0;
  for (int key = 0; key < 2'000; ++key) {  // seven matches each: too many of them to keep
    for (int i = 0; i < 7; ++i) script.event(++second).hit(0, "k" + std::to_string(key));
  }
  const OperatorStats stats = script.correlator().operator_stats(3);
  EXPECT_GT(stats.lost[7], 1'000u);
  EXPECT_EQ(stats.lost[8] + stats.lost[9], 0u);
  uint64_t all = 0;
  for (const uint64_t n : stats.lost) all += n;
  EXPECT_EQ(all, stats.evictions);
}

}  // namespace
}  // namespace kubevigil
