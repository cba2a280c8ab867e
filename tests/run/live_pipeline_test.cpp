#include "engine/run/live_pipeline.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "tests/run/live_bench.h"
#include "tests/run/live_stream.h"

namespace kubevigil {
namespace {

using test::Fault;

TEST(LivePipeline, JournalsInputsThenWhatFollowsFromThem) {
  LiveBench bench;
  ASSERT_TRUE(bench.start());
  ASSERT_TRUE(bench.post({secret(1, "1", "a"), secret(2, "2", "b")}));
  ASSERT_TRUE(bench.settle());
  ASSERT_TRUE(bench.post({secret(3, "3", "c")}));
  ASSERT_TRUE(bench.settle());
  const std::string text = bench.journal_text();
  EXPECT_EQ(text.substr(0, 6), "start ");
  EXPECT_NE(text.find("rules "), std::string::npos);
  EXPECT_NE(text.find("input spool 2\nopen 1 secret_read\n"), std::string::npos) << text;
  EXPECT_NE(text.find("input spool 1\nopen 1 secret_read\nopen 1 secrets_across\n"), std::string::npos) << text;
  EXPECT_TRUE(bench.pipeline().stop());
}

TEST(LivePipeline, GoesOnWhereItStopped) {
  for (const bool clean : {true, false}) {
    LiveBench bench;
    ASSERT_TRUE(bench.start());
    ASSERT_TRUE(bench.post({secret(1, "1", "a"), secret(2, "2", "b")}));
    ASSERT_TRUE(bench.settle());
    if (clean) {
      const auto stopped = bench.pipeline().stop();
      ASSERT_TRUE(stopped) << stopped.error().message;
    }
    ASSERT_TRUE(bench.start());
    EXPECT_EQ(bench.report.from_snapshot, clean);
    EXPECT_EQ(bench.report.different, 0u);
    EXPECT_EQ(bench.report.compared, clean ? 0u : 2u);
    EXPECT_FALSE(bench.report.degraded);
    ASSERT_TRUE(bench.post({secret(3, "3", "c")}));
    ASSERT_TRUE(bench.settle());
    const auto alerts = bench.alerts();
    EXPECT_EQ(alerts.size(), 4u);
    EXPECT_EQ(std::set<std::string>(alerts.begin(), alerts.end()).size(), 4u);
    EXPECT_NE(alerts.back().find("secrets_across"), std::string::npos);
  }
}

// What recovery judges again was counted by the life that judged it first, and what a snapshot holds, too.
TEST(LivePipeline, CountsWhatThisLifeProcessed) {
  for (const bool clean : {true, false}) {
    LiveBench bench;
    ASSERT_TRUE(bench.start());
    ASSERT_TRUE(bench.post({secret(1, "1", "a"), secret(2, "2", "b")}));
    ASSERT_TRUE(bench.post({secret(2, "2", "b")}));
    ASSERT_TRUE(bench.settle());
    ASSERT_TRUE(until([&] { return bench.pipeline().status().consumer.detector.tally.events == 3; }));
    EXPECT_EQ(bench.pipeline().status().consumer.detector.correlator.duplicates, 1u);
    if (clean) {
      ASSERT_TRUE(bench.pipeline().stop());
    }
    ASSERT_TRUE(bench.start());
    const auto counts = [&] { return bench.pipeline().status().consumer.detector; };
    const auto opened = [&] {
      uint64_t sum = 0;
      for (const LiveRuleStatus& rule : bench.pipeline().status().consumer.rule_status) sum += rule.counts.opened;
      return sum;
    };
    EXPECT_EQ(counts().tally.events, 0u) << clean;
    EXPECT_EQ(counts().opened, 0u) << clean;
    EXPECT_EQ(opened(), 0u) << clean;
    EXPECT_EQ(counts().correlator.events, 0u) << clean;
    EXPECT_EQ(counts().correlator.duplicates, 0u) << clean;
    ASSERT_TRUE(bench.post({secret(2, "2", "b"), secret(3, "3", "c")}));
    ASSERT_TRUE(until([&] { return counts().tally.events == 2; }));
    EXPECT_EQ(counts().correlator.duplicates, 1u);
    EXPECT_EQ(counts().opened, 2u);
    EXPECT_EQ(opened(), 2u);
    bench.pipeline().swap_rules(bench.rules(kReplayRules + std::string("# the same\n")));
    ASSERT_TRUE(until([&] { return bench.pipeline().status().consumer.swaps == 1; }));
    EXPECT_EQ(counts().tally.events, 2u) << "a reload is no new life";
    EXPECT_EQ(opened(), 2u);
  }
}

TEST(LivePipeline, GoesOnWhereItStoppedWithoutTheRulesOfTheSnapshot) {
  LiveBench bench;
  ASSERT_TRUE(bench.start());
  ASSERT_TRUE(bench.post({secret(1, "1", "a"), secret(2, "2", "b")}));
  ASSERT_TRUE(bench.settle());
  ASSERT_TRUE(bench.pipeline().stop());
  std::string texts = kReplayRules;
  texts.replace(texts.find("gte: 3"), 6, "gte: 9");
  bench.set_rules(texts);
  bench.lose_rules();
  ASSERT_TRUE(bench.start());
  EXPECT_TRUE(bench.report.from_snapshot);
  EXPECT_TRUE(bench.report.degraded);
  ASSERT_TRUE(bench.post({secret(3, "3", "c")}));
  ASSERT_TRUE(bench.settle());
  EXPECT_EQ(bench.alerts().size(), 3u) << bench.journal_text();  // nothing is processed twice
}

TEST(LivePipeline, IdleStreamsLetTimePass) {
  LiveBench bench;
  bench.spool_options.idle_after = Duration::seconds(75);
  bench.env.step = 0;
  bench.options.snapshot_every = Duration::days(1);
  ASSERT_TRUE(bench.start());
  ASSERT_TRUE(bench.post({secret(0, "1", "a")}, "a"));
  ASSERT_TRUE(bench.settle());
  ASSERT_TRUE(bench.post({secret(7200, "2", "b", "bob")}, "b"));
  ASSERT_TRUE(bench.settle());
  EXPECT_EQ(bench.journal_text().find("closed"), std::string::npos);
  bench.env.advance(Duration::seconds(74));
  ASSERT_TRUE(bench.post({secret(7201, "3", "b", "bob")}, "b"));
  ASSERT_TRUE(bench.settle());
  bench.env.advance(Duration::seconds(2));
  ASSERT_TRUE(until([&] { return bench.journal_text().find("idle webhook/prod/cred/a") != std::string::npos; }));
  ASSERT_TRUE(until([&] { return bench.journal_text().find("closed 2 secret_read") != std::string::npos; }));
  EXPECT_EQ(bench.journal_text().find("idle webhook/prod/cred/b"), std::string::npos);
  bench.end();
  ASSERT_TRUE(bench.start());
  EXPECT_EQ(bench.report.different, 0u);
  EXPECT_EQ(bench.report.compared, bench.alerts().size());
}

TEST(LivePipeline, RulesAreSwappedBetweenBatches) {
  LiveBench bench;
  ASSERT_TRUE(bench.start());
  ASSERT_TRUE(bench.post({secret(1, "1", "a"), secret(2, "2", "b")}));
  ASSERT_TRUE(bench.settle());
  std::string texts = kReplayRules;
  texts.replace(texts.find("gte: 3"), 6, "gte: 9");
  texts.replace(texts.find("verb: [get, list]"), 17, "verb: [get]");
  const std::string first = kReplayRules;
  bench.pipeline().swap_rules(bench.rules(texts));
  ASSERT_TRUE(until([&] { return bench.pipeline().status().consumer.swaps == 1; }));
  ASSERT_TRUE(bench.post({secret(3, "3", "c")}));
  ASSERT_TRUE(bench.settle());
  EXPECT_EQ(bench.journal_text().find("secrets_across"), std::string::npos);
  // Recovery runs the first rules, then these, and then what is there now.
  const auto before = bench.alerts();
  ASSERT_TRUE(bench.start());
  EXPECT_EQ(bench.report.different, 0u);
  EXPECT_EQ(bench.report.compared, before.size());
  EXPECT_TRUE(bench.report.findings.empty());
}

TEST(LivePipeline, TrimsBehindTheOlderSnapshot) {
  LiveBench bench;
  bench.options.snapshot_bytes = 1;
  bench.env.step = 300'000;
  bench.journal_segment = bench.spool_segment = 20'000;
  ASSERT_TRUE(bench.start());
  for (int i = 0; i < 300; ++i) {
    ASSERT_TRUE(bench.post({secret(i, std::to_string(i), "a", "u" + std::to_string(i))}));
    if (i % 10 == 0) {
      ASSERT_TRUE(bench.settle());
    }
  }
  ASSERT_TRUE(until([&] { return bench.journal().first_sequence() > 1; }));
  ASSERT_TRUE(until([&] { return bench.spool().log().first_sequence() > 1; }));
  ASSERT_TRUE(bench.settle());
  const auto written = bench.pipeline().status().snapshots.written;
  EXPECT_GT(written, 2u);
  bench.end();
  ASSERT_TRUE(bench.start());
  EXPECT_TRUE(bench.report.from_snapshot);
  EXPECT_EQ(bench.report.different, 0u);
  EXPECT_FALSE(bench.report.degraded);
}

TEST(LivePipeline, WhatACrashLeavesToRecoverDoesNotGrow) {
  LiveBench bench;
  bench.options.snapshot_every = Duration::hours(1000);
  bench.env.step = 300'000;
  ASSERT_TRUE(bench.start());
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(bench.post({secret(i, std::to_string(i), "a")}));
  ASSERT_TRUE(bench.settle());
  EXPECT_EQ(bench.pipeline().status().snapshots.written, 0u);
  bench.end();
  ASSERT_TRUE(bench.start());
  EXPECT_GT(bench.report.inputs, 0u);
  ASSERT_TRUE(until([&] { return bench.pipeline().status().snapshots.written > 0; }));
  bench.end();
  ASSERT_TRUE(bench.start());
  EXPECT_TRUE(bench.report.from_snapshot);
  EXPECT_EQ(bench.report.inputs, 0u);
}

TEST(LivePipeline, PausedInputsWaitAndLoseNothing) {
  LiveBench bench;
  ASSERT_TRUE(bench.start());
  bench.pipeline().set_paused(true);
  EXPECT_TRUE(bench.pipeline().status().paused);
  ASSERT_TRUE(bench.post({secret(1, "1", "a")}));
  ASSERT_TRUE(bench.post({secret(2, "2", "b")}));
  bench.pipeline().set_paused(false);
  ASSERT_TRUE(bench.settle());
  EXPECT_EQ(bench.alerts().size(), 2u);
}

TEST(LivePipeline, SaysWhatTheSpoolLost) {
  LiveBench bench;
  ASSERT_TRUE(bench.start());
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(bench.post({secret(i, std::to_string(i), "a", "u" + std::to_string(i))}));
  }
  ASSERT_TRUE(bench.settle());
  const auto before = bench.alerts();
  const std::string path = bench.spool().log().segment_for(1)->path;
  bench.end();
  std::string bytes = bench.disk.content(path);
  bytes[bytes.size() / 2] ^= 1;
  bench.disk.set_content(path, bytes);
  ASSERT_TRUE(bench.start());
  EXPECT_TRUE(bench.report.degraded);
  EXPECT_GE(bench.report.lost_records, 1u);
  ASSERT_FALSE(bench.report.findings.empty());
  EXPECT_EQ(bench.report.findings[0].kind, SelfAlertKind::InputGap);
  // What was journaled stays, and all goes on.
  ASSERT_TRUE(bench.post({secret(9, "9", "z", "eve")}));
  ASSERT_TRUE(bench.settle());
  auto after = bench.alerts();
  ASSERT_EQ(after.size(), before.size() + 1);
  after.pop_back();
  EXPECT_EQ(after, before);
  ASSERT_TRUE(until([&] { return bench.journal_text(true).find("kubevigil_input_gap") != std::string::npos; }));
}

TEST(LivePipeline, SaysThatAnInputIsNotConfiguredAnyMoreAndKeepsItsPlace) {
  LiveBench bench;
  bench.keep_journal = true;
  ASSERT_TRUE(bench.start());
  ASSERT_TRUE(bench.post({secret(1, "1", "a")}));
  ASSERT_TRUE(bench.settle());
  ASSERT_TRUE(bench.pipeline().stop());
  bench.configured = false;
  ASSERT_TRUE(bench.start());
  EXPECT_TRUE(bench.report.degraded);
  ASSERT_EQ(bench.report.findings.size(), 1u);
  EXPECT_EQ(bench.report.findings[0].kind, SelfAlertKind::InputGap);
  EXPECT_EQ(bench.report.findings[0].subject, "spool");
  ASSERT_TRUE(until([&] { return bench.journal_text(true).find("kubevigil_input_gap") != std::string::npos; }));
  ASSERT_TRUE(bench.post({secret(2, "2", "b")}));
  for (const bool clean : {true, false}) {  // it was said once, and nobody has put it back
    if (clean) {
      ASSERT_TRUE(bench.pipeline().stop());
    }
    bench.said.clear();
    ASSERT_TRUE(bench.start());
    EXPECT_TRUE(bench.report.findings.empty());
    EXPECT_FALSE(bench.report.degraded);
    EXPECT_NE(bench.said.find("is still not configured"), std::string::npos) << bench.said;
  }
  ASSERT_TRUE(bench.pipeline().stop());
  bench.configured = true;
  ASSERT_TRUE(bench.start());
  EXPECT_TRUE(bench.report.findings.empty());
  ASSERT_TRUE(bench.settle());
  EXPECT_EQ(bench.alerts().size(), 2u) << bench.journal_text();
}

TEST(LivePipeline, OpenSelfAlertsInFrontOfTheSnapshotGoOnUnderTheirIds) {
  LiveBench bench;
  bench.options.snapshot_every = {};
  ASSERT_TRUE(bench.start());
  const SelfAlertEvent failing{SelfAlertKind::SinkFailing, "", "soc", "refused", bench.env.now()};
  bench.self_alerts().raise(failing);
  ASSERT_TRUE(
      until([&] { return bench.journal_text(true).find("open 1 kubevigil_sink_failing") != std::string::npos; }));
  const uint64_t written = bench.pipeline().status().snapshots.written;
  ASSERT_TRUE(until([&] { return bench.pipeline().status().snapshots.written > written + 2; }));
  ASSERT_TRUE(bench.start());  // behind a crash
  ASSERT_TRUE(bench.report.from_snapshot);
  ASSERT_EQ(bench.report.self_alerts.size(), 1u);
  EXPECT_EQ(bench.report.self_alerts[0].rule_name, "kubevigil_sink_failing");
  bench.env.advance(kSelfAlertEvery);
  ASSERT_TRUE(until([&] { return bench.journal_text(true).find("closed 2 kubevigil_sink_f") != std::string::npos; }));
}

TEST(LivePipeline, AGapIsJournaledBeforeWhatLiesBehindIt) {
  LiveBench bench;
  ASSERT_TRUE(bench.start());
  bench.pipeline().set_paused(true);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(bench.post({secret(i, std::to_string(i), "a")}));
  const std::string path = bench.spool().log().segment_for(1)->path;
  bench.end();
  std::string bytes = bench.disk.content(path);
  bytes[bytes.size() * 3 / 4] ^= 1;
  bench.disk.set_content(path, bytes);
  ASSERT_TRUE(bench.start());
  ASSERT_TRUE(until([&] { return bench.journal_text(true).find("kubevigil_input_gap") != std::string::npos; }));
  ASSERT_TRUE(bench.settle());
  const std::string text = bench.journal_text(true);
  EXPECT_NE(text.find("input spool 0\n"), std::string::npos) << text;
  EXPECT_LT(text.find("kubevigil_input_gap"), text.find("input spool 0\n")) << text;
}

TEST(LivePipeline, StopsWhenTheJournalBreaks) {
  LiveBench bench;
  ASSERT_TRUE(bench.start());
  ASSERT_TRUE(bench.post({secret(1, "1", "a")}));
  ASSERT_TRUE(bench.settle());
  bench.disk.fault_at(4, Fault::Broken);  // behind the spool's own
  for (int i = 0; i < 20 && bench.post({secret(2, "2", "b")}); ++i) {
  }
  ASSERT_TRUE(until([&] { return !bench.pipeline().failure().empty() || bench.spool().commit().broken(); }));
  EXPECT_FALSE(bench.pipeline().stop() && bench.pipeline().failure().empty() && !bench.spool().commit().broken());
}

// Power fails anywhere, many times; the sender tries again what was not answered. The alerts are those of a run without
// any of it, each (id, revision) once.
TEST(LivePipeline, AnyCrashLeavesTheSameAlerts) {
  for (uint32_t seed = 1; seed <= 25; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    std::vector<std::vector<EventText>> posts;
    for (int i = 0; i < 40; ++i) {
      std::vector<EventText> batch;
      for (uint32_t n = random() % 6 + (i == 39 ? 1 : 0); n > 0; --n) {
        const int k = static_cast<int>(random() % 1000);
        batch.push_back(secret(i * 60 + k % 50, std::to_string(i) + "-" + std::to_string(n),
                               std::string(1, static_cast<char>('a' + k % 7)), "u" + std::to_string(k % 3)));
      }
      posts.push_back(std::move(batch));
    }
    LiveBench calm;
    ASSERT_TRUE(calm.start());
    for (const auto& batch : posts) ASSERT_TRUE(calm.post(batch));
    ASSERT_TRUE(calm.settle());
    const auto wanted = calm.alerts();

    LiveBench bench;
    bench.keep_journal = true;
    bench.options.snapshot_bytes = random() % 3 == 0 ? 1 : 5000;
    ASSERT_TRUE(bench.start());
    size_t next = 0;
    uint64_t crashes = 0;
    while (next < posts.size()) {
      if (crashes < 12) bench.disk.fault_at(1 + random() % 40, Fault::PowerOff);
      while (next < posts.size() && bench.post(posts[next])) ++next;
      if (next == posts.size()) break;
      ++crashes;
      bench.end();
      bench.disk.lose_power(random());
      while (!bench.start()) bench.disk.lose_power(random());
      EXPECT_EQ(bench.report.different, 0u);
      EXPECT_FALSE(bench.report.degraded);
    }
    bench.end();
    bench.disk.lose_power(random());
    ASSERT_TRUE(bench.start());
    ASSERT_TRUE(bench.settle());
    EXPECT_EQ(bench.alerts(), wanted) << crashes << " crashes";
    EXPECT_GT(crashes, 0u);
  }
}

}  // namespace
}  // namespace kubevigil
