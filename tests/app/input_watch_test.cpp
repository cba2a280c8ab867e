#include "engine/app/input_watch.h"

#include <gmock/gmock.h>

#include "tests/support/memory_log.h"

namespace kubevigil {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class InputWatchTest : public testing::Test {
 protected:
  void look(const std::string& problem, int seconds) {
    IntakeStatus status;
    status.name = "kafka/main";
    status.problem = problem;
    for (; seconds > 0; --seconds) {
      watch.review(std::span(&status, 1));
      env.time.micros += 1'000'000;
    }
  }
  SetEnv env;
  MemoryLog log{env};
  InputWatch watch{env, log};
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

}  // namespace
}  // namespace kubevigil
