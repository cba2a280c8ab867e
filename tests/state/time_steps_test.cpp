// What happens must not depend on the steps in which the watermark moves: events without any hit between the others
// change nothing, for timers, counts with upper bounds, chains of them and the ends of alerts.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/event_script.h"
#include "tests/support/streams.h"

namespace kubevigil {
namespace {

using Op = CountCondition::Op;

Correlation& correlation_of(Rule& rule) { return std::get<Correlation>(rule.body); }

// Detections a and b; absences, heartbeats and counts with upper bounds over them, and over one another. Waiting times
// and dedup periods lie on both sides of the lateness (300 s), so that deadlines are often over when they are set.
RuleSet waiting_rules() {
  RuleSet rules = detections({"a", "b"});
  const auto add = [&](const char* name, CorrelationType type, int64_t seconds, const std::vector<uint32_t>& inputs) {
    rules.rules.push_back(correlation_over(rules, name, type, Duration::seconds(seconds), 0, inputs));
    rules.rules.back().extension.dedup.period = Duration::seconds(seconds * 3);
    return static_cast<uint32_t>(rules.rules.size() - 1);
  };
  const auto bound = [&](uint32_t rule, Op op, double value) {
    correlation_of(rules.rules[rule]).condition.bounds = {{op, value}};
  };
  const uint32_t few = add("few", CorrelationType::EventCount, 40, {0});
  bound(few, Op::Lt, 2);
  const uint32_t some = add("some", CorrelationType::EventCount, 3000, {1});
  bound(some, Op::Lte, 2000);  // over 1,024: sub-windows
  const uint32_t gone = add("gone", CorrelationType::Absence, 30, {0, 1});
  correlation_of(rules.rules[gone]).inputs[1].role = CorrelationInput::Role::Expect;
  correlation_of(rules.rules[gone]).absence.look_back = Duration::seconds(20);
  const uint32_t silent = add("silent", CorrelationType::Absence, 60, {1});
  correlation_of(rules.rules[silent]).absence.every = Duration::seconds(60);
  const uint32_t unanswered = add("unanswered", CorrelationType::Absence, 20, {few, gone});
  correlation_of(rules.rules[unanswered]).inputs[1].role = CorrelationInput::Role::Expect;
  add("unanswered-late", CorrelationType::Absence, 400, {some});
  const uint32_t fewer = add("fewer", CorrelationType::EventCount, 100, {few, silent, unanswered});
  bound(fewer, Op::Lt, 4);
  const uint32_t both = add("both", CorrelationType::TemporalOrdered, 200, {gone, fewer});
  correlation_of(rules.rules[both]).condition.bounds.clear();
  return rules;
}

struct Step {
  int64_t arrival, time;  // seconds; in order of arrival
  std::vector<std::pair<uint32_t, std::string>> hits;
};

std::vector<Step> random_steps(uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<Step> steps;
  int64_t now = 0;
  for (int i = 0; i < 120; ++i) {
    now += random() % 12 == 0 ? static_cast<int64_t>(random() % 3'000) : static_cast<int64_t>(random() % 40);
    const auto behind = random() % 3 == 0 ? static_cast<int64_t>(random() % 290) : 0;
    Step& step = steps.emplace_back(Step{now, now - behind, {}});
    for (uint32_t rule = 0; rule < 2; ++rule) {
      if (random() % 2 == 0) step.hits.emplace_back(rule, "user" + std::to_string(random() % 3));
    }
  }
  return steps;
}

std::string all_of(const std::vector<EpisodeChange>& changes) {
  std::string text;
  for (const EpisodeChange& change : changes) {
    const Episode& e = change.episode;
    text += std::to_string(static_cast<int>(change.kind)) + " " + std::to_string(e.rule) + " " + e.alert_id + " #" +
            std::to_string(e.number) + " revision=" + std::to_string(e.revision) +
            " opened=" + std::to_string((e.opened - EventScript::time(0)).micros) +
            " last=" + std::to_string((e.last_seen - EventScript::time(0)).micros) +
            " count=" + std::to_string(e.count) + " measure=" + std::to_string(e.measure) + "\n";
  }
  return text;
}

struct Played {
  std::string changes;
  std::vector<uint64_t> firings;  // by rule
};

// `ticks`: events without hits in front of each step, at most; `saves`: also saved and loaded there.
Played play(const RuleSet& rules, const std::vector<Step>& steps, uint64_t seed, size_t ticks, bool saves) {
  std::mt19937_64 random(seed);
  EventScript script(rules);
  int64_t now = 0;
  uint64_t identity = 0;
  for (const Step& step : steps) {
    std::vector<int64_t> between;
    for (size_t n = ticks == 0 ? 0 : random() % (ticks + 1); n > 0; --n) {
      between.push_back(now + static_cast<int64_t>(random() % static_cast<uint64_t>(step.arrival - now + 1)));
    }
    std::sort(between.begin(), between.end());
    for (const int64_t tick : between) script.event(tick);
    if (saves && random() % 5 == 0) script.save_and_load();
    script.event(step.arrival, {.identity = ++identity, .time = EventScript::time(step.time)});
    for (const auto& [rule, user] : step.hits) script.hit(rule, user);
    now = step.arrival;
  }
  script.finish();
  Played played{all_of(script.changes()), {}};
  for (uint32_t r = 0; r < rules.rules.size(); ++r) {
    played.firings.push_back(script.correlator().operator_stats(r).firings);
  }
  return played;
}

TEST(TimeSteps, OneLargeStepIsManySmallOnes) {
  const RuleSet rules = waiting_rules();
  std::vector<uint64_t> firings(rules.rules.size());
  for (uint64_t seed : test_seeds(60)) {
    const auto steps = random_steps(seed);
    const Played whole = play(rules, steps, seed, 0, false);
    for (const size_t ticks : {1, 3, 30}) {
      ASSERT_EQ(play(rules, steps, seed, ticks, false).changes, whole.changes)
          << "seed " << seed << ", ticks " << ticks;
    }
    ASSERT_EQ(play(rules, steps, seed, 2, true).changes, whole.changes) << "seed " << seed << ", saved";
    for (size_t r = 0; r < firings.size(); ++r) firings[r] += whole.firings[r];
  }
  for (size_t r = 2; r < firings.size(); ++r) {
    EXPECT_GT(firings[r], 100u) << rules.rules[r].meta.name << " never fires: the test proves nothing";
  }
}

// A timer that is due when it is set neither waits for the next event nor keeps later timers from firing.
TEST(TimeSteps, ATimerThatIsDueAlreadyFiresAtOnceAndHoldsNoneUp) {
  RuleSet rules = detections({"a"});
  rules.rules[0].alerts = false;
  rules.rules.push_back(correlation_over(rules, "few", CorrelationType::EventCount, Duration::seconds(40), 0, {0}));
  correlation_of(rules.rules[1]).condition.bounds = {{Op::Lt, 2}};
  rules.rules.push_back(correlation_over(rules, "after-few", CorrelationType::Absence, Duration::seconds(5), 0, {1}));
  rules.rules.push_back(correlation_over(rules, "slow", CorrelationType::Absence, Duration::seconds(900), 0, {0}));
  EventScript script(rules);
  script.event(0).hit(0, "alice");
  script.event(2'000);  // few at 300, after-few at once: its deadline was 5; slow at 900
  EXPECT_EQ(script.opened(), "few alice\nafter-few alice\nslow alice\n");
  script.event(2'000, {.time = EventScript::time(1'700)}).hit(0, "bob");
  EXPECT_EQ(script.opened(), "few alice\nafter-few alice\nslow alice\n") << "bob is judged when nothing can change it";
  script.event(2'100);
  EXPECT_EQ(script.opened(), "few alice\nafter-few alice\nslow alice\nfew bob\nafter-few bob\n");
}

TEST(TimeSteps, AnAbsenceThatComesTooLateToBeAnsweredFiresWithItsEvent) {
  RuleSet rules = detections({"a"});
  rules.rules[0].alerts = false;
  rules.rules.push_back(correlation_over(rules, "gone", CorrelationType::Absence, Duration::seconds(10), 0, {0}));
  EventScript script(rules);
  script.event(100);
  script.event(100, {.time = EventScript::time(50)}).hit(0, "alice");
  EXPECT_EQ(script.opened(), "gone alice\n");
}

}  // namespace
}  // namespace kubevigil
