// What starts the servers of tests: they get none of the tests' own variables, and do not outlive a test that crashes.
#include "tests/support/daemon.h"

#include <gmock/gmock.h>

#include <array>

#include "tests/e2e/program.h"

namespace kubevigil {
namespace {

TEST(Daemon, GetsNoVariableOfTests) {
  const e2e::Folder folder;
  const std::string out = folder.path("out");
  const pid_t child = ::fork();  // so that the variables are set there only
  if (child == 0) {
    ::setenv("KUBEVIGIL_KAFKA_VERSION", "4.1.1", 1);
    ::setenv("OF_THE_TEST", "handed on", 1);
    test::Daemon daemon({"/usr/bin/env"}, out);
    ::waitpid(daemon.id(), nullptr, 0);
    ::_exit(0);
  }
  ::waitpid(child, nullptr, 0);
  const std::string said = e2e::read_file(out);
  EXPECT_THAT(said, testing::HasSubstr("OF_THE_TEST=handed on"));
  EXPECT_THAT(said, testing::Not(testing::HasSubstr("KUBEVIGIL_KAFKA_VERSION")));
}

// The pipe is written to by nobody: it ends when the last who has it does.
TEST(Daemon, DoesNotOutliveATestThatCrashes) {
  const e2e::Folder folder;
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const test::Daemon daemon({"/bin/sleep", "600"}, folder.path("out"));
    ::kill(::getpid(), SIGKILL);
  }
  ::close(ends[1]);
  ::waitpid(child, nullptr, 0);
  pollfd end{ends[0], POLLIN, 0};
  EXPECT_EQ(::poll(&end, 1, 60'000), 1) << "it lives";
  ::close(ends[0]);
}

}  // namespace
}  // namespace kubevigil
