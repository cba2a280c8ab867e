// event_count, value_count, temporal and temporal_ordered against the brute-force models.
#include <gtest/gtest.h>

#include "engine/base/limits.h"
#include "engine/state/archive.h"
#include "tests/support/models.h"
#include "tests/support/resumable.h"
#include "tests/support/streams.h"

namespace kubevigil {
namespace {

struct Case {
  const char* name;
  CorrelationType type;
  double need;
  uint32_t inputs;
  WindowSpec::Kind window = WindowSpec::Kind::Sliding;
};
constexpr auto kTumbling = WindowSpec::Kind::Tumbling;
constexpr auto kSession = WindowSpec::Kind::Session;

constexpr Case kCases[] = {
    {"event_count_1", CorrelationType::EventCount, 1, 1},
    {"event_count_2", CorrelationType::EventCount, 2, 2},
    {"event_count_5", CorrelationType::EventCount, 5, 2},
    {"value_count_1", CorrelationType::ValueCount, 1, 1},
    {"value_count_3", CorrelationType::ValueCount, 3, 1},
    {"value_count_5", CorrelationType::ValueCount, 5, 2},
    {"temporal_2", CorrelationType::Temporal, 0, 2},
    {"temporal_4", CorrelationType::Temporal, 0, 4},
    {"temporal_2_of_3", CorrelationType::Temporal, 2, 3},
    {"ordered_2", CorrelationType::TemporalOrdered, 0, 2},
    {"ordered_3", CorrelationType::TemporalOrdered, 0, 3},
    {"ordered_4", CorrelationType::TemporalOrdered, 0, 4},
    {"tumbling_event_count_1", CorrelationType::EventCount, 1, 1, kTumbling},
    {"tumbling_event_count_2", CorrelationType::EventCount, 2, 2, kTumbling},
    {"tumbling_event_count_5", CorrelationType::EventCount, 5, 2, kTumbling},
    {"tumbling_value_count_1", CorrelationType::ValueCount, 1, 1, kTumbling},
    {"tumbling_value_count_3", CorrelationType::ValueCount, 3, 1, kTumbling},
    {"tumbling_value_count_5", CorrelationType::ValueCount, 5, 2, kTumbling},
    {"session_event_count_2", CorrelationType::EventCount, 2, 2, kSession},
    {"session_event_count_5", CorrelationType::EventCount, 5, 2, kSession},
    {"session_value_count_2", CorrelationType::ValueCount, 2, 1, kSession},
    {"session_value_count_4", CorrelationType::ValueCount, 4, 2, kSession},
};

Rule rule_of(const Case& c, int64_t timespan, int64_t gap) {
  Rule rule = correlation_rule(c.type, timespan, c.need, c.inputs);
  std::get<Correlation>(rule.body).window = {c.window, Duration{gap}};
  return rule;
}

OperatorLimits roomy(Duration lateness) { return {64u << 20, 1'000'000, lateness, {}}; }

model::Seen seen_of(const StreamMatch& m) { return {m.time, m.sequence, m.input, m.key, m.value, m.number}; }

// Feeds a random stream and holds each answer against the model. Returns how many matches were satisfied.
size_t compare(const Rule& rule, const StreamShape& shape, Duration lateness, uint64_t seed) {
  const auto op = make_operator(rule, roomy(lateness));
  OperatorDriver driver(*op, Duration{0}, lateness);
  std::vector<model::Seen> seen;
  size_t satisfied = 0;
  for (const StreamMatch& match : random_stream(shape, seed)) {
    std::vector<Firing> out;
    if (!driver.feed(match, out)) continue;
    seen.push_back(seen_of(match));
    // A second match of the same event adds nothing to event_count: it need not fire again.
    const bool repeated = rule.correlation().type == CorrelationType::EventCount && seen.size() > 1 &&
                          seen[seen.size() - 2].sequence == match.sequence;
    const bool expected = !repeated && model::satisfied(rule.correlation(), seen, seen.size() - 1);
    EXPECT_EQ(!out.empty(), expected) << "seed " << seed << " event " << match.sequence << " at " << match.time.micros;
    if (out.empty() != !expected) return satisfied;
    satisfied += expected ? 1 : 0;
  }
  return satisfied;
}

class RecentOperator : public testing::TestWithParam<Case> {};

TEST_P(RecentOperator, EqualsTheModel) {
  const Case& c = GetParam();
  size_t satisfied = 0, streams = 0;
  for (uint64_t seed : test_seeds(60)) {
    for (const int64_t window : {1, 7, 40, 200}) {
      const int64_t disorder = static_cast<int64_t>(seed % 4) * 15;
      StreamShape shape{.events = 150, .disorder = disorder, .keys = 1 + seed % 3, .inputs = c.inputs};
      const Rule rule = rule_of(c, window, std::clamp<int64_t>(static_cast<int64_t>(seed % 9), 1, window));
      satisfied += compare(rule, shape, Duration{static_cast<int64_t>(seed % 5) * 12}, seed);
      ++streams;
      ASSERT_FALSE(HasFailure()) << c.name << " window " << window << " seed " << seed;
    }
  }
  EXPECT_GT(satisfied, streams) << "the streams never satisfy the condition: the test proves nothing";
}

TEST_P(RecentOperator, DenseStreamsAreThinnedAndStillEqualTheModel) {
  const Case& c = GetParam();
  for (uint64_t seed : test_seeds(8)) {
    StreamShape shape{.events = 400, .step = 1, .disorder = 120, .keys = 1, .values = 7, .inputs = c.inputs};
    const auto gap = static_cast<int64_t>(1 + seed * seed);
    const Rule rule = rule_of(c, static_cast<int64_t>(20 + 15 * seed), gap);
    compare(rule, shape, Duration{200}, seed);
    ASSERT_FALSE(HasFailure()) << c.name << " seed " << seed;
  }
}

TEST_P(RecentOperator, ContinuesFromAnArchiveAtAnyPoint) {
  const Case& c = GetParam();
  const Rule rule = rule_of(c, 40, 6);
  for (uint64_t seed : test_seeds(10)) {
    const auto stream = random_stream({.events = 120, .disorder = 20, .inputs = c.inputs}, seed);
    const auto result = compare_resumed(rule, roomy(Duration{20}), stream, 1 + seed % 17);
    ASSERT_EQ(result.difference, "") << "seed " << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(Types, RecentOperator, testing::ValuesIn(kCases),
                         [](const auto& test) { return test.param.name; });

class RecentOperatorBounds : public testing::TestWithParam<WindowSpec::Kind> {};

TEST_P(RecentOperatorBounds, AreJudgedOnceNothingCanChange) {
  using Op = CountCondition::Op;
  const std::vector<std::vector<CountCondition::Bound>> conditions = {{{Op::Lt, 3}},
                                                                      {{Op::Lte, 2}},
                                                                      {{Op::Eq, 2}},
                                                                      {{Op::Neq, 2}},
                                                                      {{Op::Gte, 2}, {Op::Lt, 4}},
                                                                      {{Op::Gt, 1}, {Op::Lte, 3}}};
  size_t fired = 0;
  for (const auto type : {CorrelationType::EventCount, CorrelationType::ValueCount, CorrelationType::Temporal}) {
    if (type == CorrelationType::Temporal && GetParam() != WindowSpec::Kind::Sliding) continue;
    for (const auto& bounds : conditions) {
      for (uint64_t seed : test_seeds(20)) {
        Rule rule = correlation_rule(type, 25, 0, 2);
        std::get<Correlation>(rule.body).condition.bounds = bounds;
        std::get<Correlation>(rule.body).window = {GetParam(), Duration{static_cast<int64_t>(1 + seed % 8)}};
        auto op = make_operator(rule, roomy(Duration{30}));
        OperatorDriver driver(*op, Duration{0}, Duration{30});
        std::vector<model::Seen> seen;
        std::vector<Firing> out;
        for (const auto& match : random_stream({.events = 120, .disorder = 25, .inputs = 2}, seed)) {
          if (match.sequence % (5 + seed) == 0) {
            Archive saved = Archive::saving();
            op->archive(saved);
            op = make_operator(rule, roomy(Duration{30}));
            Archive loading = Archive::loading(saved.bytes());
            op->archive(loading);
            driver.continue_with(*op);
          }
          if (driver.feed(match, out)) seen.push_back(seen_of(match));
          ASSERT_TRUE(out.empty() || out.back().time < driver.watermark() - Duration{30});
        }
        op->finish(out);
        std::vector<model::Answer> answers;
        for (const Firing& f : out) answers.push_back({f.time, f.anchor.position.offset, f.key_bytes});
        std::sort(answers.begin(), answers.end());
        ASSERT_EQ(answers, model::judged_at_the_end(rule.correlation(), seen)) << "seed " << seed;
        fired += answers.size();
        EXPECT_EQ(op->stats().pending, 0u);
      }
    }
  }
  EXPECT_GT(fired, 1000u);
}

INSTANTIATE_TEST_SUITE_P(Windows, RecentOperatorBounds,
                         testing::Values(WindowSpec::Kind::Sliding, kTumbling, kSession));

TEST(RecentOperatorConditions, RequireAnyAsksForOneOfTheValues) {
  size_t satisfied = 0;
  for (uint64_t seed : test_seeds(40)) {
    Rule rule = correlation_rule(CorrelationType::ValueCount, 30, 3, 1);
    std::get<Correlation>(rule.body).value_count.require_any = {"v0", "v7"};
    std::get<Correlation>(rule.body).window = {static_cast<WindowSpec::Kind>(seed % 3), Duration{8}};
    satisfied += compare(rule, {.events = 200, .disorder = 30, .values = 8}, Duration{30}, seed);
    ASSERT_FALSE(HasFailure()) << "seed " << seed;
  }
  EXPECT_GT(satisfied, 100u);
}

// Sliding windows are (t - W, t]; W is 10 here, the gap of sessions 4. What comes at the same time counts, in any
// order; what is W old does not.
TEST(RecentOperatorConditions, WindowsBeginAndEndWhereTheySay) {
  struct Seen {
    int64_t time;
    uint64_t event;
    const char* value;
    bool fires;
  };
  struct Row {
    const char* what;
    CorrelationType type;
    double gte;
    std::vector<Seen> seen;
    WindowSpec::Kind window = WindowSpec::Kind::Sliding;
  };
  const Row rows[] = {
      {"W old is outside", CorrelationType::EventCount, 2, {{100, 1, "a", false}, {110, 2, "a", false}}},
      {"a microsecond less is inside", CorrelationType::EventCount, 2, {{100, 1, "a", false}, {109, 2, "a", true}}},
      {"the same time", CorrelationType::EventCount, 2, {{100, 1, "a", false}, {100, 2, "a", true}}},
      {"late, at the end of a window", CorrelationType::EventCount, 2, {{109, 1, "a", false}, {100, 2, "a", true}}},
      {"late, W before", CorrelationType::EventCount, 2, {{110, 1, "a", false}, {100, 2, "a", false}}},
      {"both edges at once",
       CorrelationType::EventCount,
       3,
       {{100, 1, "a", false}, {110, 2, "a", false}, {105, 3, "a", false}, {109, 4, "a", true}}},
      {"distinct values W apart", CorrelationType::ValueCount, 2, {{100, 1, "a", false}, {110, 2, "b", false}}},
      {"distinct values at the same time", CorrelationType::ValueCount, 2, {{100, 1, "a", false}, {100, 2, "b", true}}},
      {"one event with several values", CorrelationType::ValueCount, 2, {{100, 1, "a", false}, {100, 1, "b", true}}},
      {"one event with one value twice", CorrelationType::ValueCount, 2, {{100, 1, "a", false}, {100, 1, "a", false}}},
      {"one event counts once", CorrelationType::EventCount, 2, {{100, 1, "a", false}, {100, 1, "b", false}}},
      {"a border parts neighbours",
       CorrelationType::EventCount,
       2,
       {{109, 1, "a", false}, {110, 2, "a", false}},
       kTumbling},
      {"the first and last of a window",
       CorrelationType::EventCount,
       2,
       {{110, 1, "a", false}, {119, 2, "a", true}},
       kTumbling},
      {"late, into the window before",
       CorrelationType::EventCount,
       2,
       {{109, 1, "a", false}, {115, 2, "a", false}, {100, 3, "a", true}},
       kTumbling},
      {"distinct values on both sides of a border",
       CorrelationType::ValueCount,
       2,
       {{109, 1, "a", false}, {110, 2, "b", false}, {111, 3, "a", true}},
       kTumbling},
      {"before 1970", CorrelationType::EventCount, 2, {{-1, 1, "a", false}, {1, 2, "a", false}}, kTumbling},
      {"a pause of the gap is none",
       CorrelationType::EventCount,
       2,
       {{100, 1, "a", false}, {104, 2, "a", true}},
       kSession},
      {"a longer pause", CorrelationType::EventCount, 2, {{100, 1, "a", false}, {105, 2, "a", false}}, kSession},
      {"the timespan ends it, too",
       CorrelationType::EventCount,
       4,
       {{100, 1, "a", false}, {104, 2, "a", false}, {107, 3, "a", false}, {110, 4, "a", false}, {110, 5, "a", true}},
       kSession},
      {"late, it bridges the pause",
       CorrelationType::EventCount,
       3,
       {{100, 1, "a", false}, {106, 2, "a", false}, {103, 3, "a", true}},
       kSession},
      {"the same value bridges the pause",
       CorrelationType::ValueCount,
       2,
       {{100, 1, "b", false}, {103, 2, "a", true}, {106, 3, "a", true}, {108, 4, "a", true}, {110, 5, "a", false}},
       kSession},
  };
  for (const Row& row : rows) {
    const Rule rule = rule_of({"", row.type, row.gte, 1, row.window}, 10, 4);
    const auto op = make_operator(rule, roomy(Duration{50}));
    OperatorDriver driver(*op, Duration{0}, Duration{50});
    for (const Seen& s : row.seen) {
      std::vector<Firing> out;
      ASSERT_TRUE(driver.feed({Timestamp{s.time}, s.event, 0, "n", encoded_text(s.value), 0}, out));
      EXPECT_EQ(!out.empty(), s.fires) << row.what << ", event " << s.event << " at " << s.time;
    }
  }
}

// `raise`: the count of a firing reaches a further number exactly when some window that holds the match does.
TEST(RecentOperatorConditions, RaisedNumbersAreReachedAsInTheModel) {
  size_t raised = 0, not_raised = 0;
  for (uint64_t seed : test_seeds(60)) {
    Rule rule = correlation_rule(CorrelationType::ValueCount, 40, 3, 1);
    auto& spec = std::get<Correlation>(rule.body).value_count;
    spec.raise = {{4, Level::High}, {6, Level::Critical}};
    if (seed % 2 == 0) spec.require_any = {"v0", "v3"};
    std::get<Correlation>(rule.body).window = {static_cast<WindowSpec::Kind>(seed / 2 % 3), Duration{12}};
    auto op = make_operator(rule, roomy(Duration{40}));
    OperatorDriver driver(*op, Duration{0}, Duration{40});
    std::vector<model::Seen> seen;
    for (const auto& match : random_stream({.events = 200, .disorder = 40, .values = 9}, seed)) {
      if (match.sequence % (2 + seed % 9) == 0) {
        Archive saved = Archive::saving();
        op->archive(saved);
        op = make_operator(rule, roomy(Duration{40}));
        Archive loading = Archive::loading(saved.bytes());
        op->archive(loading);
        driver.continue_with(*op);
      }
      std::vector<Firing> out;
      if (!driver.feed(match, out)) continue;
      seen.push_back(seen_of(match));
      const double most = model::most_values(rule.correlation(), seen, seen.size() - 1);
      ASSERT_EQ(out.size(), most > 0 ? 1u : 0u) << "seed " << seed << " event " << match.sequence;
      for (const LevelRaise& raise : spec.raise) {
        ASSERT_EQ(!out.empty() && out[0].count >= raise.gte, most >= raise.gte)
            << "seed " << seed << " event " << match.sequence << " raise " << raise.gte;
        ++(most >= raise.gte ? raised : not_raised);
      }
    }
  }
  EXPECT_GT(raised, 1000u);
  EXPECT_GT(not_raised, 1000u);
}

TEST(RecentOperatorMemory, IsOfTheThresholdNotOfTheWindow) {
  for (const auto window : {WindowSpec::Kind::Sliding, kTumbling, kSession}) {
    for (const auto type : {CorrelationType::EventCount, CorrelationType::ValueCount}) {
      const Case c{"", type, 10, 1, window};
      const Rule rule = rule_of(c, Duration::hours(24).micros, Duration::minutes(10).micros);
      const auto op = make_operator(rule, roomy(Duration::minutes(5)));
      OperatorDriver driver(*op, Duration::seconds(2), Duration::minutes(5));
      std::vector<Firing> out;
      for (uint64_t i = 0; i < 100'000; ++i) {
        const std::string value = encoded_text("v" + std::to_string(i % 16));
        driver.feed({Timestamp{static_cast<int64_t>(i) * 10'000}, i, 0, "n", value, 0}, out);
        out.clear();
      }
      EXPECT_LT(op->stats().bytes, 20'000u);
      EXPECT_EQ(op->stats().approximate_keys, 0u);
    }
  }
}

// A flood of values must not make each further one count all of them.
TEST(RecentOperatorMemory, TheCountIsExactAsFarAsItIsKept) {
  const Rule rule = correlation_rule(CorrelationType::ValueCount, Duration::hours(1).micros, 8);
  const auto op = make_operator(rule, roomy(Duration::minutes(5)));
  OperatorDriver driver(*op, Duration{0}, Duration::minutes(5));
  for (uint64_t n = 1; n <= 3'000; ++n) {
    std::vector<Firing> out;
    const auto time = static_cast<int64_t>(n % 5 == 0 ? n - 3 : n);  // now and then out of order
    driver.feed({Timestamp{time}, n, 0, "n", encoded_text("value" + std::to_string(n)), 0}, out);
    ASSERT_EQ(out.size(), n < 8 ? 0u : 1u) << n;
    if (out.empty()) continue;
    EXPECT_LE(out[0].count, static_cast<double>(n));
    EXPECT_GE(out[0].count, static_cast<double>(std::min<uint64_t>(n - 3, limits::kCountedValues)));
    EXPECT_LE(out[0].count, static_cast<double>(limits::kCountedValues));
  }
}

TEST(RecentOperatorMemory, BeyondTheSlackAKeyIsMarkedApproximate) {
  const Rule rule = correlation_rule(CorrelationType::TemporalOrdered, Duration::hours(1).micros, 0, 2);
  const auto op = make_operator(rule, roomy(Duration::hours(1)));
  OperatorDriver driver(*op, Duration{0}, Duration::hours(1));
  std::vector<Firing> out;
  for (uint64_t i = 0; i < 2 * limits::kRecentSlack; ++i) {
    driver.feed({Timestamp{static_cast<int64_t>(i)}, i, 0, "n", "", 0}, out);
  }
  EXPECT_TRUE(out.empty());
  driver.feed({Timestamp{1'000'000}, 1'000'000, 1, "n", "", 0}, out);
  ASSERT_EQ(out.size(), 1u);
  EXPECT_TRUE(out[0].approximate);
  EXPECT_EQ(op->stats().approximate_keys, 1u);
}

TEST(RecentOperatorEvidence, NamesTheChainAndTheValues) {
  const auto ordered = correlation_rule(CorrelationType::TemporalOrdered, 100, 0, 3);
  const auto op = make_operator(ordered, roomy(Duration{0}));
  OperatorDriver driver(*op, Duration{0}, Duration{0});
  std::vector<Firing> out;
  for (const auto& [time, input] : std::vector<std::pair<int64_t, uint32_t>>{{1, 0}, {2, 1}, {3, 0}, {4, 2}}) {
    driver.feed({Timestamp{time}, static_cast<uint64_t>(time), input, "n", "", 0}, out);
  }
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(to_text(out[0]), "4 key=n count=3.000000 first=1 anchor=4 #1 #2 #4");

  const auto distinct = correlation_rule(CorrelationType::ValueCount, 100, 2);
  const auto values = make_operator(distinct, roomy(Duration{0}));
  OperatorDriver feeder(*values, Duration{0}, Duration{0});
  out.clear();
  for (const auto& [time, value] : std::vector<std::pair<int64_t, std::string>>{{1, "a"}, {2, "a"}, {3, "b"}}) {
    feeder.feed({Timestamp{time}, static_cast<uint64_t>(time), 0, "n", encoded_text(value), 0}, out);
  }
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(out[0].values, (std::vector<std::string>{encoded_text("a"), encoded_text("b")}));
}

}  // namespace
}  // namespace kubevigil
