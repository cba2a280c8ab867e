// Alerts as episodes: what opens, joins and closes them, on events made by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/event_script.h"

namespace kubevigil {
namespace {

// One detection (rule 0), and event_count >= 3 in a minute over it (rule 1).
RuleSet probes_counted() {
  RuleSet rules = detections({"probe"});
  rules.rules.push_back(correlation_over(rules, "probes", CorrelationType::EventCount, Duration::minutes(1), 3, {0}));
  return rules;
}

TEST(CorrelatorEpisodes, OpenJoinAndCloseByThePeriodOfTheFirst) {
  EventScript script(detections({"probe"}));
  script.event(0).hit(0, "alice");
  script.event(10).hit(0, "bob");
  script.event(3599).hit(0, "alice");
  script.event(3600).hit(0, "alice");  // an hour after the first: a new episode
  script.finish();
  EXPECT_EQ(script.log(),
            "open 0 probe alice\n"
            "open 1 probe bob\n"
            "join 0 probe alice count=2\n"
            "close 0 probe alice count=2 revision=3\n"
            "open 2 probe alice\n"
            "close 1 probe bob count=1 revision=2\n"
            "close 2 probe alice count=1 revision=2\n");
}

RuleSet extending_rules() {
  RuleSet rules = detections({"probe"});
  rules.rules[0].extension.dedup.period = Duration::seconds(100);
  rules.rules[0].extension.dedup.extend_to = Duration::seconds(250);
  return rules;
}

TEST(CorrelatorEpisodes, AnExtendedOneEndsAPeriodBehindItsLastMatchOrAtItsLongest) {
  EventScript script(extending_rules());
  for (const int64_t t : {0, 90, 180, 249}) script.event(t).hit(0, "alice");
  script.event(250).hit(0, "alice");  // the longest
  script.event(350).hit(0, "alice");  // a period behind the last match
  script.finish();
  EXPECT_EQ(script.log(),
            "open 0 probe alice\n"
            "join 0 probe alice count=2\n"
            "join 0 probe alice count=3\n"
            "join 0 probe alice count=4\n"
            "close 0 probe alice count=4 revision=5\n"
            "open 1 probe alice\n"
            "close 1 probe alice count=1 revision=2\n"
            "open 2 probe alice\n"
            "close 2 probe alice count=1 revision=2\n");
}

TEST(CorrelatorEpisodes, TheWatermarkClosesAnExtendedOneByItsLastMatch) {
  EventScript script(extending_rules());
  script.event(0).hit(0, "alice");
  script.event(90).hit(0, "alice");
  script.event(60).hit(0, "alice");  // late: it moves nothing
  script.save_and_load();
  script.event(491);
  EXPECT_THAT(script.log(), testing::Not(testing::HasSubstr("close")));
  script.event(492);  // the period, the lateness and the slack are over
  EXPECT_THAT(script.log(), testing::EndsWith("close 0 probe alice count=3 revision=4\n"));
}

TEST(CorrelatorEpisodes, AnOpeningFarInTheFutureDoesNotSwallowWhatIsNow) {
  EventScript script(detections({"probe"}));
  script.event(0);
  script.event(5, {.time = EventScript::time(1'000'000)}).hit(0, "alice");
  script.event(10).hit(0, "alice");
  script.event(20).hit(0, "alice");
  EXPECT_EQ(script.log(),
            "open 0 probe alice\n"
            "close 0 probe alice count=1 revision=2\n"
            "open 1 probe alice\n"
            "join 1 probe alice count=2\n");
}

TEST(CorrelatorEpisodes, TheWatermarkClosesThem) {
  EventScript script(detections({"probe"}));
  script.event(0).hit(0, "alice");
  script.event(3901);
  EXPECT_EQ(script.log(), "open 0 probe alice\n");
  script.event(3902);  // the period, the lateness and the slack are over
  EXPECT_EQ(script.log(), "open 0 probe alice\nclose 0 probe alice count=1 revision=2\n");
}

TEST(CorrelatorEpisodes, WhatComesLateStillJoins) {
  EventScript script(detections({"probe"}));
  script.event(0).hit(0, "alice");
  script.event(3800);
  script.event(3800, {.time = EventScript::time(3599)}).hit(0, "alice");
  EXPECT_EQ(script.log(), "open 0 probe alice\njoin 0 probe alice count=2\n");
}

// Counts with an upper bound fire five minutes behind the watermark; a shorter period must still hold them together.
TEST(CorrelatorEpisodes, ThePeriodIsOfEventTimeAlsoForWhatIsJudgedLate) {
  RuleSet rules = detections({"probe"});
  rules.rules[0].alerts = false;
  rules.rules.push_back(correlation_over(rules, "few", CorrelationType::EventCount, Duration::seconds(10), 0, {0}));
  std::get<Correlation>(rules.rules[1].body).condition.bounds = {{CountCondition::Op::Lt, 3}};
  rules.rules[1].extension.dedup.period = Duration::minutes(1);
  EventScript script(rules);
  for (const int64_t t : {0, 20, 40, 61}) script.event(t).hit(0, "alice");
  for (int64_t t = 62; t < 1000; t += 7) script.event(t);
  EXPECT_EQ(script.log(),
            "open 0 few alice\njoin 0 few alice count=2\njoin 0 few alice count=3\n"
            "close 0 few alice count=3 revision=4\nopen 1 few alice\nclose 1 few alice count=1 revision=2\n");
}

// A tumbling window is judged when all of it is over: what it fires may be an hour old, and still joins its alert and
// counts for those that read it. The borders of hours are at 2800 and every 3600 from there.
TEST(CorrelatorEpisodes, WhatATumblingWindowFiresIsNeverTooLate) {
  RuleSet rules = detections({"probe"});
  rules.rules[0].alerts = false;
  rules.rules.push_back(correlation_over(rules, "few", CorrelationType::EventCount, Duration::hours(1), 0, {0}));
  std::get<Correlation>(rules.rules[1].body).condition.bounds = {{CountCondition::Op::Lt, 3}};
  std::get<Correlation>(rules.rules[1].body).window.kind = WindowSpec::Kind::Tumbling;
  rules.rules[1].extension.dedup.period = Duration::minutes(61);
  rules.rules.push_back(correlation_over(rules, "often", CorrelationType::EventCount, Duration::hours(3), 3, {1}));
  EventScript script(rules);
  for (int64_t t = 2800; t < 20'000; t += 60) {
    script.event(t);
    if (t == 2800 || t == 6400 || t == 10'000) script.hit(0, "alice");
  }
  EXPECT_EQ(script.opened(), "few alice\nfew alice\noften alice\n");
  EXPECT_THAT(script.log(), testing::HasSubstr("join 0 few alice count=2\n"));
}

TEST(CorrelatorEpisodes, IdsAreAFunctionOfRuleKeyAndOpeningEvent) {
  const auto ids = [](int64_t start, const std::string& user) {
    EventScript script(detections({"probe"}));
    script.event(start, {.identity = static_cast<uint64_t>(start)}).hit(0, user);
    return script.changes().at(0).episode;
  };
  const Episode a = ids(0, "alice");
  EXPECT_EQ(a.alert_id, ids(0, "alice").alert_id);
  EXPECT_NE(a.alert_id, ids(1, "alice").alert_id);
  EXPECT_NE(a.alert_id, ids(0, "bob").alert_id);
  EXPECT_EQ(a.dedup_key, ids(1, "alice").dedup_key);
  EXPECT_NE(a.dedup_key, ids(1, "bob").dedup_key);
  EXPECT_EQ(a.alert_id.size(), 36u);
  EXPECT_EQ(a.alert_id[14], '8');
}

TEST(CorrelatorEpisodes, WarmUpIsTrackedButNotReported) {
  CorrelatorOptions options;
  options.open_from = EventScript::time(100);
  EventScript script(detections({"probe"}), options);
  script.event(99).hit(0, "alice");
  script.event(101).hit(0, "alice");
  script.event(102).hit(0, "bob");
  script.finish();
  EXPECT_EQ(script.log(), "open 1 probe bob\nclose 1 probe bob count=1 revision=2\n");
}

TEST(CorrelatorEpisodes, RulesThatDoNotAlertOpenNone) {
  RuleSet rules = probes_counted();
  rules.rules[0].alerts = false;
  EventScript script(rules);
  for (int64_t t : {0, 1, 2}) script.event(t).hit(0, "alice");
  EXPECT_EQ(script.log(), "open 0 probes alice\n");
}

}  // namespace
}  // namespace kubevigil
