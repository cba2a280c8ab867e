#include "engine/run/replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/run/replay_stream.h"
#include "tests/support/replay_matrix.h"

namespace kubevigil {
namespace {

// Small logs with all that is hard; the built-in rules on larger ones: tests/app/replay_matrix_test.cpp.
TEST(Replay, SameBytesForAnyThreadsBatchesAndRing) {
  size_t alerts = 0;
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    const Sources sources = random_sources(seed);
    ReplayOptions options;
    if (seed % 2 == 0) options.range = {{(kStart + 200) * 1'000'000}, {(kStart + 900) * 1'000'000}};
    const auto open = [&] { return memory_inputs(sources); };
    alerts += test::expect_same_in_all_cells(open, program(), options, seed).alerts.size();
  }
  EXPECT_GT(alerts, 50u);
}

TEST(Replay, AlertCarriesWhoWhatWhereAndWhy) {
  const Outcome out = run({{"log", {json_of({.id = "6a3f2b10-0000-4000-8000-000000000001"})}}});
  ASSERT_EQ(out.alerts.size(), 1u);
  for (const char* part :
       {R"("message":"alice read a/s")", R"("username":"alice")", R"("resource":"secrets")",
        R"("audit_id":"6a3f2b10-0000-4000-8000-000000000001")", R"("file":"log","offset":0,"line":1)",
        R"("status":"closed")", R"("why":[{"condition":)", R"("audit_level":"Metadata")"}) {
    EXPECT_THAT(out.alerts[0], testing::HasSubstr(part));
  }
}

TEST(Replay, CorrelationAcrossSourcesInTimeOrder) {
  const Outcome out =
      run({{"b", {json_of({.second = 10, .ns = "b", .id = "2"})}},
           {"a", {json_of({.second = 0, .ns = "a", .id = "1"}), json_of({.second = 20, .ns = "c", .id = "3"})}}});
  EXPECT_EQ(std::count(out.rules.begin(), out.rules.end(), "secrets_across"), 1);
  EXPECT_EQ(out.rules.back(), "secrets_across") << "alerts come in order of opening";
}

TEST(Replay, RangeIsHalfOpen) {
  const Sources sources = {
      {"a",
       {json_of({.second = 0, .name = "x", .id = "1"}), json_of({.second = 10, .name = "y", .id = "2"}),
        json_of({.second = 20, .name = "z", .id = "3"})}}};
  ReplayOptions options;
  options.range = {{(kStart + 0) * 1'000'000}, {(kStart + 20) * 1'000'000}};
  const Outcome out = run(sources, options);
  EXPECT_EQ(out.alerts.size(), 2u);
  EXPECT_EQ(out.report.tally.outside_range, 1u);
}

TEST(Replay, WarmUpFeedsStateButOpensNothing) {
  const Sources sources = {
      {"a",
       {json_of({.second = 0, .ns = "a", .id = "1"}), json_of({.second = 10, .ns = "b", .id = "2"}),
        json_of({.second = 100, .ns = "c", .id = "3"})}}};
  ReplayOptions options;
  options.range.from = {(kStart + 60) * 1'000'000};
  EXPECT_THAT(run(sources, options).rules, testing::ElementsAre("secret_read"));
  options.warm_up = Duration::minutes(5);
  EXPECT_THAT(run(sources, options).rules, testing::UnorderedElementsAre("secret_read", "secrets_across"));
}

TEST(Replay, BadLinesAreBounded) {
  const Sources sources = {{"a",
                            {json_of({.second = 0, .name = "x", .id = "1"}), "{\"broken",
                             json_of({.second = 5, .name = "y", .id = "2"}), "nonsense"}}};
  ReplayOptions options;
  EXPECT_EQ(run(sources, options).alerts.size(), 2u);
  EXPECT_EQ(run(sources, options).report.bad.size(), 2u);
  options.bad_kept = 1;
  const Outcome bounded = run(sources, options);
  EXPECT_EQ(bounded.report.bad.size(), 1u);
  EXPECT_EQ(bounded.report.bad_total, 2u);
}

TEST(Replay, StopEndsTheRunAndKeepsWhatWasFound) {
  std::atomic<int> stop = 2;
  std::vector<std::string> records;
  for (int i = 0; i < 20'000; ++i) records.push_back(json_of({.second = i, .id = std::to_string(i)}));
  const Outcome out = run({{"a", records}}, {}, 4096, &stop);
  EXPECT_TRUE(out.report.stopped);
  EXPECT_GE(out.alerts.size(), 1u);
  EXPECT_LT(out.report.correlator.events, 20'000u);
}

// A signal interrupts reading, too: then the inputs have ended before the run sees the stop.
TEST(Replay, AStopThatEndsTheInputsIsAStop) {
  const std::atomic<int> stop = 15;
  EXPECT_TRUE(run({{"a", {}}}, {}, 4096, &stop).report.stopped);
}

TEST(Replay, RulesThatCouldNotBeJudgedAreReportedByLevel) {
  const Outcome out = run({{"a", {json_of({.verb = "create", .resource = "pods", .id = "1"})}}});
  EXPECT_TRUE(out.alerts.empty());
  uint64_t blind = 0;
  for (const RuleReport& rule : out.report.rules) blind += rule.not_evaluable[audit_level_index("Metadata")];
  EXPECT_EQ(blind, 1u);
}

TEST(Replay, ADuplicateIsNotCountedAsNotEvaluableAgain) {
  const std::string record = json_of({.verb = "create", .resource = "pods", .id = "1"});
  const Outcome out = run({{"a", {record, record}}, {"b", {record}}});
  EXPECT_EQ(out.report.correlator.duplicates, 2u);
  uint64_t blind = 0;
  for (const RuleReport& rule : out.report.rules) blind += rule.not_evaluable[audit_level_index("Metadata")];
  EXPECT_EQ(blind, 1u);
}

TEST(Replay, WhyHoldsWhatMatchedNotTheExceptions) {
  const Outcome out = run({{"a", {json_of({.user = "bob", .ns = "excepted", .id = "1"})}}});
  ASSERT_EQ(out.rules, std::vector<std::string>{"secret_read"});
  EXPECT_THAT(out.alerts[0], testing::HasSubstr(R"("field":"objectRef.resource","values":["secrets"])"));
  EXPECT_THAT(out.alerts[0], testing::Not(testing::HasSubstr("nobody")));
}

TEST(Replay, ALogThatStandsNewestFirstIsNoticed) {
  std::vector<std::string> records;
  for (int i = 0; i < 100; ++i) records.push_back(json_of({.second = 1000 - i, .id = std::to_string(i)}));
  EXPECT_TRUE(run({{"a", records}}).report.sources[0].pace.newest_first());
  std::reverse(records.begin(), records.end());
  EXPECT_FALSE(run({{"a", records}}).report.sources[0].pace.newest_first());
}

}  // namespace
}  // namespace kubevigil
