#include "engine/app/recent_alerts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/limits.h"
#include "engine/run/self_alert.h"
#include "tests/support/daemon.h"
#include "tests/support/simulated_disk.h"

namespace kubevigil {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

const Timestamp kStart = *parse_rfc3339("2026-01-02T03:00:00Z");

struct Clock : Env {
  Timestamp time = kStart;
  Timestamp now() const override { return time; }
  Duration monotonic() const override { return {}; }
  size_t peak_memory() const override { return 0; }
};

Alert alert_of(int n, uint32_t revision = 1) {
  Alert alert;
  alert.id = "alert " + std::to_string(n);
  alert.revision = revision;
  alert.status = revision == 1 ? EpisodeStatus::Open : EpisodeStatus::Closed;
  alert.rule_id = "id-" + std::to_string(n % 3);
  alert.rule_name = "rule_" + std::to_string(n % 3);
  alert.level = n % 2 == 0 ? Level::Low : Level::High;
  alert.cluster = n % 4 == 0 ? "lab" : "prod";
  alert.last_seen = kStart + Duration::minutes(n);
  return alert;
}

class Recent : public ::testing::Test {
 protected:
  void open(bool thread = false) {
    auto opened =
        Journal::open(disk, {.folder = "/journal", .segment_bytes = 20'000, .commit = {.own_thread = thread}});
    ASSERT_TRUE(opened) << opened.error().message;
    journal = std::move(*opened);
  }
  void append(const Alert& alert) { journal->append(JournalAlert{alert.id, alert.revision, to_json(alert)}); }
  std::vector<std::string> ids(const RecentAlerts& recent, const AlertQuery& query = {}) {
    std::vector<std::string> out;
    for (const RecentAlert& alert : recent.find(query)) out.push_back(alert.id + "/" + std::to_string(alert.revision));
    return out;
  }

  test::SimulatedDisk disk;
  Clock clock;
  std::unique_ptr<Journal> journal;
};

TEST_F(Recent, ShowsDurableAlertsInTheirNewestRevision) {
  open();
  RecentAlerts recent(*journal, clock, nullptr);
  for (int n : {1, 2, 3}) append(alert_of(n));
  recent.step();
  EXPECT_THAT(ids(recent), IsEmpty()) << "nothing is durable yet";
  ASSERT_TRUE(journal->flush());
  recent.step();
  EXPECT_THAT(ids(recent), ElementsAre("alert 3/1", "alert 2/1", "alert 1/1"));
  append(alert_of(1, 2));
  ASSERT_TRUE(journal->flush());
  recent.step();
  EXPECT_THAT(ids(recent), ElementsAre("alert 1/2", "alert 3/1", "alert 2/1"));
  EXPECT_EQ(recent.find({}).front().json, to_json(alert_of(1, 2)));
  EXPECT_EQ(recent.find({}).front().status, "closed");
}

TEST_F(Recent, Filters) {
  open();
  RecentAlerts recent(*journal, clock, nullptr);
  for (int n = 0; n < 8; ++n) append(alert_of(n));
  ASSERT_TRUE(journal->flush());
  recent.step();
  EXPECT_THAT(ids(recent, {.min_level = Level::High}), SizeIs(4));
  EXPECT_THAT(ids(recent, {.rule = "rule_1"}), ElementsAre("alert 7/1", "alert 4/1", "alert 1/1"));
  EXPECT_THAT(ids(recent, {.rule = "id-1"}), SizeIs(3));
  EXPECT_THAT(ids(recent, {.cluster = "lab"}), ElementsAre("alert 4/1", "alert 0/1"));
  EXPECT_THAT(ids(recent, {.status = "closed"}), IsEmpty());
  EXPECT_THAT(ids(recent, {.since = kStart + Duration::minutes(6)}), ElementsAre("alert 7/1", "alert 6/1"));
  EXPECT_THAT(ids(recent, {.limit = 1}), ElementsAre("alert 7/1"));
}

TEST_F(Recent, IsBounded) {
  open();
  RecentAlerts recent(*journal, clock, nullptr);
  for (int n = 0; n < static_cast<int>(limits::kRecentAlerts) + 50; ++n) append(alert_of(n));
  ASSERT_TRUE(journal->flush());
  recent.step();
  EXPECT_THAT(ids(recent, {.limit = 100'000}), SizeIs(limits::kRecentAlerts));
  Alert large = alert_of(5000);
  large.message = std::string(limits::kRecentAlertBytes / 2, 'm');
  append(large);
  ASSERT_TRUE(journal->flush());
  recent.step();
  large.id = "another";
  append(large);
  ASSERT_TRUE(journal->flush());
  recent.step();
  EXPECT_THAT(ids(recent), ElementsAre("another/1"));
}

TEST_F(Recent, ARestartShowsWhatTheJournalHoldsButCountsAnew) {
  open();
  for (int n : {1, 2}) append(alert_of(n));
  ASSERT_TRUE(journal->flush());
  open();
  RecentAlerts recent(*journal, clock, nullptr);
  recent.step();
  EXPECT_THAT(ids(recent), SizeIs(2));
  EXPECT_THAT(recent.totals().opened, IsEmpty());
  append(alert_of(1, 2));
  append(alert_of(4));
  ASSERT_TRUE(journal->flush());
  recent.step();
  const AlertTotals totals = recent.totals();
  EXPECT_EQ(totals.opened, (std::map<std::pair<std::string, Level>, uint64_t>{{{"rule_1", Level::Low}, 1}}));
  EXPECT_THAT(totals.revisions, ElementsAre(1, 0, 1, 0));
}

TEST_F(Recent, MeasuresFromArrivalToTheDisk) {
  open();
  std::vector<double> seconds;
  RecentAlerts recent(*journal, clock, [&](double one) { seconds.push_back(one); });
  append(alert_of(1));  // no input in front of it: nobody knows
  journal->append(JournalInput{"spool", "", "1", 5, kStart});
  append(alert_of(2));
  append(alert_of(2, 2));  // a later revision
  append(self_alert({SelfAlertKind::DiskFull, "kv", 1, 1, "", "", "", kStart, kStart, 1}));
  journal->append(JournalInput{"spool", "1", "2", 5, kStart + Duration::seconds(1)});
  append(alert_of(3));
  journal->append(JournalAlert{"x", 1, "no alert"});
  clock.time = kStart + Duration{2'500'000};
  ASSERT_TRUE(journal->flush());
  recent.step();
  EXPECT_THAT(seconds, ElementsAre(2.5, 1.5));
  EXPECT_EQ(recent.totals().unreadable, 1u);
}

TEST_F(Recent, ItsThreadFollowsAndEnds) {
  open(true);
  RecentAlerts recent(*journal, clock, nullptr);
  recent.start();
  for (int n = 0; n < 100; ++n) append(alert_of(n));
  EXPECT_TRUE(test::becomes([&] { return ids(recent).size() == 100; }));
  recent.stop();
}

}  // namespace
}  // namespace kubevigil
