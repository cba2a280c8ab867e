// The built-in rules, all of them, over generated and real logs: one SHA-256 for any threads, batches and ring.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <sstream>

#include "bench/generator.h"
#include "engine/app/open_files.h"
#include "engine/app/pack.h"
#include "tests/support/corpus.h"
#include "tests/support/replay_matrix.h"

namespace kubevigil {
namespace {

std::shared_ptr<const Program> whole_pack() {
  LoadOptions options;
  options.preset = Preset::All;
  options.lists = builtin_lists();
  return Program::compile(std::make_shared<const RuleSet>(load_rules(builtin_rules(), options).rules));
}

// A log as three API servers would have it: most of it of the first (so that it fills a batch of 4,096 records), a
// tenth of the records late by up to 300 places, a thirtieth there twice, in any of the three.
Sources dealt(const std::string& log, uint64_t seed) {
  struct Place {
    size_t at, server;
    std::string record;
  };
  std::mt19937_64 random(seed);
  std::vector<Place> places;
  std::istringstream lines(log);
  size_t at = 0;
  for (std::string line; std::getline(lines, line); ++at) {
    places.push_back({at + (random() % 10 == 0 ? random() % 300 : 0), random() % 10 < 8 ? 0 : 1 + random() % 2, line});
    if (random() % 30 == 0) places.push_back({at + random() % 300, random() % 3, line});
  }
  std::stable_sort(places.begin(), places.end(), [](const Place& a, const Place& b) { return a.at < b.at; });
  Sources sources(3);
  for (size_t i = 0; i < sources.size(); ++i) sources[i].first = fmt::format("server-{}", i);
  for (Place& place : places) sources[place.server].second.push_back(std::move(place.record));
  return sources;
}

uint64_t correlated_alerts(const Program& program, const ReplayReport& report) {
  uint64_t alerts = 0;
  for (const RuleReport& rule : report.rules) {
    if (!program.rules().rules[rule.rule].is_detection()) alerts += rule.alerts;
  }
  return alerts;
}

void expect_same_of_generated(bench::GeneratorOptions options) {
  options.events = 5'300;  // a server of 4,096 records, and some
  options.suspicious_per_million = 10'000;
  const Sources sources = dealt(bench::generate(options), options.seed);
  ASSERT_GT(sources[0].second.size(), 4096u);
  const auto program = whole_pack();
  const auto open = [&] { return memory_inputs(sources); };
  const Outcome outcome = test::expect_same_in_all_cells(open, program, {}, options.seed);
  EXPECT_EQ(outcome.report.tally.events,
            sources[0].second.size() + sources[1].second.size() + sources[2].second.size());
  EXPECT_GT(outcome.report.correlator.duplicates, 30u);
  EXPECT_GT(outcome.report.sources[0].pace.backwards, 100u);
  EXPECT_GT(outcome.alerts.size(), 20u);
  EXPECT_GT(correlated_alerts(*program, outcome.report), 0u);
}

TEST(ReplayMatrix, ABurst) { expect_same_of_generated({.seed = 1}); }

// Windows end in it, and what is late is too late.
TEST(ReplayMatrix, AWholeDay) { expect_same_of_generated({.seed = 2, .day = true}); }

TEST(ReplayMatrix, BodiesThatMislead) {
  expect_same_of_generated({.seed = 3, .sorted_keys = true, .adversarial = true});
}

TEST(ReplayMatrix, RealLogs) {
  SKIP_WITHOUT_CORPUS("real");
  const auto open = [] { return std::move(open_files({test::corpus() / "real"}, {}).inputs); };
  const Outcome outcome = test::expect_same_in_all_cells(open, whole_pack(), {}, 1);
  EXPECT_GT(outcome.report.tally.events, 17'000u);
  EXPECT_GT(outcome.report.correlator.duplicates, 0u);
  EXPECT_GT(outcome.alerts.size(), 20u);
}

}  // namespace
}  // namespace kubevigil
