// A correlator that is fed with match records says what one says that is fed with the events.
#include "engine/run/match_source.h"

#include "tests/run/match_stages.h"
#include "tests/support/streams.h"

namespace kubevigil {
namespace {

TEST(MatchSource, RecordsAloneGiveTheSameEpisodesAndAlerts) {
  size_t changes = 0, events = 0, records = 0;
  for (const uint64_t seed : test_seeds(24)) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    const auto rules = program_of(random_sources_of_rules(seed));
    const auto lanes = random_lanes(seed);
    Stages stages(rules);
    for (const LiveBatch& batch : batches_of(lanes, random_arrivals(lanes, seed), 5)) stages.batch(batch);
    stages.finish();
    expect_same(stages.direct(), stages.shard().lines());
    changes += stages.direct().size();
    events += stages.events;
    records += stages.records;
  }
  EXPECT_GT(changes, 1000u);
  EXPECT_GT(records, 100u);
  EXPECT_GT(events, 1000u);
}

// Secrets of three namespaces, by somebody who uses one audit id twice, with long requests and duplicates.
TEST(MatchSource, AnAuditIdThatWasUsedBeforeIsTheRoutersToSay) {
  const auto rules = program_of_text(
      changed(changed(kReplayRules, "name: secret_read", "name: audit_id_reuse"), "[secret_read]", "[audit_id_reuse]"));
  Stages stages(rules);
  EventText harmless = tick(1);
  harmless.id = "7f0c4e6c-0f0d-4f5e-9b9e-0a0b0c0d0e0f";
  EventText hidden = secret(2, harmless.id, "a", "mallory");
  stages.batch(live_batch("s", {json_of(harmless), json_of(secret(1, "other")), json_of(hidden), json_of(hidden)}));
  stages.finish();
  expect_same(stages.direct(), stages.shard().lines());
  EXPECT_EQ(stages.direct().size(), 3u);  // opened, its alert, closed
}

TEST(MatchSource, RulesThatAreNotThereAreRefused) {
  const auto rules = program();
  const auto correlation = static_cast<uint32_t>(rules->rules().find("secrets_across") - rules->rules().rules.data());
  MatchSource source(rules, {});
  MatchEvent event;
  event.hits.push_back({.rule = 99, .opens = true, .dedup = "", .operands = {}});
  EXPECT_FALSE(source.take(event));
  event.hits[0].rule = correlation;
  EXPECT_FALSE(source.take(event));
  event.hits[0].rule = 0;
  event.hits[0].operands.push_back({.feed = 99, .key = "", .value = "", .number = 0});
  EXPECT_FALSE(source.take(event));
  event.hits[0].operands[0].feed = 0;
  EXPECT_TRUE(source.take(event));
}

TEST(MatchSource, WhatAnotherShardKeepsOpensNothingHere) {
  const auto rules = program();
  BatchJudge judge(rules, {});
  JudgedBatch judged;
  judged.batch = live_batch("s", {json_of(secret(1, "a"))}).batch;
  judge.judge(judged);
  MatchEvent event = match_event(judged.result, judged.result.events[0]);
  ASSERT_EQ(event.hits.size(), 1u);
  for (const bool opens : {true, false}) {
    event.hits[0].opens = opens;
    MatchSource source(rules, {});
    ASSERT_TRUE(source.take(event));
    Correlator correlator(rules, {});
    std::vector<EpisodeChange> changes;
    correlator.on_event(event.time, event.time, source.result(), source.mark(), source, changes);
    EXPECT_EQ(changes.size(), opens ? 1u : 0u);
    const auto correlation = static_cast<uint32_t>(rules->rules().find("secrets_across") - rules->rules().rules.data());
    EXPECT_EQ(correlator.operator_stats(correlation).matches, 1u);
  }
}

TEST(MatchSource, SourcesKeepTheirNumbersAndAreBounded) {
  MatchSource source(program(), {});
  MatchEvent event;
  for (size_t i = 0; i < limits::kStreamNames + 10; ++i) {
    event.source = fmt::format("audit[{}]", i);
    ASSERT_TRUE(source.take(event));
  }
  event.source = "audit[7]";
  ASSERT_TRUE(source.take(event));
  EXPECT_EQ(source.name(source.ref(source.result(), source.mark()).position.file), "audit[7]");
  event.source = fmt::format("audit[{}]", limits::kStreamNames + 1);
  ASSERT_TRUE(source.take(event));
  EXPECT_EQ(source.name(source.ref(source.result(), source.mark()).position.file), "(forgotten stream)");
}

}  // namespace
}  // namespace kubevigil
