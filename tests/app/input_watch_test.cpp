#include "engine/app/input_watch.h"

#include <gmock/gmock.h>

#include "tests/support/memory_log.h"

namespace kubevigil {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class InputWatchTest : public testing::Test {
 protected:
  static constexpr int kAlertAfter = InputWatch::kAlertAfter.micros / 1'000'000;
  static constexpr int kSaidAfter = InputWatch::kSaidAfter.micros / 1'000'000;

  void look(const std::string& problem, int seconds) {
    IntakeStatus status;
    status.name = "kafka/main";
    status.problem = problem;
    status.source.stands_by = stands_by;
    for (; seconds > 0; --seconds) {
      watch.review(std::span(&status, 1));
      env.time.micros += 1'000'000;
    }
  }
  std::vector<Alert> told() { return self_alerts.due(env.now()); }
  bool stands_by = false;
  SetEnv env;
  MemoryLog log{env};
  SelfAlerts self_alerts{"kv-0", 1};
  InputWatch watch{env, log, self_alerts};
};

TEST_F(InputWatchTest, WhatPassesIsNotSaid) {
  look("", 3);
  look("no broker answers", 4);
  look("", 20);
  look("a leader moves", 3);
  look("no broker answers", 3);
  look("", 1);
  EXPECT_THAT(log.lines(), IsEmpty());
}

TEST_F(InputWatchTest, WhatLastsIsSaidOnceAndSoIsItsEnd) {
  look("no broker answers", 100);
  look("", 2);
  look("no broker answers", 2);
  look("the group is held by b", 100);
  look("", 100);
  EXPECT_THAT(log.lines(),
              ElementsAre(HasSubstr("no broker answers"), HasSubstr("the group is held by b"), HasSubstr("goes on")));
}

TEST_F(InputWatchTest, WhatLastsForMinutesIsAnAlertUntilItIsOver) {
  look("no broker answers", kAlertAfter / 2);
  look("", 1);  // a flicker
  look("the login is refused", kAlertAfter / 2 - 1);
  EXPECT_THAT(told(), IsEmpty());
  look("the login is refused", 1);
  const auto opened = told();
  ASSERT_THAT(opened, SizeIs(1));
  EXPECT_EQ(opened[0].rule_name, "kubevigil_input_stuck");
  EXPECT_EQ(opened[0].status, EpisodeStatus::Open);
  EXPECT_EQ(opened[0].group.back().second, "kafka/main");
  EXPECT_EQ(opened[0].message, "An input cannot be read: kafka/main: the login is refused");
  look("the login is refused", 3600);
  look("", kSaidAfter - 1);
  EXPECT_THAT(told(), IsEmpty());
  look("", 2);
  const auto closed = told();
  ASSERT_THAT(closed, SizeIs(1));
  EXPECT_EQ(closed[0].id, opened[0].id);
  EXPECT_EQ(closed[0].status, EpisodeStatus::Closed);
  EXPECT_EQ(closed[0].count, 1u);
}

TEST_F(InputWatchTest, WhatDoesNotLastIsNoAlert) {
  for (int i = 0; i < 10; ++i) {
    look("no broker answers", kAlertAfter - kSaidAfter);
    look("", kSaidAfter + 1);
  }
  EXPECT_THAT(told(), IsEmpty());
}

TEST_F(InputWatchTest, StandingByIsNoAlert) {
  stands_by = true;
  look("the group is held by b", 2 * kAlertAfter);
  EXPECT_THAT(told(), IsEmpty());
  stands_by = false;
  look("the group cannot be asked", kAlertAfter + 1);
  ASSERT_THAT(told(), SizeIs(1));
  stands_by = true;
  look("the group is held by b", 2 * kAlertAfter);
  EXPECT_THAT(told(), SizeIs(1)) << "closed";
}

TEST_F(InputWatchTest, AnAlertNamesTheInputEscaped) {
  IntakeStatus status;
  status.name = "tail//var/log/a\x1b[2J";
  status.problem = "may not be read";
  for (int second = 0; second <= kAlertAfter; ++second, env.time.micros += 1'000'000) watch.review({&status, 1});
  const auto opened = told();
  ASSERT_THAT(opened, SizeIs(1));
  EXPECT_EQ(opened[0].message, "An input cannot be read: tail//var/log/a\\x1b[2J: may not be read");
}

}  // namespace
}  // namespace kubevigil
