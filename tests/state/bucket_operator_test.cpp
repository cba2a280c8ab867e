// value_sum, value_avg, value_percentile and large counts against the model of their stated definition.
#include "engine/state/bucket_list.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <set>

#include "tests/support/models.h"
#include "tests/support/resumable.h"

namespace kubevigil {
namespace {

OperatorLimits roomy(Duration lateness) { return {64u << 20, 1'000'000, lateness, {}}; }

Rule bucket_rule(CorrelationType type, int64_t window, double gte) {
  Rule rule = correlation_rule(type, window, gte, 2);
  std::get<Correlation>(rule.body).percentile = 75;
  return rule;
}

struct Case {
  const char* name;
  CorrelationType type;
  double gte;
};
constexpr Case kCases[] = {
    {"sum", CorrelationType::ValueSum, 500},
    {"average", CorrelationType::ValueAvg, 35},
    {"percentile", CorrelationType::ValuePercentile, 57.4},  // 57 counts as 57.25, 58 as 58.25: no number changes sides
};

class BucketOperator : public testing::TestWithParam<Case> {};

TEST(BucketOperatorSum, EqualsTheModel) {
  size_t yes = 0, no = 0;
  for (uint64_t seed : test_seeds(40)) {
    for (const int64_t window : {10, 100, 640}) {
      Rule rule = bucket_rule(CorrelationType::ValueSum, window, 500);
      const bool tumbling = seed % 2 == 0;
      if (tumbling) std::get<Correlation>(rule.body).window.kind = WindowSpec::Kind::Tumbling;
      const Duration lateness{100};
      const auto op = make_operator(rule, roomy(lateness));
      OperatorDriver driver(*op, Duration{0}, lateness);
      std::vector<model::Seen> seen;
      for (const auto& m :
           random_stream({.events = 120, .disorder = static_cast<int64_t>(seed % 3) * 60, .inputs = 2}, seed)) {
        std::vector<Firing> out;
        if (!driver.feed(m, out)) continue;
        seen.push_back({m.time, m.sequence, m.input, m.key, m.value, m.number});
        const bool expected = model::satisfied_by_buckets(rule.correlation(), seen, seen.size() - 1);
        ASSERT_EQ(!out.empty(), expected) << "seed " << seed << " window " << window << " event " << m.sequence;
        ASSERT_TRUE(out.empty() || out[0].approximate == !tumbling);
        ++(expected ? yes : no);
      }
    }
  }
  EXPECT_GT(yes, 100u);
  EXPECT_GT(no, 100u);
}

TEST_P(BucketOperator, ContinuesFromAnArchiveAtAnyPoint) {
  const Case& c = GetParam();
  for (const bool upper : {false, true}) {
    Rule rule = bucket_rule(c.type, 200, c.gte);
    if (upper) std::get<Correlation>(rule.body).condition.bounds = {{CountCondition::Op::Lt, c.gte}};
    size_t firings = 0;
    for (uint64_t seed : test_seeds(5)) {
      const auto stream = random_stream({.events = 200, .disorder = 40, .inputs = 2}, seed);
      const auto result = compare_resumed(rule, roomy(Duration{50}), stream, 3 + seed);
      ASSERT_EQ(result.difference, "") << "seed " << seed;
      firings += result.firings;
    }
    EXPECT_GT(firings, 0u);
  }
}

// lt, lte, eq, neq and ranges, averages and percentiles are judged at the watermark: saved and loaded on the way, they
// equal the model of the end.
TEST_P(BucketOperator, WhatMayChangeAgainEqualsTheModel) {
  using Op = CountCondition::Op;
  const Case& c = GetParam();
  const std::vector<std::vector<CountCondition::Bound>> conditions = {
      {{Op::Lt, c.gte}},  {{Op::Lte, c.gte}}, {{Op::Gte, c.gte / 2}, {Op::Lt, c.gte}},
      {{Op::Neq, c.gte}}, {{Op::Eq, 57}},     {{Op::Gte, c.gte}}};
  size_t fired = 0, quiet = 0;
  for (size_t i = 0; i < conditions.size(); ++i) {
    if (c.type == CorrelationType::ValuePercentile && i == 4) continue;  // bins are no exact numbers
    if (c.type == CorrelationType::ValueSum && i == 5) continue;         // fires at once
    for (uint64_t seed : test_seeds(20)) {
      Rule rule = bucket_rule(c.type, seed % 2 == 0 ? 100 : 640, c.gte);
      if (seed % 3 == 0) std::get<Correlation>(rule.body).window.kind = WindowSpec::Kind::Tumbling;
      std::get<Correlation>(rule.body).condition.bounds = conditions[i];
      auto op = make_operator(rule, roomy(Duration{60}));
      OperatorDriver driver(*op, Duration{0}, Duration{60});
      std::vector<model::Seen> seen;
      std::vector<Firing> out;
      for (const auto& m : random_stream({.events = 120, .disorder = 50, .inputs = 2}, seed)) {
        if (m.sequence % (3 + seed) == 0) {
          Archive saved = Archive::saving();
          op->archive(saved);
          op = make_operator(rule, roomy(Duration{60}));
          Archive loading = Archive::loading(saved.bytes());
          op->archive(loading);
          driver.continue_with(*op);
        }
        if (driver.feed(m, out)) seen.push_back({m.time, m.sequence, m.input, m.key, m.value, m.number});
      }
      op->finish(out);
      std::vector<model::Answer> answers;
      for (const Firing& f : out) answers.push_back({f.time, 0, f.key_bytes});
      std::sort(answers.begin(), answers.end());
      const bool exact = rule.correlation().window.kind == WindowSpec::Kind::Tumbling;
      for (const Firing& f : out) ASSERT_EQ(f.approximate, !exact || c.type == CorrelationType::ValuePercentile);
      ASSERT_EQ(answers, model::judged_by_buckets(rule.correlation(), seen)) << "condition " << i << " seed " << seed;
      fired += answers.size();
      quiet += seen.size() > answers.size() ? 1 : 0;
    }
  }
  EXPECT_GT(fired, 200u);
  EXPECT_GT(quiet, 20u);
}

// Who fires is a matter of the numbers and their times alone.
TEST_P(BucketOperator, TheOrderOfArrivalDoesNotChangeWhoFires) {
  const Case& c = GetParam();
  const Duration lateness = Duration::seconds(1);
  for (const uint64_t seed : test_seeds(30)) {
    Rule rule = bucket_rule(c.type, 300, c.gte);
    if (seed % 2 == 0) std::get<Correlation>(rule.body).window.kind = WindowSpec::Kind::Tumbling;
    auto stream = random_stream({.events = 12, .step = 30, .keys = 3, .inputs = 1, .twins = 0}, seed);
    for (StreamMatch& match : stream) match.number = std::abs(match.number);
    std::set<std::set<std::string>> found;
    std::mt19937_64 random(seed);
    for (int order = 0; order < 6; ++order) {
      const auto op = make_operator(rule, roomy(lateness));
      OperatorDriver driver(*op, Duration{0}, lateness);
      std::vector<Firing> out;
      for (const StreamMatch& match : stream) ASSERT_TRUE(driver.feed(match, out));
      op->finish(out);
      std::set<std::string> fired;
      for (const Firing& firing : out) fired.insert(firing.key_bytes);
      found.insert(fired);
      std::shuffle(stream.begin(), stream.end(), random);
    }
    EXPECT_EQ(found.size(), 1u) << "seed " << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(Types, BucketOperator, testing::ValuesIn(kCases),
                         [](const auto& test) { return test.param.name; });

TEST(BucketOperatorCount, LargeThresholdsCountInSubWindows) {
  const Rule rule = bucket_rule(CorrelationType::EventCount, Duration::minutes(1).micros, 5000);
  const auto op = make_operator(rule, roomy(Duration::minutes(5)));
  OperatorDriver driver(*op, Duration::seconds(2), Duration::minutes(5));
  std::vector<Firing> out;
  uint64_t first = 0;
  for (uint64_t i = 1; i <= 6000; ++i) {
    driver.feed({Timestamp{static_cast<int64_t>(i) * 1000}, i, 0, "n", "", 0}, out);
    if (!out.empty() && first == 0) first = i;
  }
  EXPECT_EQ(first, 5000u);
  EXPECT_TRUE(out.front().approximate);
  EXPECT_LT(op->stats().bytes, 64u * 1024);
}

TEST(BucketOperatorCount, ATumblingWindowCountsExactly) {
  Rule rule = bucket_rule(CorrelationType::EventCount, 10'000, 2000);
  std::get<Correlation>(rule.body).window.kind = WindowSpec::Kind::Tumbling;
  const auto op = make_operator(rule, roomy(Duration::minutes(5)));
  OperatorDriver driver(*op, Duration{0}, Duration::minutes(5));
  std::vector<Firing> out;
  for (int64_t i = 1; i < 4000; ++i) {  // 1,999 in front of the border, 2,000 behind it
    driver.feed({Timestamp{40'000 + 5 * i}, static_cast<uint64_t>(i), 0, "n", "", 0}, out);
    ASSERT_EQ(out.size(), i < 3999 ? 0u : 1u) << i;
  }
  EXPECT_FALSE(out.front().approximate);
  EXPECT_EQ(out.front().count, 2000);
}

TEST(BucketOperatorBounds, UpperBoundsAreJudgedOncePerSubWindow) {
  Rule rule = bucket_rule(CorrelationType::ValueSum, 64, 0);  // one microsecond a sub-window
  std::get<Correlation>(rule.body).condition.bounds = {{CountCondition::Op::Lt, 3}};
  const auto op = make_operator(rule, roomy(Duration{10}));
  OperatorDriver driver(*op, Duration{0}, Duration{10});
  std::vector<Firing> out;
  for (const auto& [time, number] :
       std::vector<std::pair<int64_t, double>>{{1000, 1}, {1000, 1}, {1001, 5}, {1200, 2}}) {
    driver.feed({Timestamp{time}, static_cast<uint64_t>(time), 0, "n", "", number}, out);
  }
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(out[0].time.micros, 1000);
  EXPECT_EQ(out[0].count, 2);
  op->finish(out);
  ASSERT_EQ(out.size(), 2u);
  EXPECT_EQ(out[1].time.micros, 1200);
}

TEST(Bins, AreOrderedAndNearTheNumber) {
  double previous = -1e300;
  for (double n : {-1e12, -7.5, -1.0, -1e-9, 0.0, 1e-9, 0.3, 1.0, 1.5, 99.0, 1e6, 1e12, 1e300}) {
    const double middle = middle_of_bin(bin_of(n));
    EXPECT_LE(std::fabs(middle - n), std::fabs(n) * 0.008) << n;
    EXPECT_GT(middle, previous) << n;
    previous = middle;
  }
}

TEST(BucketOperatorNumbers, WhatIsNoNumberDoesNotCount) {
  const Rule rule = bucket_rule(CorrelationType::ValueAvg, 100, 0);
  const auto op = make_operator(rule, roomy(Duration{0}));
  OperatorDriver driver(*op, Duration{0}, Duration{0});
  std::vector<Firing> out;
  driver.feed({Timestamp{1}, 1, 0, "n", "", std::nan("")}, out);
  driver.feed({Timestamp{2}, 2, 0, "n", "", INFINITY}, out);
  EXPECT_TRUE(out.empty());
}

}  // namespace
}  // namespace kubevigil
