#include "outputs/firing_alerts.h"

#include <gtest/gtest.h>

namespace kubevigil {
namespace {

constexpr Timestamp kStart{1'767'312'000'000'000};
constexpr Duration kExpiry = Duration::minutes(15);

Timestamp at(int64_t minutes) { return kStart + Duration::minutes(minutes); }

Alert alert_of(const std::string& id, const std::string& key, EpisodeStatus status = EpisodeStatus::Open,
               int64_t last_minute = 0, uint32_t revision = 1) {
  Alert a;
  a.id = id;
  a.dedup_key = key;
  a.status = status;
  a.revision = revision;
  a.time = a.first_seen = kStart;
  a.last_seen = at(last_minute);
  return a;
}

std::string due(FiringAlerts& firing, int64_t minute, size_t most = 100) {
  std::string out;
  for (const Alert& a : firing.due(at(minute), most)) out += a.id + "." + std::to_string(a.revision) + " ";
  return out;
}

TEST(FiringAlerts, AreSentEveryMinuteUntilTheyExpire) {
  FiringAlerts firing(kExpiry);
  firing.delivered(alert_of("a", "k"), at(0));
  EXPECT_EQ(due(firing, 0), "");
  for (int64_t minute = 1; minute <= 15; ++minute) EXPECT_EQ(due(firing, minute), "a.1 ") << minute;
  EXPECT_EQ(due(firing, 15), "") << "once a minute";
  EXPECT_EQ(due(firing, 16), "");
  EXPECT_EQ(firing.size(), 0u);
}

TEST(FiringAlerts, ResolvedOnesAreSentForAWhile) {
  FiringAlerts firing(kExpiry);
  firing.delivered(alert_of("a", "k"), at(0));
  firing.delivered(alert_of("a", "k", EpisodeStatus::Closed, 2, 2), at(3));
  for (int64_t minute = 4; minute <= 8; ++minute) EXPECT_EQ(due(firing, minute), "a.2 ") << minute;
  EXPECT_EQ(due(firing, 9), "");
}

TEST(FiringAlerts, WhatIsToldOnceFiresUntilItExpires) {
  FiringAlerts firing(kExpiry);
  firing.delivered(alert_of("a", "k", EpisodeStatus::Closed), at(0));
  firing.recalled(alert_of("long ago", "k2", EpisodeStatus::Closed), at(100));
  for (int64_t minute = 1; minute <= 15; ++minute) EXPECT_EQ(due(firing, minute), "a.1 ") << minute;
  EXPECT_EQ(due(firing, 16), "");
}

TEST(FiringAlerts, TheEndOfOneDoesNotResolveTheNext) {
  FiringAlerts firing(kExpiry);
  firing.delivered(alert_of("a", "k", EpisodeStatus::Closed, 0, 2), at(0));
  Alert next = alert_of("b", "k", EpisodeStatus::Open, 1);
  next.time = at(1);
  firing.delivered(next, at(1));
  EXPECT_EQ(due(firing, 2), "b.1 ");
  firing.delivered(alert_of("a", "k", EpisodeStatus::Closed, 0, 2), at(2));  // a late retry
  EXPECT_EQ(due(firing, 3), "b.1 ");
}

TEST(FiringAlerts, OldRevisionsChangeNothing) {
  FiringAlerts firing(kExpiry);
  firing.delivered(alert_of("a", "k", EpisodeStatus::Closed, 0, 3), at(0));
  firing.delivered(alert_of("a", "k", EpisodeStatus::Update, 0, 2), at(0));
  EXPECT_EQ(due(firing, 1), "a.3 ");
}

TEST(FiringAlerts, ThoseFoundLateAreHeardAtLeastForAWhile) {
  FiringAlerts firing(kExpiry);
  firing.delivered(alert_of("a", "k"), at(600));
  EXPECT_EQ(due(firing, 601), "a.1 ");
  EXPECT_EQ(due(firing, 606), "");
}

// A file of reminders may be days old: a restart must not page anybody for what was over then.
TEST(FiringAlerts, WhatWasOverDoesNotFireAfterARestart) {
  FiringAlerts firing(kExpiry);
  firing.recalled(alert_of("over", "k1"), at(100));
  firing.recalled(alert_of("goes on", "k2", EpisodeStatus::Open, 95), at(100));
  firing.recalled(alert_of("resolved", "k3", EpisodeStatus::Closed, 95, 2), at(100));
  EXPECT_EQ(due(firing, 101), "goes on.1 resolved.2 ");
  EXPECT_EQ(due(firing, 110), "goes on.1 ");
  EXPECT_EQ(due(firing, 111), "");
}

TEST(FiringAlerts, AreBounded) {
  const size_t one = to_json(alert_of("000", "000")).size();
  FiringAlerts firing(kExpiry, 10 * one);
  for (int i = 0; i < 100; ++i) {
    const std::string id = std::to_string(100 + i);
    firing.delivered(alert_of(id, id), kStart + Duration::seconds(i));
  }
  EXPECT_EQ(firing.size(), 10u);
  EXPECT_EQ(firing.forgotten(), 90u);
  EXPECT_EQ(due(firing, 3, 2), "190.1 191.1 ") << "longest waiting first";
  EXPECT_EQ(due(firing, 3, 1), "192.1 ");
}

}  // namespace
}  // namespace kubevigil
