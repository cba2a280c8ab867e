// new_value against its model, and its learning periods.
#include <gtest/gtest.h>

#include "tests/support/models.h"
#include "tests/support/resumable.h"

namespace kubevigil {
namespace {

using Role = CorrelationInput::Role;

OperatorLimits roomy() { return {64u << 20, 1'000'000, Duration{50}, Timestamp::min()}; }

Rule new_value_rule(int64_t timespan, int64_t learn, std::vector<Role> roles = {Role::Member}) {
  Rule rule = correlation_rule(CorrelationType::NewValue, timespan, 0, static_cast<uint32_t>(roles.size()));
  auto& correlation = std::get<Correlation>(rule.body);
  correlation.condition.bounds.clear();
  correlation.new_value.learn = Duration{learn};
  for (size_t i = 0; i < roles.size(); ++i) correlation.inputs[i].role = roles[i];
  return rule;
}

// Feeds (time, input, value) under one key of the cluster "".
std::vector<int64_t> firing_times(Operator& op,
                                  const std::vector<std::tuple<int64_t, uint32_t, std::string>>& matches) {
  OperatorDriver driver(op, Duration{0}, Duration{50});
  std::vector<Firing> out;
  uint64_t sequence = 0;
  for (const auto& [time, input, value] : matches) {
    driver.feed({Timestamp{time}, ++sequence, input, encoded_text(""), encoded_text(value), 0}, out);
  }
  std::vector<int64_t> times;
  for (const Firing& firing : out) times.push_back(firing.time.micros);
  return times;
}

TEST(NewValueOperator, EqualsTheModel) {
  size_t fired = 0, silent = 0;
  for (uint64_t seed : test_seeds(120)) {
    Rule rule = new_value_rule(seed % 2 == 0 ? 0 : 60, static_cast<int64_t>(seed % 4) * 100,
                               {Role::Member, Role::TaughtBy, Role::ForgetOn});
    auto& spec = std::get<Correlation>(rule.body).new_value;
    spec.new_key_learns = seed % 5 == 0;
    if (seed % 3 == 0) spec.seed = {{"v1"}, {"v3"}};
    const auto op = make_operator(rule, roomy());
    const Timestamp start{1'000'000};
    op->on_cluster(siphash("").low, start);
    model::NewValue expected(rule.correlation(), start);
    OperatorDriver driver(*op, Duration{0}, Duration{50});
    for (const auto& m : random_stream({.events = 200, .disorder = 40, .values = 12, .inputs = 3}, seed)) {
      std::vector<Firing> out;
      if (!driver.feed(m, out)) continue;
      const bool fires = expected.add({m.time, m.sequence, m.input, m.key, m.value, 0});
      ASSERT_EQ(!out.empty(), fires) << "seed " << seed << " event " << m.sequence << " " << m.key << m.value;
      ++(fires ? fired : silent);
    }
  }
  EXPECT_GT(fired, 500u);
  EXPECT_GT(silent, 500u);
}

TEST(NewValueOperator, ContinuesFromAnArchiveAtAnyPoint) {
  const Rule rule = new_value_rule(60, 30, {Role::Member, Role::TaughtBy, Role::ForgetOn});
  for (uint64_t seed : test_seeds(10)) {
    const auto stream = random_stream({.events = 200, .disorder = 40, .inputs = 3}, seed);
    const auto result = compare_resumed(rule, roomy(), stream, 1 + seed);
    ASSERT_EQ(result.difference, "") << "seed " << seed;
    EXPECT_GT(result.firings, 0u);
  }
}

TEST(NewValueOperator, LearnsFromTheFirstEventOfTheClusterNotFromTheFirstMatch) {
  const Rule rule = new_value_rule(0, 100);
  const auto op = make_operator(rule, roomy());
  op->on_cluster(siphash("").low, Timestamp{1000});
  op->on_watermark(Timestamp{1000}, *std::make_unique<std::vector<Firing>>());
  EXPECT_EQ(op->stats().state, RuleState::Cold);
  EXPECT_EQ(firing_times(*op, {{1099, 0, "a"}, {1100, 0, "a"}, {1100, 0, "b"}}), (std::vector<int64_t>{1100}));
  EXPECT_EQ(op->stats().state, RuleState::Ready);
}

TEST(NewValueOperator, LearnUntilReplacesTheLearningPeriod) {
  const Rule rule = new_value_rule(0, 1'000'000);
  OperatorLimits limits = roomy();
  limits.learn_until = Timestamp{50};
  const auto op = make_operator(rule, limits);
  op->on_cluster(siphash("").low, Timestamp{0});
  EXPECT_EQ(firing_times(*op, {{10, 0, "a"}, {49, 0, "b"}, {50, 0, "b"}, {50, 0, "c"}}), (std::vector<int64_t>{50}));
}

TEST(NewValueOperator, TaughtByAndForgetOn) {
  const Rule rule = new_value_rule(0, 0, {Role::Member, Role::TaughtBy, Role::ForgetOn});
  const auto op = make_operator(rule, roomy());
  EXPECT_EQ(firing_times(*op, {{1, 1, "a"}, {2, 0, "a"}, {3, 2, "a"}, {4, 0, "a"}, {5, 0, "a"}}),
            (std::vector<int64_t>{4}));
}

// What comes first need not be what was first: the alert then covers both.
TEST(NewValueOperator, AnEarlierSightingThatComesLateFiresToo) {
  const Rule rule = new_value_rule(60, 0, {Role::Member, Role::TaughtBy});
  const auto op = make_operator(rule, roomy());
  EXPECT_EQ(firing_times(*op, {{100, 0, "a"}, {90, 0, "a"}, {95, 0, "a"}, {100, 0, "b"}, {110, 1, "c"}, {105, 0, "c"}}),
            (std::vector<int64_t>{100, 90, 100, 105}));
  // Seen again after it was forgotten; what comes from before that belongs to the time before, or to this one.
  EXPECT_EQ(firing_times(*op, {{200, 0, "a"}, {150, 0, "a"}, {190, 0, "b"}, {170, 0, "b"}}),
            (std::vector<int64_t>{200, 190, 170}));
}

TEST(NewValueOperator, AnEvictedValueIsNewAgainAndSaysDegraded) {
  const Rule rule = new_value_rule(0, 0);
  OperatorLimits limits = roomy();
  limits.keys = 10;
  const auto op = make_operator(rule, limits);
  OperatorDriver driver(*op, Duration{0}, Duration{50});
  std::vector<Firing> out;
  for (uint64_t i = 0; i < 40; ++i) {
    driver.feed({Timestamp{static_cast<int64_t>(i)}, i, 0, "s\0", encoded_text("v" + std::to_string(i)), 0}, out);
  }
  EXPECT_EQ(op->stats().keys, 10u);
  EXPECT_EQ(op->stats().evictions, 30u);
  out.clear();
  driver.feed({Timestamp{50}, 50, 0, "s\0", encoded_text("v0"), 0}, out);
  ASSERT_EQ(out.size(), 1u);
  EXPECT_TRUE(out[0].degraded);
}

}  // namespace
}  // namespace kubevigil
