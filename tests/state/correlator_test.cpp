// The correlator on events made by hand: order, duplicates, stages, late events, chains.
#include "engine/state/correlator.h"

#include <gtest/gtest.h>

#include "engine/match/group_key.h"
#include "engine/state/archive.h"
#include "tests/support/event_script.h"

namespace kubevigil {
namespace {

using Kind = EpisodeChange::Kind;

// One detection (rule 0), and event_count >= 3 in a minute over it (rule 1).
RuleSet counting_rules() {
  RuleSet rules = detections({"probe"});
  rules.rules.push_back(correlation_over(rules, "probes", CorrelationType::EventCount, Duration::minutes(1), 3, {0}));
  return rules;
}

TEST(CorrelatorDuplicates, AreCountedAndGoNoFurther) {
  EventScript script(counting_rules());
  script.event(0, {.identity = 1}).hit(0, "alice");
  script.event(1, {.identity = 1}).hit(0, "alice");
  script.event(2, {.identity = 2}).hit(0, "alice");
  EXPECT_EQ(script.log(), "open 0 probe alice\njoin 0 probe alice count=2\n");
  EXPECT_EQ(script.correlator().counters().duplicates, 1u);
  script.event(3 + 20 * 60, {.identity = 9});  // two generations later the id is forgotten
  script.event(4 + 40 * 60, {.identity = 10});
  script.event(5 + 40 * 60, {.identity = 1}).hit(0, "alice");
  EXPECT_EQ(script.correlator().counters().duplicates, 1u);
}

TEST(CorrelatorDuplicates, AreFoundRightAfterASilence) {
  EventScript script(counting_rules());
  script.event(0, {.identity = 1});
  for (const int64_t silence : {400, 700, 1600, 100'000}) {
    const auto id = static_cast<uint64_t>(silence);
    script.event(silence * 10, {.identity = id});
    script.event(silence * 10, {.identity = id});
    script.event(silence * 10 + 1, {.identity = id});
  }
  EXPECT_EQ(script.correlator().counters().duplicates, 8u);
}

TEST(CorrelatorDuplicates, ReuseOfAnAuditIdNeedsAnotherIntent) {
  RuleSet rules = detections({"probe", "audit_id_reuse"});
  EventScript script(rules);
  script.event(0, {.identity = 1, .audit_id = 7, .intent = 1}).hit(1, "alice");
  script.event(1, {.identity = 2, .audit_id = 7, .intent = 1}).hit(1, "alice");  // an aggregated API server
  EXPECT_EQ(script.log(), "");
  script.event(2, {.identity = 3, .audit_id = 7, .intent = 2}).hit(0, "alice").hit(1, "alice");
  EXPECT_EQ(script.log(), "open 0 probe alice\nopen 1 audit_id_reuse alice\n");
  script.event(3, {.identity = 3, .audit_id = 7, .intent = 2}).hit(1, "alice");
  script.event(3, {.identity = 2, .audit_id = 7, .intent = 1}).hit(1, "alice");
  EXPECT_EQ(script.correlator().counters().duplicates, 2u);
  EXPECT_EQ(script.correlator().counters().audit_id_reuse, 1u);
}

TEST(CorrelatorStages, TheEndOfALongRequestJoinsItsStart) {
  EventScript script(counting_rules());
  script.event(0, {.request = 1, .long_running = true}).hit(0, "alice");
  script.event(600, {.request = 1, .role = StageRole::Later}).hit(0, "alice");
  ASSERT_EQ(script.changes().size(), 2u);
  EXPECT_EQ(script.changes()[1].kind, Kind::Joined);
  EXPECT_EQ(script.changes()[1].episode.count, 1u);
  EXPECT_EQ(script.changes()[1].episode.duration_micros, 600'000'000);
  EXPECT_EQ(script.correlator().counters().joined_stages, 1u);
  EXPECT_EQ(script.correlator().operator_stats(1).matches, 1u);
}

TEST(CorrelatorStages, TheEndCountsWhenItsStartDidNot) {
  EventScript script(counting_rules());
  script.event(600, {.request = 1, .role = StageRole::Later}).hit(0, "alice");
  EXPECT_EQ(script.log(), "open 0 probe alice\n");
  EXPECT_EQ(script.correlator().operator_stats(1).matches, 1u);
}

// Batches of one API server overtake each other: the end of a short session may come before its start.
TEST(CorrelatorStages, AStartThatComesBehindItsEndJoinsIt) {
  EventScript script(counting_rules());
  script.event(600, {.request = 1, .role = StageRole::Later}).hit(0, "alice");
  script.save_and_load();
  script.event(598, {.request = 1, .long_running = true}).hit(0, "alice");
  EXPECT_EQ(script.log(), "open 0 probe alice\njoin 0 probe alice count=1\n");
  ASSERT_EQ(script.changes().size(), 2u);
  EXPECT_EQ(script.changes()[1].episode.duration_micros, 2'000'000);
  EXPECT_EQ(script.changes()[1].episode.first_seen, EventScript::time(598));
  EXPECT_EQ(script.changes()[1].episode.last_seen, EventScript::time(600));
  EXPECT_EQ(script.correlator().counters().joined_stages, 1u);
  EXPECT_EQ(script.correlator().operator_stats(1).matches, 1u);
  script.event(605, {.request = 1, .long_running = true}).hit(0, "alice");  // of another request by the same name
  EXPECT_EQ(script.correlator().operator_stats(1).matches, 2u);
}

TEST(CorrelatorStages, ARuleThatNamesTheStageSeesEachEvent) {
  RuleSet rules = detections({"probe"});
  std::get<Detection>(rules.rules[0].body).names_stage = true;
  EventScript script(rules);
  script.event(0, {.request = 1, .long_running = true}).hit(0, "alice");
  script.event(5, {.request = 1, .role = StageRole::Later}).hit(0, "alice");
  EXPECT_EQ(script.log(), "open 0 probe alice\njoin 0 probe alice count=2\n");
}

TEST(CorrelatorLate, DetectionsStillAlertCorrelationsDoNotSeeIt) {
  EventScript script(counting_rules());
  script.event(1000);
  script.event(1000 - 303).hit(0, "alice");  // the watermark is 998, lateness 300
  script.event(1000 - 302).hit(0, "bob");
  EXPECT_EQ(script.log(), "open 0 probe alice\nopen 1 probe bob\n");
  EXPECT_EQ(script.correlator().counters().late, 1u);
  EXPECT_EQ(script.correlator().operator_stats(1).matches, 1u);
}

TEST(CorrelatorTime, AnOutlierIsCountedAndMovesNothing) {
  EventScript script(counting_rules());
  script.event(0).hit(0, "alice");
  script.event(1, {.time = EventScript::time(9'000'000)});
  script.event(2).hit(0, "alice");
  EXPECT_EQ(script.correlator().counters().time_outliers, 1u);
  EXPECT_EQ(script.correlator().counters().late, 0u);
  EXPECT_EQ(script.correlator().watermark(), EventScript::time(0));
}

TEST(CorrelatorChains, FiringsFeedTheCorrelationsThatReadThem) {
  // users that probe and write -> stages of a user -> an alert over two stages
  RuleSet rules = detections({"probe", "write"});
  rules.rules.push_back(correlation_over(rules, "probes", CorrelationType::EventCount, Duration::minutes(1), 2, {0}));
  rules.rules.push_back(correlation_over(rules, "writes", CorrelationType::EventCount, Duration::minutes(1), 2, {1}));
  rules.rules[2].extension.stage = Stage::Probe;
  rules.rules[3].extension.stage = Stage::Effect;
  Rule chain = correlation_over(rules, "chain", CorrelationType::ValueCount, Duration::hours(1), 2, {2, 3});
  for (auto& input : std::get<Correlation>(chain.body).inputs) input.values = {FieldRef{FieldId::HitStage, {}}};
  rules.rules.push_back(chain);
  for (auto& rule : rules.rules) rule.alerts = rule.meta.name == "chain";
  EventScript script(rules);
  script.event(0).hit(0, "alice");
  script.event(1).hit(0, "alice");
  script.event(2).hit(1, "bob");
  script.event(3).hit(1, "bob");
  script.event(4).hit(1, "alice");
  EXPECT_EQ(script.log(), "");
  script.event(5).hit(1, "alice");
  EXPECT_EQ(script.log(), "open 0 chain alice\n");
  EXPECT_EQ(decode_group_key(script.changes()[0].episode.values.at(0)), std::vector<std::string>{"probe"});
  EXPECT_EQ(decode_group_key(script.changes()[0].episode.values.at(1)), std::vector<std::string>{"effect"});
}

TEST(CorrelatorChains, HearOfWhatIsJudgedLateAndOfWhatFiresAfterASilence) {
  RuleSet rules = detections({"probe"});
  rules.rules.push_back(correlation_over(rules, "few", CorrelationType::EventCount, Duration::minutes(1), 0, {0}));
  std::get<Correlation>(rules.rules[1].body).condition.bounds = {{CountCondition::Op::Lt, 3}};
  rules.rules.push_back(correlation_over(rules, "gone", CorrelationType::Absence, Duration::seconds(10), 0, {0}));
  rules.rules.push_back(correlation_over(rules, "few-again", CorrelationType::EventCount, Duration::hours(1), 1, {1}));
  rules.rules.push_back(correlation_over(rules, "gone-again", CorrelationType::EventCount, Duration::hours(1), 1, {2}));
  for (auto& rule : rules.rules) rule.alerts = rule.meta.name.ends_with("-again");
  EventScript script(rules);
  script.event(0).hit(0, "alice");
  script.event(5'000);
  script.event(5'001);
  EXPECT_EQ(script.opened(), "gone-again alice\nfew-again alice\n");
}

TEST(CorrelatorTimers, FireInOrderOfDeadlineThenRule) {
  RuleSet rules = detections({"start"});
  rules.rules.push_back(correlation_over(rules, "slow", CorrelationType::Absence, Duration::seconds(30), 0, {0}));
  rules.rules.push_back(correlation_over(rules, "quick", CorrelationType::Absence, Duration::seconds(10), 0, {0}));
  rules.rules[0].alerts = false;
  EventScript script(rules);
  script.event(0).hit(0, "alice");
  script.event(5).hit(0, "bob");
  script.event(20).hit(0, "carol");
  EXPECT_EQ(script.log(), "open 0 quick alice\nopen 1 quick bob\n");
  script.event(100);
  EXPECT_EQ(script.log(),
            "open 0 quick alice\nopen 1 quick bob\n"
            "open 2 slow alice\nopen 3 quick carol\nopen 4 slow bob\nopen 5 slow carol\n");
}

TEST(CorrelatorTimers, FinishJudgesCountsAndLeavesAbsencesUndetermined) {
  RuleSet rules = detections({"start"});
  rules.rules.push_back(correlation_over(rules, "few", CorrelationType::EventCount, Duration::seconds(30), 0, {0}));
  std::get<Correlation>(rules.rules[1].body).condition.bounds = {{CountCondition::Op::Lt, 2}};
  rules.rules.push_back(correlation_over(rules, "gone", CorrelationType::Absence, Duration::seconds(10), 0, {0}));
  rules.rules[0].alerts = false;
  EventScript script(rules);
  script.event(0).hit(0, "alice");
  script.event(10).hit(0, "bob");  // the input ends here: alice's deadline is reached, bob's is not
  script.finish();
  EXPECT_EQ(script.opened(), "gone alice\nfew alice\nfew bob\n");
  EXPECT_EQ(script.correlator().operator_stats(2).pending, 1u);
}

// The watermark is 2 s behind: what comes 20 s late may contradict an absence that has fired.
TEST(CorrelatorTimers, AnAbsenceThatALateEventContradictsIsRetractedWithTheSameId) {
  struct Row {
    const char* what;
    int64_t late_event;
    EpisodeStatus end;
  };
  for (const Row& row :
       {Row{"inside", 105, EpisodeStatus::Retracted}, Row{"at the start", 100, EpisodeStatus::Retracted},
        Row{"at the deadline", 110, EpisodeStatus::Closed}, Row{"before the start", 99, EpisodeStatus::Closed}}) {
    RuleSet rules = detections({"asked", "done"});
    rules.rules[0].alerts = rules.rules[1].alerts = false;
    Rule gone = correlation_over(rules, "gone", CorrelationType::Absence, Duration::seconds(10), 0, {0, 1});
    std::get<Correlation>(gone.body).inputs[1].role = CorrelationInput::Role::Expect;
    rules.rules.push_back(gone);
    EventScript script(rules);
    script.event(100).hit(0, "alice");
    script.event(130).hit(0, "bob");
    script.save_and_load();
    EventScript::Details late;
    late.time = EventScript::time(row.late_event);
    script.event(130, late).hit(1, "alice");
    script.finish();
    ASSERT_GE(script.changes().size(), 2u) << row.what;
    const Episode& opened = script.changes()[0].episode;
    const Episode& ended = script.changes()[1].episode;
    EXPECT_EQ(script.changes()[1].kind, Kind::Closed) << row.what;
    EXPECT_EQ(ended.status, row.end) << row.what;
    EXPECT_EQ(ended.alert_id, opened.alert_id) << row.what;
    EXPECT_EQ(ended.revision, 2u) << row.what;
  }
}

TEST(CorrelatorDedup, ACorrelationMayAlertByAPartOfItsGroup) {
  RuleSet rules = detections({"probe"});
  rules.rules[0].alerts = false;
  Rule rule = correlation_over(rules, "probes", CorrelationType::EventCount, Duration::minutes(1), 1, {0});
  auto& input = std::get<Correlation>(rule.body).inputs[0];
  input.group = {FieldRef{FieldId::UserUsername, {}}, FieldRef{FieldId::ObjectName, {}}};
  rule.extension.dedup.by = {FieldRef{FieldId::UserUsername, {}}};
  rules.rules.push_back(rule);
  EventScript script(rules);
  script.event(0).hit(0, "alice", "one");
  script.event(1).hit(0, "alice", "two");
  script.event(2).hit(0, "bob", "two");
  EXPECT_EQ(script.log(), "open 0 probes alice\njoin 0 probes alice count=2\nopen 1 probes bob\n");
}

TEST(CorrelatorBudget, IsSharedAndTheLargestOperatorGivesBack) {
  CorrelatorOptions options;
  options.state_bytes = 100'000;
  EventScript script(counting_rules(), options);
  for (int64_t i = 0; i < 2000; ++i) script.event(i).hit(0, "user" + std::to_string(i));
  const OperatorStats stats = script.correlator().operator_stats(1);
  EXPECT_LE(stats.bytes, options.state_bytes);
  EXPECT_EQ(stats.matches, 2000u);
}

TEST(CorrelatorArchive, ContinuesWithTheSameAlertsFromAnyPoint) {
  RuleSet rules = counting_rules();
  rules.hash = "rules";
  rules.rules.push_back(correlation_over(rules, "gone", CorrelationType::Absence, Duration::seconds(50), 0, {0}));
  rules.rules.push_back(correlation_over(rules, "often", CorrelationType::EventCount, Duration::hours(1), 2, {1}));
  rules.rules.back().extension.dedup.period = Duration::seconds(20);
  rules.rules.back().extension.dedup.extend_to = Duration::seconds(90);
  const auto play = [&](size_t save_every) {
    EventScript script(rules);
    for (size_t i = 0; i < 400; ++i) {
      if (save_every > 0 && i % save_every == 0) script.save_and_load();
      const auto t = static_cast<int64_t>(i * 13 + (i * 7919) % 60);
      EventScript::Details details;
      if (i % 11 == 3) details.identity = i / 2;
      details.request = i / 3 + 1;
      details.long_running = i % 3 == 0;
      if (i % 3 == 1) details.role = StageRole::Later;
      auto& event = script.event(t, details);
      if (i % 2 == 0) event.hit(0, "user" + std::to_string(i * 31 % 5));
    }
    script.finish();
    return script.log();
  };
  const std::string whole = play(0);
  EXPECT_GT(whole.size(), 1000u);
  for (size_t every : {1, 7, 50}) EXPECT_EQ(play(every), whole) << "saved every " << every;
}

TEST(CorrelatorArchive, OfOtherRulesIsRefused) {
  RuleSet rules = counting_rules();
  rules.hash = "a";
  EventScript script(rules);
  Archive saved = Archive::saving();
  script.correlator().archive(saved);
  rules.hash = "b";
  EventScript other(rules);
  Archive loading = Archive::loading(saved.bytes());
  other.correlator().archive(loading);
  EXPECT_TRUE(loading.failed());
}

}  // namespace
}  // namespace kubevigil
