// A saved and loaded correlator goes on exactly as the one that was not: at every event of random streams the rest of
// the run is the same, and so are all later saves. Budgets are so small in some of the runs that keys leave.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/event_script.h"
#include "tests/support/streams.h"

namespace kubevigil {
namespace {

using Op = CountCondition::Op;

Correlation& correlation_of(Rule& rule) { return std::get<Correlation>(rule.body); }

// One rule of each operator, with lower and upper bounds, some over others.
RuleSet all_operators() {
  RuleSet rules = detections({"a", "b", "audit_id_reuse"});
  const auto add = [&](const char* name, CorrelationType type, int64_t seconds, double gte,
                       const std::vector<uint32_t>& inputs) {
    rules.rules.push_back(correlation_over(rules, name, type, Duration::seconds(seconds), gte, inputs));
    rules.rules.back().extension.dedup.period = Duration::seconds(seconds * 2);
    return static_cast<uint32_t>(rules.rules.size() - 1);
  };
  const uint32_t count = add("count", CorrelationType::EventCount, 60, 3, {0});
  const uint32_t few = add("few", CorrelationType::EventCount, 40, 0, {0});
  correlation_of(rules.rules[few]).condition.bounds = {{Op::Lt, 2}};
  const uint32_t many = add("many", CorrelationType::EventCount, 3000, 0, {1});
  correlation_of(rules.rules[many]).condition.bounds = {{Op::Lte, 2000}};
  const uint32_t values = add("values", CorrelationType::ValueCount, 300, 2, {0});
  correlation_of(rules.rules[values]).condition_fields = {"objectRef.name"};
  add("both", CorrelationType::Temporal, 90, 0, {0, 1});
  add("ordered", CorrelationType::TemporalOrdered, 90, 0, {0, 1});
  const uint32_t average = add("average", CorrelationType::ValueAvg, 200, 0, {1});
  correlation_of(rules.rules[average]).condition.bounds = {{Op::Gte, 0}};
  correlation_of(rules.rules[average]).condition_fields = {"responseStatus.code"};
  const uint32_t fresh = add("fresh", CorrelationType::NewValue, 1000, 0, {0, 1});
  correlation_of(rules.rules[fresh]).condition_fields = {"objectRef.name"};
  correlation_of(rules.rules[fresh]).inputs[1].role = CorrelationInput::Role::ForgetOn;
  const uint32_t gone = add("gone", CorrelationType::Absence, 700, 0, {0, 1});
  correlation_of(rules.rules[gone]).inputs[1].role = CorrelationInput::Role::Expect;
  const uint32_t silent = add("silent", CorrelationType::Absence, 60, 0, {1});
  correlation_of(rules.rules[silent]).absence.every = Duration::seconds(60);
  add("chain", CorrelationType::EventCount, 500, 2, {count, few, gone});
  return rules;
}

struct Step {
  int64_t second;
  EventScript::Details details;
  std::vector<std::tuple<uint32_t, std::string, std::string>> hits;
};

std::vector<Step> random_steps(uint64_t seed, size_t users) {
  std::mt19937_64 random(seed);
  const auto below = [&](uint64_t n) { return static_cast<int64_t>(random() % n); };
  std::vector<Step> steps;
  int64_t now = 0;
  for (uint64_t i = 0; i < 90; ++i) {
    now += below(10) == 0 ? below(3'000) : below(30);
    Step& step = steps.emplace_back();
    step.second = now;
    step.details.identity = below(8) == 0 && i > 0 ? random() % i : i;
    if (below(10) == 0) step.details.audit_id = random() % 5;
    step.details.intent = random() % 2;
    step.details.request = random() % 4;
    step.details.long_running = below(4) == 0;
    if (below(6) == 0) step.details.role = StageRole::Later;
    if (below(3) == 0) step.details.time = EventScript::time(now - below(400));
    for (uint32_t rule = 0; rule < 3; ++rule) {
      if (below(2) != 0) continue;
      step.hits.emplace_back(rule, fmt::format("user{}", random() % users), fmt::format("v{}", random() % 3));
    }
  }
  return steps;
}

void play(EventScript& script, const std::vector<Step>& steps, size_t from, size_t to) {
  for (size_t i = from; i < to; ++i) {
    script.event(steps[i].second, steps[i].details);
    for (const auto& [rule, user, value] : steps[i].hits) script.hit_with_value(rule, user, value);
  }
}

std::string text_of(const std::vector<EpisodeChange>& changes, size_t from) {
  std::string text;
  for (; from < changes.size(); ++from) {
    const Episode& e = changes[from].episode;
    text +=
        fmt::format("{} #{} {} {} r{} opened {} seen {} {} count {} measure {} values {} duration {} since {} {}{}\n",
                    static_cast<int>(changes[from].kind), e.number, e.rule, e.alert_id, e.revision, e.opened.micros,
                    e.first_seen.micros, e.last_seen.micros, e.count, e.measure, fmt::join(e.values, ","),
                    e.duration_micros, e.state_since.micros, e.approximate, e.degraded);
    for (const EventRef& event : e.events) text += fmt::format("  {}\n", to_hex(event.identity));
  }
  return text;
}

std::string stats_of(EventScript& script, size_t rules) {
  std::string text;
  for (uint32_t r = 0; r < rules; ++r) {
    const OperatorStats s = script.correlator().operator_stats(r);
    text += fmt::format("{} matches {} firings {} evictions {} keys {} bytes {} pending {} state {}\n", r, s.matches,
                        s.firings, s.evictions, s.keys, s.bytes, s.pending, static_cast<int>(s.state));
  }
  const Correlator::Counters c = script.correlator().counters();
  return text + fmt::format("events {} duplicates {} late {} reuse {} joined {} outliers {}\n", c.events, c.duplicates,
                            c.late, c.audit_id_reuse, c.joined_stages, c.time_outliers);
}

// What a run was in front of a step.
struct Moment {
  std::string saved, stats;
};

// Loaded as the run was in front of step `cut`, and played to the end.
void expect_same_from(size_t cut, const RuleSet& rules, const CorrelatorOptions& options,
                      const std::vector<Step>& steps, EventScript& whole, const std::vector<Moment>& moments) {
  EventScript resumed(rules, options);
  resumed.load(moments[cut].saved);
  EXPECT_EQ(resumed.saved(), moments[cut].saved) << "saved again, cut " << cut;
  EXPECT_EQ(stats_of(resumed, rules.rules.size()), moments[cut].stats) << "loaded, cut " << cut;
  for (size_t i = cut; i < steps.size(); ++i) {
    play(resumed, steps, i, i + 1);
    if ((i + cut) % 7 != 0) continue;
    ASSERT_EQ(resumed.saved(), moments[i + 1].saved) << "cut " << cut << ", save " << i + 1;
  }
  resumed.finish();
  ASSERT_EQ(stats_of(resumed, rules.rules.size()), stats_of(whole, rules.rules.size())) << "cut " << cut;
  const std::string rest = text_of(resumed.changes(), 0), all = text_of(whole.changes(), 0);
  ASSERT_TRUE(all.ends_with(rest)) << "cut " << cut << "\n" << rest << "\nof\n" << all;
}

// Returns the operators' numbers at the end, by rule; checks every cut of one stream.
std::vector<OperatorStats> check_every_cut(const RuleSet& rules, const CorrelatorOptions& options,
                                           const std::vector<Step>& steps) {
  EventScript whole(rules, options);
  std::vector<Moment> moments;
  for (size_t i = 0; i <= steps.size(); ++i) {
    moments.push_back({whole.saved(), stats_of(whole, rules.rules.size())});
    if (i < steps.size()) play(whole, steps, i, i + 1);
  }
  whole.finish();
  for (size_t cut = 0; cut < steps.size() && !testing::Test::HasFatalFailure(); ++cut) {
    expect_same_from(cut, rules, options, steps, whole, moments);
  }
  std::vector<OperatorStats> stats;
  for (uint32_t r = 0; r < rules.rules.size(); ++r) stats.push_back(whole.correlator().operator_stats(r));
  return stats;
}

TEST(EveryCut, ASavedCorrelatorGoesOnAsTheOneThatWasNot) {
  const RuleSet rules = all_operators();
  uint64_t evictions = 0;
  std::vector<uint64_t> firings(rules.rules.size());
  for (const uint64_t seed : test_seeds(8)) {
    CorrelatorOptions options;
    const bool tight = seed % 2 == 0;
    if (tight) options.state_bytes = 24'000;
    const auto stats = check_every_cut(rules, options, random_steps(seed, tight ? 40 : 3));
    if (HasFatalFailure()) FAIL() << "seed " << seed;
    for (size_t r = 0; r < rules.rules.size(); ++r) {
      evictions += stats[r].evictions;
      firings[r] += stats[r].firings;
    }
  }
  EXPECT_GT(evictions, 100u);
  for (size_t r = 0; r < rules.rules.size(); ++r) {
    EXPECT_TRUE(rules.rules[r].is_detection() || firings[r] > 0) << rules.rules[r].meta.name << " never fired";
  }
}

// With room left by others an operator evicts by itself; above it gives back what the budget of all asks for.
TEST(EveryCut, AlsoOfAnOperatorWithABudgetOfItsOwn) {
  const RuleSet all = all_operators();
  uint64_t evictions = 0;
  for (size_t r = 3; r < all.rules.size(); ++r) {
    RuleSet two = detections({"a", "b", "audit_id_reuse"});
    two.rules.push_back(all.rules[r]);
    const std::vector<CorrelationInput>& inputs = two.rules.back().correlation().inputs;
    if (std::any_of(inputs.begin(), inputs.end(), [](const CorrelationInput& input) { return input.rule > 2; }))
      continue;
    two.rules.push_back(correlation_over(two, "other", CorrelationType::EventCount, Duration::seconds(1), 9, {2}));
    for (const uint64_t seed : test_seeds(3)) {
      CorrelatorOptions options;
      options.state_bytes = 5'000;  // half of it for each
      evictions += check_every_cut(two, options, random_steps(seed, 40))[3].evictions;
      if (HasFatalFailure()) FAIL() << all.rules[r].meta.name << ", seed " << seed;
    }
  }
  EXPECT_GT(evictions, 100u);
}

}  // namespace
}  // namespace kubevigil
