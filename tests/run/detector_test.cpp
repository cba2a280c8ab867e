// The deterministic middle of serve: which revisions come out, and when.
#include "engine/run/detector.h"

#include <gtest/gtest.h>

#include "engine/state/archive.h"
#include "tests/run/live_stream.h"

namespace kubevigil {
namespace {

const std::string kAbsence = absence_rules("pods");

EventText answer(int64_t second, const std::string& id) {
  EventText event = secret(second, id);
  event.verb = "create";
  event.resource = "pods";
  return event;
}

TEST(Detector, OpensAtOnceAndClosesByTheWatermark) {
  LiveScript script(program());
  script.batch("tail/a", {secret(0, "1")});
  ASSERT_EQ(script.log(), "open 1 secret_read\n");
  script.batch("tail/a", {tick(4000)});
  EXPECT_EQ(script.log(), "open 1 secret_read\nclosed 2 secret_read\n");
}

TEST(Detector, UpdatesAtMostEveryQuarterOfAnHourAndOnlyWhenSomethingJoined) {
  LiveScript script(program());
  script.batch("tail/a", {secret(0, "1"), secret(10, "2"), secret(20, "3")});
  EXPECT_EQ(script.log(), "open 1 secret_read\n");
  script.batch("tail/a", {tick(899)});
  EXPECT_EQ(script.log(), "open 1 secret_read\n");
  script.batch("tail/a", {tick(901)});  // 2 seconds of slack at both ends
  EXPECT_EQ(script.log(), "open 1 secret_read\nupdate 3 secret_read\n");
  EXPECT_EQ(script.alerts().back().count, 3u);
  script.batch("tail/a", {tick(2000), secret(2001, "4"), secret(2002, "5")});
  EXPECT_EQ(script.log(), "open 1 secret_read\nupdate 3 secret_read\nupdate 4 secret_read\n");
  script.batch("tail/a", {tick(2902), tick(4000)});
  EXPECT_EQ(script.log(),
            "open 1 secret_read\nupdate 3 secret_read\nupdate 4 secret_read\nupdate 5 secret_read\n"
            "closed 6 secret_read\n");
  EXPECT_EQ(script.alerts().back().count, 5u);
}

TEST(Detector, UpdatesAtOnceWhenTheLevelRises) {
  std::string yaml =
      changed(kReplayRules, "gte: 3}", "gte: 2}\nkubevigil: {value_count: {raise: [{gte: 4, level: critical}]}}");
  LiveScript script(program_of_text(yaml));
  script.batch("tail/a", {secret(0, "1", "a"), secret(1, "2", "b"), secret(2, "3", "c"), secret(3, "4", "d")});
  std::vector<std::string> levels;
  for (const Alert& alert : script.alerts()) {
    if (alert.rule_name == "secrets_across")
      levels.push_back(fmt::format("{} {}", alert.revision, to_text(alert.level)));
  }
  EXPECT_EQ(levels, (std::vector<std::string>{"1 high", "3 critical"}));
}

TEST(Detector, UpdatesAtOnceWhenAnActorShowsAnotherStage) {
  const std::string stages = std::string(kReplayRules) + R"(
---
title: Stages
id: 44444444-4444-4444-8444-444444444444
name: stages
status: test
level: high
correlation:
  type: value_count
  rules: [secret_read, privileged, other]
  group-by: [user.username]
  timespan: 1h
  generate: true
  condition: {field: hit.stage, gte: 2}
---
title: Other
id: 55555555-5555-4555-8555-555555555555
name: other
status: test
level: low
logsource: {product: kubernetes, service: audit}
detection: {sel: {verb: create}, condition: sel}
kubevigil: {stage: effect}
---
title: Third
id: 66666666-6666-4666-8666-666666666666
name: third
status: test
level: low
logsource: {product: kubernetes, service: audit}
detection: {sel: {verb: delete}, condition: sel}
kubevigil: {stage: entry}
)";
  std::string yaml = changed(stages, "kubevigil: {message: ", "kubevigil: {stage: collect, message: ");
  yaml = changed(yaml, "[secret_read, privileged, other]", "[secret_read, other, third]");
  LiveScript script(program_of_text(yaml));
  EventText created = answer(1, "2"), again = answer(2, "3"), deleted = secret(3, "4");
  again.name = "another";
  deleted.verb = "delete";
  script.batch("tail/a", {secret(0, "1"), created, again, deleted});
  std::vector<std::string> values;
  for (const Alert& alert : script.alerts()) {
    if (alert.rule_name == "stages")
      values.push_back(fmt::format("{} {}", alert.revision, fmt::join(alert.values, " ")));
  }
  EXPECT_EQ(values, (std::vector<std::string>{"1 collect effect", "3 collect effect entry"}));
}

TEST(Detector, AlertsNameTheirStreamAndThePlaceInIt) {
  LiveScript script(program());
  LiveBatch batch =
      live_batch("webhook/prod/api/10.0.0.1", {json_of(secret(0, "11111111-0000-4000-8000-000000000001"))});
  batch.batch.records[0].position = {77, 4711, 3};
  script.batch("tail/first", {tick(0)});
  script.batch(batch);
  script.save_and_load();
  script.batch("tail/other", {tick(5000)});
  script.batch("tail/first", {tick(5000)});
  script.idle("webhook/prod/api/10.0.0.1");
  ASSERT_EQ(script.log(), "open 1 secret_read\nclosed 2 secret_read\n");
  for (const Alert& alert : script.alerts()) {
    ASSERT_EQ(alert.events.size(), 1u);
    EXPECT_EQ(alert.events[0].file, "webhook/prod/api/10.0.0.1");
    EXPECT_EQ(alert.events[0].offset, 4711u);
    EXPECT_EQ(alert.events[0].line, 3u);
  }
}

TEST(Detector, OneServerADayAheadDoesNotMakeTheOthersLate) {
  LiveScript script(program());
  LiveBatch wrong = live_batch("wrong", {json_of(tick(86'400 + 100))});
  wrong.taken = Timestamp{(kStart + 100) * 1'000'000};
  script.batch("right", {tick(90)});
  script.batch(wrong);
  script.batch("right", {secret(101, "1", "a"), secret(102, "2", "b"), secret(103, "3", "c")});
  EXPECT_NE(script.log().find("open 1 secrets_across"), std::string::npos);
  EXPECT_EQ(script.counters().correlator.late, 0u);
  EXPECT_EQ(script.counters().correlator.time_outliers, 1u);
}

TEST(Detector, LateEventsAreCountedAndStillJudgedAlone) {
  LiveScript script(program());
  script.batch("a", {tick(1000)});
  script.batch("b", {secret(100, "1", "a"), secret(101, "2", "b"), secret(102, "3", "c")});
  EXPECT_EQ(script.log(), "open 1 secret_read\nopen 1 secret_read\nopen 1 secret_read\n");
  EXPECT_EQ(script.counters().correlator.late, 3u);
  const auto late = script.detector().take_late();
  ASSERT_EQ(late.size(), 1u);
  EXPECT_EQ(late[0].stream, "b");
  EXPECT_EQ(late[0].events, 3u);
  EXPECT_EQ(late[0].most, Duration::seconds(898));
}

// The watermark stands still while nothing comes: nobody's silence is taken for an absence.
TEST(Detector, IdleStreamsMakeNoAbsence) {
  LiveScript script(program_of_text(kAbsence));
  script.batch("a", {secret(0, "1")});
  script.batch("b", {tick(5)});
  script.idle("a");
  script.idle("b");
  script.save_and_load();
  script.idle("a");
  EXPECT_EQ(script.log(), "");
  script.batch("a", {answer(60, "2")});  // an hour later, say
  script.batch("a", {tick(4000)});
  EXPECT_EQ(script.log(), "");
}

TEST(Detector, AStreamThatIsBehindHoldsAbsencesBackAndAnIdleOneDoesNot) {
  LiveScript script(program_of_text(kAbsence));
  script.batch("a", {secret(0, "1")});
  script.batch("b", {tick(0)});
  script.batch("a", {tick(1000)});
  EXPECT_EQ(script.log(), "") << "the answer may stand in b";
  LiveScript answered = LiveScript::copy_of(script);
  answered.batch("b", {answer(60, "2"), tick(1000)});
  EXPECT_EQ(answered.log(), "");
  script.idle("b");
  EXPECT_EQ(script.log(), "open 1 unanswered\n");
}

TEST(Detector, AnAnswerThatComesLateTakesTheAlertBack) {
  LiveScript script(program_of_text(kAbsence));
  script.batch("a", {secret(0, "1"), tick(200)});
  ASSERT_EQ(script.log(), "open 1 unanswered\n");
  script.batch("b", {answer(60, "2")});
  EXPECT_EQ(script.log(), "open 1 unanswered\nretracted 2 unanswered\n");
  EXPECT_EQ(script.alerts()[0].id, script.alerts()[1].id);
}

// The watermark of others has jumped over the whole wait when a second question comes, inside it, and then the answer.
TEST(Detector, AnAnswerTakesTheAlertBackBehindASecondQuestionInsideTheWait) {
  for (const int64_t answered : {90, 150}) {
    LiveScript script(program_of_text(kAbsence));
    script.batch("a", {secret(0, "1")});
    script.batch("b", {tick(250)});
    script.idle("a");
    ASSERT_EQ(script.log(), "open 1 unanswered\n");
    script.batch("a", {secret(60, "2")});
    script.save_and_load();
    script.batch("a", {answer(answered, "3")});
    EXPECT_EQ(script.log(), std::string("open 1 unanswered\n") + (answered == 90 ? "retracted 2 unanswered\n" : ""))
        << "an answer at " << answered << " is none to the first question";
  }
}

TEST(Detector, DuplicatesOfAnotherStreamMoveTheWatermarkAllTheSame) {
  LiveScript script(program());
  script.batch("a", {secret(0, "1")});
  script.batch("b", {tick(0)});
  script.batch("a", {tick(4000)});
  EXPECT_EQ(script.log(), "open 1 secret_read\n") << "b holds it";
  script.batch("b", {tick(4000)});
  EXPECT_EQ(script.counters().correlator.duplicates, 1u);
  EXPECT_EQ(script.log(), "open 1 secret_read\nclosed 2 secret_read\n");
}

TEST(Detector, WhatCannotBeJudgedIsCountedOnce) {
  LiveScript script(program());
  EventText blind = secret(0, "1");
  blind.verb = "create";
  blind.resource = "pods";
  script.batch("a", {blind});
  script.batch("b", {blind});
  const RuleSet& rules = script.detector().program().rules();
  const auto privileged = static_cast<size_t>(rules.find("privileged") - rules.rules.data());
  uint64_t sum = 0;
  for (const uint64_t n : script.detector().rules()[privileged].not_evaluable) sum += n;
  EXPECT_EQ(sum, 1u);
}

TEST(Detector, OpenAlertsBeyondTheirMemoryCloseOldestFirst) {
  DetectorOptions options;
  options.alert_bytes = 20'000;
  LiveScript script(program(), options);
  for (int i = 0; i < 40; ++i) script.batch("a", {secret(i, fmt::format("{}", i), "a", fmt::format("user-{}", i))});
  const DetectorCounters counters = script.counters();
  EXPECT_EQ(counters.opened, 40u);
  EXPECT_GT(counters.closed, 20u);
  EXPECT_GT(counters.open_alerts, 1u);
  EXPECT_EQ(counters.closed, counters.correlator.alerts_closed_early);
  size_t next = 0;
  for (const Alert& alert : script.alerts()) {
    if (alert.status != EpisodeStatus::Closed) continue;
    EXPECT_EQ(alert.actor.username, fmt::format("user-{}", next++));
  }
}

TEST(DetectorLoad, RefusesWhatIsNotItsOwn) {
  LiveScript script(program());
  script.batch("a", {secret(0, "1"), secret(1, "2", "b")});
  const std::string bytes = script.saved();
  Detector fits(program(), {});
  EXPECT_TRUE(fits.load(bytes).has_value());
  Detector other_rules(program_of_text(kAbsence), {});
  EXPECT_FALSE(other_rules.load(bytes).has_value());
  DetectorOptions keyed;
  keyed.key.k0 = 1;
  Detector other_key(program(), keyed);
  EXPECT_FALSE(other_key.load(bytes).has_value());
  for (size_t size = 0; size < bytes.size(); size += 1 + size / 20) {
    Detector cut(program(), {});
    EXPECT_FALSE(cut.load(bytes.substr(0, size)).has_value()) << size;
  }
  Detector longer(program(), {});
  EXPECT_FALSE(longer.load(bytes + "x").has_value());
}

TEST(DetectorReload, RulesThatAreGoneCloseTheirAlertsAndOthersGoOn) {
  LiveScript script(program());
  script.batch("a", {secret(0, "1", "a"), secret(1, "2", "b")});
  ASSERT_EQ(script.log(), "open 1 secret_read\nopen 1 secret_read\n");
  const std::string all = kReplayRules;
  const std::string without = all.substr(all.find("---\ntitle: Body rule") + 4);
  script.reload(program_of_text(without));
  EXPECT_EQ(script.log(), "open 1 secret_read\nopen 1 secret_read\nclosed 2 secret_read\nclosed 2 secret_read\n");
  EXPECT_EQ(script.counters().open_alerts, 0u);
  script.reload(program());
  script.batch("a", {secret(2, "3", "c")});
  EXPECT_EQ(script.log().find("secrets_across"), std::string::npos) << "it began anew";
  EXPECT_EQ(script.counters().correlator.duplicates, 0u);
  script.batch("a", {secret(0, "1", "a")});
  EXPECT_EQ(script.counters().correlator.duplicates, 1u) << "what was seen is still known";
}

TEST(DetectorReload, ARuleWithAnotherMeaningStartsAnewAndItsAlertsClose) {
  LiveScript script(program());
  script.batch("a", {secret(0, "1", "a"), secret(1, "2", "b"), secret(2, "3", "c")});
  script.reload(program_of_text(changed(kReplayRules, "gte: 3}", "gte: 2}")));
  const Alert& last = script.alerts().back();
  EXPECT_EQ(last.rule_name, "secrets_across");
  EXPECT_EQ(last.status, EpisodeStatus::Closed);
  EXPECT_EQ(script.counters().closed, 1u) << "secret_read goes on";
  script.batch("a", {secret(3, "4", "d")});
  EXPECT_EQ(script.alerts().back().rule_name, "secret_read") << "one namespace of two";
  script.batch("a", {secret(4, "5", "e")});
  EXPECT_EQ(script.alerts().back().rule_name, "secrets_across");
  EXPECT_NE(script.alerts().back().id, last.id);
}

TEST(DetectorReload, WhatWaitsForTheWatermarkGoesOnWaiting) {
  LiveScript script(program_of_text(kAbsence));
  script.batch("a", {secret(0, "1")});
  script.reload(program_of_text(changed(kAbsence, "title: Asked", "title: A question")));
  script.batch("a", {tick(200)});
  EXPECT_EQ(script.log(), "open 1 unanswered\n");
}

// What is new to a run of months must not take everything for new at once.
TEST(DetectorReload, ANewRuleLearnsFromThenOn) {
  const std::string fresh = std::string(kReplayRules) + R"(---
title: New reader
id: 77777777-7777-4777-8777-777777777777
name: new_reader
status: test
level: medium
correlation: {type: new_value, rules: [secret_read], group-by: [], timespan: 90d, generate: true, condition: {field: user.username}}
kubevigil: {new_value: {learn: 1h}}
)";
  LiveScript script(program());
  script.batch("a", {tick(0), tick(90'000)});
  script.reload(program_of_text(fresh));
  script.batch("a", {secret(90'001, "1"), tick(99'000), secret(99'001, "2")});
  EXPECT_EQ(script.log().find("new_reader"), std::string::npos) << "learned";
  script.batch("a", {secret(99'002, "3", "a", "mallory")});
  EXPECT_NE(script.log().find("open 1 new_reader"), std::string::npos);
}

}  // namespace
}  // namespace kubevigil
