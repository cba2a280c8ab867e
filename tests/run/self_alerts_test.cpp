#include "engine/run/self_alerts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "engine/alert/alert_reader.h"
#include "engine/base/limits.h"
#include "tests/support/json_schema.h"

namespace kubevigil {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

const Timestamp kThree = *parse_rfc3339("2026-01-02T03:00:00Z");
Timestamp since_three(int64_t seconds) { return kThree + Duration::seconds(seconds); }

SelfAlertEvent event(SelfAlertKind kind, int64_t seconds, std::string subject = "x", std::string detail = "d") {
  return {kind, "prod", std::move(subject), std::move(detail), since_three(seconds)};
}

TEST(SelfAlertTable, RowsAreWholeAndUnlike) {
  std::set<std::string_view> ids, names, titles;
  for (const SelfAlertRow& row : self_alert_rows()) {
    EXPECT_TRUE(ids.insert(row.rule_id).second && names.insert(row.name).second && titles.insert(row.title).second);
    EXPECT_EQ(row.rule_id.size(), 36u) << row.name;
    EXPECT_EQ(row.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"), std::string_view::npos) << row.name;
    EXPECT_FALSE(row.subject.empty() || row.next_step.empty()) << row.name;
    EXPECT_EQ(find_self_alert(row.rule_id), &row);
    EXPECT_EQ(&self_alert_row(row.kind), &row);
  }
  EXPECT_FALSE(is_self_alert("7eb0f3ec-1102-4ed3-b749-72a8cc84fa71"));
  EXPECT_FALSE(is_self_alert(""));
}

TEST(SelfAlertTable, EveryKindIsAWholeAlert) {
  for (const SelfAlertRow& row : self_alert_rows()) {
    Alert alert = self_alert(
        {row.kind, "kv-0", 7, 0, "prod", "s\n\x1b[31m", std::string(5000, 'd'), since_three(0), since_three(9), 3});
    EXPECT_THAT(test::schema_problems(alert_schema(), to_json(alert)), IsEmpty()) << row.name;
    EXPECT_EQ(to_json(*alert_from_json(to_json(alert))), to_json(alert));
    EXPECT_EQ(alert.level, row.level);
    EXPECT_THAT(alert.message, AllOf(HasSubstr(row.title), HasSubstr("(3 times since 2026-01-02T03:00:00")));
    EXPECT_LT(alert.message.size(), 2 * limits::kSelfAlertTextBytes);
    EXPECT_EQ(alert.status == EpisodeStatus::Open, row.life == SelfAlertLife::State);
    if (row.life == SelfAlertLife::Moment) continue;
    const std::string id = alert.id;
    close_self_alert(alert, "all is well", since_three(60), 4);
    EXPECT_THAT(test::schema_problems(alert_schema(), to_json(alert)), IsEmpty()) << row.name;
    EXPECT_EQ(std::tuple(alert.id, alert.revision, alert.status), std::tuple(id, 2u, EpisodeStatus::Closed));
    EXPECT_EQ(alert.duration_seconds, 60.0);
    EXPECT_THAT(alert.message, HasSubstr("all is well"));
  }
}

TEST(SelfAlertTable, IdsDifferPerRaiseAndKeysDoNot) {
  SelfAlertFacts facts{SelfAlertKind::InputGap, "kv-0", 7, 0, "prod", "spool", "", since_three(0), since_three(0), 1};
  const Alert first = self_alert(facts);
  std::set<std::string> ids = {first.id};
  const auto changed = [&](auto change) {
    SelfAlertFacts other = facts;
    change(other);
    const Alert alert = self_alert(other);
    EXPECT_TRUE(ids.insert(alert.id).second);
    return alert.dedup_key;
  };
  EXPECT_EQ(changed([](auto& f) { f.number = 1; }), first.dedup_key);
  EXPECT_EQ(changed([](auto& f) { f.nonce = 8; }), first.dedup_key);
  EXPECT_NE(changed([](auto& f) { f.instance = "kv-1"; }), first.dedup_key);
  EXPECT_NE(changed([](auto& f) { f.cluster = "lab"; }), first.dedup_key);
  EXPECT_NE(changed([](auto& f) { f.subject = "tail"; }), first.dedup_key);
  EXPECT_NE(changed([](auto& f) { f.kind = SelfAlertKind::BadRecords; }), first.dedup_key);
  EXPECT_EQ(self_alert(facts).id, first.id);
}

TEST(SelfAlerts, AMomentIsToldAtOnceAndThenEveryFiveMinutes) {
  SelfAlerts alerts("kv-0", 1);
  alerts.raise(event(SelfAlertKind::LateData, 0, "x", "first"));
  const auto first = alerts.due(since_three(0));
  ASSERT_THAT(first, SizeIs(1));
  EXPECT_EQ(first[0].count, 1u);
  EXPECT_EQ(first[0].status, EpisodeStatus::Closed);
  for (int s = 1; s <= 200; ++s) alerts.raise(event(SelfAlertKind::LateData, s, "x", "n" + std::to_string(s)));
  alerts.raise(event(SelfAlertKind::LateData, 200, "y"));
  EXPECT_THAT(alerts.due(since_three(299)), SizeIs(1)) << "another subject does not wait";
  const auto second = alerts.due(since_three(300));
  ASSERT_THAT(second, SizeIs(1));
  EXPECT_EQ(second[0].count, 200u);
  EXPECT_THAT(second[0].message, AllOf(HasSubstr("n200"), HasSubstr("200 times since 2026-01-02T03:00:01")));
  EXPECT_EQ(second[0].dedup_key, first[0].dedup_key);
  EXPECT_NE(second[0].id, first[0].id);
  EXPECT_THAT(alerts.due(since_three(10'000)), IsEmpty());
  EXPECT_EQ(alerts.counts().folded, 200u);
  EXPECT_EQ(alerts.counts().sent, 3u);
}

TEST(SelfAlerts, WhatMustBeToldBeforeSomethingElseIsToldAtOnce) {
  SelfAlerts alerts("kv-0", 1);
  const auto now = [&] { return alerts.due_at_once(SelfAlertKind::InputGap, "prod", "x", since_three(2)); };
  EXPECT_TRUE(now().empty());
  for (int i = 0; i < 2; ++i) alerts.raise(event(SelfAlertKind::InputGap, i));
  alerts.raise(event(SelfAlertKind::InputGap, 1, "y"));
  ASSERT_EQ(now().size(), 1u);
  EXPECT_TRUE(now().empty());
  alerts.raise(event(SelfAlertKind::InputGap, 2));
  EXPECT_EQ(now().size(), 1u) << "in the five minutes behind the last one, too";
  EXPECT_EQ(alerts.due(since_three(2)).size(), 1u) << "the other subject";
}

TEST(SelfAlerts, AStateOpensOnceAndClosesUnderItsId) {
  SelfAlerts alerts("kv-0", 1);
  alerts.clear(event(SelfAlertKind::DiskFull, 0));
  EXPECT_THAT(alerts.due(since_three(0)), IsEmpty()) << "nothing was raised";
  alerts.raise(event(SelfAlertKind::DiskFull, 1));
  const auto opened = alerts.due(since_three(1));
  ASSERT_THAT(opened, SizeIs(1));
  EXPECT_EQ(opened[0].status, EpisodeStatus::Open);
  for (int s = 2; s < 1000; ++s) alerts.raise(event(SelfAlertKind::DiskFull, s));
  EXPECT_THAT(alerts.due(since_three(1000)), IsEmpty());
  alerts.clear(event(SelfAlertKind::DiskFull, 1000, "x", "1 GB is free"));
  const auto closed = alerts.due(since_three(1001));
  ASSERT_THAT(closed, SizeIs(1));
  EXPECT_EQ(std::tuple(closed[0].id, closed[0].revision, closed[0].status),
            std::tuple(opened[0].id, 2u, EpisodeStatus::Closed));
  EXPECT_EQ(closed[0].count, 999u);
  EXPECT_THAT(closed[0].message, HasSubstr("1 GB is free"));
  alerts.raise(event(SelfAlertKind::DiskFull, 1002));
  const auto again = alerts.due(since_three(1002));
  ASSERT_THAT(again, SizeIs(1));
  EXPECT_NE(again[0].id, opened[0].id);
  EXPECT_EQ(again[0].dedup_key, opened[0].dedup_key);
}

TEST(SelfAlerts, WhatComesAndGoesIsOneAlert) {
  SelfAlerts alerts("kv-0", 1);
  size_t told = 0;
  for (int s = 0; s < 3600; ++s) {
    alerts.raise(event(SelfAlertKind::SinkFailing, s));
    told += alerts.due(since_three(s)).size();
    alerts.clear(event(SelfAlertKind::SinkFailing, s));
    told += alerts.due(since_three(s)).size();
  }
  EXPECT_LE(told, 2u * 13);
  EXPECT_GE(told, 2u * 11);
  alerts.raise(event(SelfAlertKind::SinkFailing, 4000, "quick"));
  alerts.clear(event(SelfAlertKind::SinkFailing, 4000, "quick"));
  EXPECT_THAT(alerts.due(since_three(4000)), Not(IsEmpty())) << "raised and over between two looks: told all the same";
}

TEST(SelfAlerts, SubjectsAreBoundedAndForgotten) {
  SelfAlerts alerts("kv-0", 1);
  for (size_t i = 0; i < 10 * limits::kSelfAlertSubjects; ++i) {
    alerts.raise(event(SelfAlertKind::UnknownSender, 0, "peer " + std::to_string(i)));
    alerts.raise(event(SelfAlertKind::SinkFailing, 0, "sink " + std::to_string(i)));
  }
  const auto told = alerts.due(since_three(0));
  EXPECT_THAT(told, SizeIs(2 * (limits::kSelfAlertSubjects + 1)));
  size_t others = 0;
  for (const Alert& alert : told) {
    if (alert.group.back().second != "(others)") continue;
    ++others;
    EXPECT_EQ(alert.count, 9 * limits::kSelfAlertSubjects);
    EXPECT_EQ(alert.status, EpisodeStatus::Closed);
  }
  EXPECT_EQ(others, 2u);
  EXPECT_EQ(alerts.counts().others, 18 * limits::kSelfAlertSubjects);
  EXPECT_THAT(alerts.due(since_three(301)), IsEmpty());
  alerts.raise(event(SelfAlertKind::UnknownSender, 302, "new"));
  const auto later = alerts.due(since_three(302));
  ASSERT_THAT(later, SizeIs(1));
  EXPECT_EQ(later[0].group.back().second, "new");
}

TEST(SelfAlerts, AClockThatGoesBackHidesNothing) {
  SelfAlerts alerts("kv-0", 1);
  alerts.raise(event(SelfAlertKind::LateData, 86'400 * 365));
  EXPECT_THAT(alerts.due(since_three(86'400 * 365)), SizeIs(1));
  alerts.raise(event(SelfAlertKind::LateData, 10));
  EXPECT_THAT(alerts.due(since_three(10)), SizeIs(1));
  alerts.raise(event(SelfAlertKind::LateData, 20));
  EXPECT_THAT(alerts.due(since_three(20)), IsEmpty());
}

TEST(SelfAlerts, AnOrderlyEndTellsAllAndClosesStates) {
  SelfAlerts alerts("kv-0", 1);
  alerts.raise(event(SelfAlertKind::SourceSilent, 0));
  alerts.raise(event(SelfAlertKind::LateData, 0));
  EXPECT_THAT(alerts.due(since_three(0)), SizeIs(2));
  alerts.raise(event(SelfAlertKind::LateData, 1));
  alerts.raise(event(SelfAlertKind::DiskFull, 1));
  std::set<std::pair<std::string, EpisodeStatus>> told;
  for (const Alert& alert : alerts.finish(since_three(2))) told.emplace(alert.rule_name, alert.status);
  EXPECT_EQ(told, (std::set<std::pair<std::string, EpisodeStatus>>{{"kubevigil_late_data", EpisodeStatus::Closed},
                                                                   {"kubevigil_source_silent", EpisodeStatus::Closed},
                                                                   {"kubevigil_disk_full", EpisodeStatus::Open},
                                                                   {"kubevigil_disk_full", EpisodeStatus::Closed}}));
  EXPECT_THAT(alerts.finish(since_three(2)), IsEmpty());
}

TEST(SelfAlerts, AStateGoesOnAfterARestart) {
  SelfAlerts before("kv-0", 1);
  for (const char* subject : {"lasting", "over", "closed"}) before.raise(event(SelfAlertKind::SinkFailing, 0, subject));
  std::vector<Alert> journal = before.due(since_three(0));
  before.clear(event(SelfAlertKind::SinkFailing, 400, "closed"));
  for (const Alert& alert : before.due(since_three(400))) journal.push_back(alert);
  ASSERT_THAT(journal, SizeIs(4));

  SelfAlerts after("kv-0", 2);
  for (const Alert& alert : journal) after.adopt(*alert_from_json(to_json(alert)), since_three(500));
  after.raise(event(SelfAlertKind::SinkFailing, 510, "lasting"));
  EXPECT_THAT(after.due(since_three(510)), IsEmpty()) << "it is open already";
  const auto closed = after.due(since_three(800));
  ASSERT_THAT(closed, SizeIs(1));
  EXPECT_EQ(closed[0].group.back().second, "over");
  EXPECT_EQ(closed[0].revision, 2u);
  after.clear(event(SelfAlertKind::SinkFailing, 900, "lasting"));
  const auto last = after.due(since_three(900));
  ASSERT_THAT(last, SizeIs(1));
  EXPECT_EQ(last[0].id, journal[1].id);

  SelfAlerts other("kv-1", 2);
  for (const Alert& alert : journal) other.adopt(alert, since_three(500));
  EXPECT_THAT(other.finish(since_three(2000)), IsEmpty()) << "states of another instance are not ours to close";
}

TEST(SelfAlerts, AnyScriptKeepsItsPromises) {
  for (uint32_t seed = 1; seed <= 50; ++seed) {
    std::mt19937 random(seed);
    SelfAlerts alerts("kv-0", seed);
    std::set<std::pair<std::string, uint32_t>> seen;
    std::map<std::string, std::vector<int64_t>> opened;  // by dedup_key
    uint64_t raised = 0, told = 0;
    const auto take = [&](const std::vector<Alert>& out, int64_t now) {
      for (const Alert& alert : out) {
        ASSERT_TRUE(seen.emplace(alert.id, alert.revision).second) << "seed " << seed;
        if (alert.revision == 2) {
          ASSERT_TRUE(seen.contains({alert.id, 1})) << "seed " << seed;
          told += alert.count - 1;  // those that opened it were told of; here always one
          continue;
        }
        told += alert.status == EpisodeStatus::Open ? 1 : alert.count;
        opened[alert.dedup_key].push_back(now);
      }
    };
    int64_t now = 0;
    for (int step = 0; step < 2000; ++step) {
      now += random() % 20;
      const auto kind = static_cast<SelfAlertKind>(random() % kSelfAlertKinds);
      const auto e = event(kind, now, std::to_string(random() % 3));
      if (random() % 3 == 0) {
        alerts.clear(e);
      } else {
        alerts.raise(e);
        ++raised;
      }
      take(alerts.due(since_three(now)), now);
    }
    take(alerts.finish(since_three(now)), -1);
    EXPECT_EQ(told, raised) << "seed " << seed << ": every raise is told of";
    for (const auto& [key, times] : opened) {
      for (size_t i = 1; i < times.size(); ++i) {
        if (times[i] < 0) continue;  // the end waits for nothing
        EXPECT_GE(times[i] - times[i - 1], 300) << "seed " << seed;
      }
    }
  }
}

}  // namespace
}  // namespace kubevigil
