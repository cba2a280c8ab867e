// Random rules over random streams: what may not change the alerts of a live run (batches, restarts, reloads of equal
// rules), and what may not change which alerts there are and when (the order of arrival within the lateness).
#include <gtest/gtest.h>

#include <set>

#include "tests/run/live_world.h"
#include "tests/support/streams.h"

namespace kubevigil {
namespace {

LiveScript play(const std::shared_ptr<const Program>& program, const std::vector<LiveBatch>& batches) {
  LiveScript script(program);
  for (const LiveBatch& batch : batches) script.batch(batch);
  return script;
}

std::vector<Alert> replayed(const std::shared_ptr<const Program>& program, const std::vector<Lane>& lanes,
                            const std::vector<Arrival>& arrivals) {
  std::vector<std::unique_ptr<Input>> inputs;
  for (size_t lane = 0; lane < lanes.size(); ++lane) {
    std::vector<std::string> records;
    for (const Arrival& arrival : arrivals) {
      if (arrival.lane == lane) records.push_back(arrival.record->json);
    }
    inputs.push_back(std::make_unique<MemoryInput>(lanes[lane].name, static_cast<uint32_t>(lane), records, 1 << 20));
  }
  std::vector<Alert> alerts;
  ReplayOptions options;
  options.cluster = "c";
  ReplayHooks hooks;
  hooks.alert = [&](const Alert& alert) { alerts.push_back(alert); };
  EXPECT_TRUE(replay(inputs, program, options, hooks, FixedEnv()).has_value());
  return alerts;
}

// The lines of a run in a fixed order: rules that fire together do so in the order of their files.
std::vector<std::string> sorted_lines(const LiveScript& script) {
  std::vector<std::string> lines;
  for (const Alert& alert : script.alerts()) lines.push_back(to_json(alert));
  std::sort(lines.begin(), lines.end());
  return lines;
}

// From when the states behind the closed alerts of correlations are, by rule.
std::map<std::string, std::set<std::string>> sinces(const Grouped& alerts) {
  std::map<std::string, std::set<std::string>> out;
  for (const auto& [line, of_group] : alerts) {
    for (const Alert& alert : of_group) {
      if (!line.starts_with("correlation") || alert.status != EpisodeStatus::Closed) continue;
      out[alert.rule_name].insert(alert.state_since ? format_rfc3339(*alert.state_since) : "none");
    }
  }
  return out;
}

TEST(DetectorProperties, TheOrderOfArrivalDoesNotChangeWhichAlertsThereAre) {
  size_t of_correlations = 0, duplicates = 0;
  for (const uint64_t seed : test_seeds(16)) {
    const auto rules = program_of(random_sources_of_rules(seed));
    const auto lanes = random_lanes(seed);
    const auto first = random_arrivals(lanes, seed);
    const Timestamp end = first.back().record->time;  // replay has an end, which ends windows, too
    const Grouped expected = grouped(replayed(rules, lanes, first), end);
    const auto since = sinces(expected);
    for (uint64_t order = 0; order < 4; ++order) {
      const auto arrivals = random_arrivals(lanes, seed + order * 1000);
      const LiveScript live = play(rules, batches_of(lanes, arrivals, 1 + order * 7));
      ASSERT_EQ(sinces(grouped(live.alerts(), end)), since) << "seed " << seed << ", order " << order;
      ASSERT_EQ(sinces(grouped(replayed(rules, lanes, arrivals), end)), since)
          << "seed " << seed << ", order " << order;
      ASSERT_EQ(difference(expected, grouped(live.alerts(), end)), "") << "seed " << seed << ", order " << order;
      ASSERT_EQ(difference(expected, grouped(replayed(rules, lanes, arrivals), end)), "")
          << "seed " << seed << ", order " << order;
      duplicates += live.counters().correlator.duplicates;
    }
    for (const auto& [rule, times] : since) EXPECT_EQ(times.size(), 1u) << "seed " << seed << ", " << rule;
    for (const auto& [line, alerts] : expected) of_correlations += line.starts_with("correlation") ? 1 : 0;
  }
  EXPECT_GT(of_correlations, 100u);
  EXPECT_GT(duplicates, 100u);
}

const std::string kQuestions = absence_rules("secrets", ", dedup: {period: 1s}");

// Each user in the log of one server, or of any; at the end of each log a silence, shorter than what passes for a wrong
// clock.
std::vector<Lane> questions(uint64_t seed, bool mixed = false) {
  Random random(seed);
  std::vector<Lane> lanes(3);
  EventText event;
  for (size_t i = 0; i < 400; ++i) {
    event.second += 1 + static_cast<int64_t>(random.below(random.chance(3) ? 400 : 8));
    const size_t user = random.below(12);
    event.user = fmt::format("user-{}", user);
    event.verb = random.chance(60) ? "create" : "get";
    event.id = fmt::format("{}", i);
    lanes[mixed ? random.below(3) : user % 3].records.push_back(
        {kWorldStart + Duration::seconds(event.second), json_of(event), i});
  }
  event.second += 3'000;
  event.verb = "watch";
  for (size_t i = 0; i < 3; ++i) {
    lanes[i].name = fmt::format("webhook/c/api/{}", i);
    event.id = fmt::format("last {}", i);
    lanes[i].records.push_back({kWorldStart + Duration::seconds(event.second), json_of(event), 1000 + i});
  }
  return lanes;
}

// Streams that bring nothing for 75 seconds of arrival are idle, as the pipeline says it. What is taken for an absence
// because of it is taken back.
TEST(DetectorProperties, AbsencesAreTheSameWhicheverStreamIsBehindOrIdle) {
  const auto rules = program_of({{"test.yaml", kQuestions, false}}, 3);
  uint64_t absences = 0, retracted = 0, idle = 0;
  for (const uint64_t seed : test_seeds(20)) {
    const auto lanes = questions(seed);
    const auto arrivals = random_arrivals(lanes, seed, Duration{0});
    const auto batches = batches_of(lanes, arrivals, 1);
    LiveScript live(rules);
    std::map<std::string, Timestamp> heard;
    for (size_t i = 0; i < batches.size(); ++i) {
      for (const auto& [stream, time] : heard) {
        if (arrivals[i].taken - time > Duration::seconds(75)) live.idle(stream);
      }
      live.batch(batches[i]);
      heard[batches[i].stream] = arrivals[i].taken;
    }
    const auto expected = grouped(replayed(rules, lanes, arrivals));
    ASSERT_EQ(difference(expected, grouped(live.alerts())), "") << "seed " << seed;
    absences += expected.size();
    retracted += live.counters().retracted;
    idle += live.counters().idle;
  }
  EXPECT_GT(absences, 20u);
  EXPECT_GT(retracted, 0u);
  EXPECT_GT(idle, 100u);
}

// Questions and answers of a user behind several servers, each with a delay of its own and out of order.
TEST(DetectorProperties, AbsencesAreTheSameInAnyOrderOfArrival) {
  const auto rules = program_of({{"test.yaml", kQuestions, false}}, 3);
  size_t absences = 0;
  for (const uint64_t seed : test_seeds(20)) {
    const auto lanes = questions(seed, true);
    const auto expected = grouped(replayed(rules, lanes, random_arrivals(lanes, seed, Duration{0})));
    for (uint64_t order = 0; order < 4; ++order) {
      const auto arrivals = random_arrivals(lanes, seed + order * 1000);
      const LiveScript live = play(rules, batches_of(lanes, arrivals, 1 + order * 7));
      ASSERT_EQ(difference(expected, grouped(live.alerts())), "") << "seed " << seed << ", order " << order;
      ASSERT_EQ(difference(expected, grouped(replayed(rules, lanes, arrivals))), "")
          << "seed " << seed << ", order " << order;
    }
    absences += expected.size();
  }
  EXPECT_GT(absences, 20u);
}

TEST(DetectorProperties, BatchesAndRestartsChangeNoByte) {
  for (const uint64_t seed : test_seeds(5)) {
    const auto rules = program_of(random_sources_of_rules(seed));
    const auto lanes = random_lanes(seed, 80);
    const auto arrivals = random_arrivals(lanes, seed);
    const LiveScript whole = play(rules, batches_of(lanes, arrivals, 1000));
    const auto batches = batches_of(lanes, arrivals, 1);
    for (size_t cut = 0; cut < batches.size(); cut += 9) {
      LiveScript cut_up(rules);
      for (size_t i = 0; i < batches.size(); ++i) {
        if (i == cut || (cut == 0 && i % 3 == 0)) cut_up.save_and_load();
        cut_up.batch(batches[i]);
      }
      ASSERT_EQ(cut_up.json(), whole.json()) << "seed " << seed << ", cut " << cut;
      ASSERT_EQ(cut_up.saved(), whole.saved()) << "seed " << seed << ", cut " << cut;
    }
  }
}

TEST(DetectorProperties, EqualRulesInAnotherOrderChangeNoAlert) {
  size_t alerts = 0;
  for (const uint64_t seed : test_seeds(5)) {
    const auto rules = program_of(random_sources_of_rules(seed));
    const auto same = program_of(random_sources_of_rules(seed, true));
    const auto lanes = random_lanes(seed, 80);
    const auto batches = batches_of(lanes, random_arrivals(lanes, seed), 4);
    const auto expected = sorted_lines(play(rules, batches));
    alerts += expected.size();
    for (size_t cut = 0; cut < batches.size(); cut += 5) {
      LiveScript swapped(rules);
      for (size_t i = 0; i < batches.size(); ++i) {
        if (i == cut) swapped.reload(same);
        if (i == cut + 2) swapped.reload(rules);
        swapped.batch(batches[i]);
      }
      ASSERT_EQ(sorted_lines(swapped), expected) << "seed " << seed << ", cut " << cut;
    }
  }
  EXPECT_GT(alerts, 100u);
}

// Titles show in alerts; which alerts there are, their ids and revisions are the same.
TEST(DetectorProperties, CosmeticChangesKeepAllState) {
  for (const uint64_t seed : test_seeds(5)) {
    const auto rules = program_of(random_sources_of_rules(seed));
    const auto cosmetic = program_of(random_sources_of_rules(seed, true, true));
    const auto lanes = random_lanes(seed, 80);
    const auto batches = batches_of(lanes, random_arrivals(lanes, seed), 4);
    const auto ids_of = [](const LiveScript& script) {
      std::multiset<std::string> ids;
      for (const Alert& a : script.alerts()) {
        ids.insert(fmt::format("{} {} {} {}", a.id, a.revision, to_text(a.status), a.count));
      }
      return ids;
    };
    const auto expected = ids_of(play(rules, batches));
    for (size_t cut = 0; cut < batches.size(); cut += 7) {
      LiveScript swapped(rules);
      for (size_t i = 0; i < batches.size(); ++i) {
        if (i == cut) swapped.reload(cosmetic);
        swapped.batch(batches[i]);
      }
      ASSERT_EQ(ids_of(swapped), expected) << "seed " << seed << ", cut " << cut;
    }
  }
}

TEST(DetectorProperties, NoRevisionIsSentTwiceAndNoneWithoutItsOpening) {
  for (const uint64_t seed : test_seeds(10)) {
    const auto rules = program_of(random_sources_of_rules(seed));
    const auto lanes = random_lanes(seed);
    const LiveScript live = play(rules, batches_of(lanes, random_arrivals(lanes, seed), 5));
    std::map<std::string, const Alert*> last;
    for (const Alert& alert : live.alerts()) {
      const Alert*& before = last[alert.id];
      ASSERT_EQ(before == nullptr, alert.status == EpisodeStatus::Open) << alert.id;
      if (before != nullptr) {
        ASSERT_GT(alert.revision, before->revision);
        ASSERT_TRUE(before->status == EpisodeStatus::Open || before->status == EpisodeStatus::Update);
        ASSERT_GE(alert.count, before->count);
      }
      before = &alert;
    }
    const DetectorCounters counters = live.counters();
    EXPECT_EQ(counters.opened, last.size());
    EXPECT_EQ(counters.opened + counters.updated + counters.closed + counters.retracted, live.alerts().size());
  }
}

}  // namespace
}  // namespace kubevigil
