// Two real instances that follow one log, with one lease: one sends; killed, the other sends under the same ids.
#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <string>

#include "engine/base/timestamp.h"
#include "tests/e2e/exec_event.h"
#include "tests/e2e/program.h"
#include "tests/support/daemon.h"

namespace kubevigil::e2e {
namespace {

using test::becomes;

// `kubevigil serve` with data, alerts and log of its own in a folder that the other instance shares.
class Instance {
 public:
  // Where the machine stands still for a ttl, the other one rightly takes over: let it be long.
  Instance(const Folder& folder, std::string name, int ttl_seconds) : folder_(folder), name_(std::move(name)) {
    folder_.write(name_ + ".yaml", fmt::format(R"(
data: {0}/data-{1}
instance: {1}
inputs: {{tail: [{{path: {0}/audit.log, cluster: lab}}]}}
outputs: [{{name: out, transport: file, encoding: jsonl, file: {{path: {0}/alerts-{1}}}}}]
admin: {{listen: "127.0.0.1:{2}"}}
standby: {{lease-file: {0}/lease, ttl: {3}s}}
)",
                                               folder_.path(), name_, test::free_port(), ttl_seconds));
    start();
  }
  ~Instance() { end(SIGKILL); }

  void end(int signal) {
    if (process_ < 0) return;
    ::kill(process_, signal);
    int status = 0;
    ::waitpid(process_, &status, 0);
    process_ = -1;
  }
  const std::string& name() const { return name_; }
  // Of the detections' alerts; revisions of one alert have one id.
  std::set<std::string> ids() const {
    std::set<std::string> out;
    std::ifstream in(folder_.path("alerts-" + name_), std::ios::binary);
    for (std::string line; std::getline(in, line);) {
      if (line.find("\"name\":\"kubevigil_") != std::string::npos) continue;
      const size_t at = line.find("\"id\":\"");
      if (at != std::string::npos) out.insert(line.substr(at, 42));
    }
    return out;
  }
  std::string log() const { return read_file(folder_.path("log-" + name_)); }

 private:
  void start() {
    const std::string config = folder_.path(name_ + ".yaml"), log = folder_.path("log-" + name_);
    process_ = ::fork();
    if (process_ != 0) return;
    const int err = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(err, 1);
    ::dup2(err, 2);
    ::execl(KUBEVIGIL_BINARY, KUBEVIGIL_BINARY, "serve", "-c", config.c_str(), nullptr);
    ::_exit(127);
  }

  const Folder& folder_;
  const std::string name_;
  pid_t process_ = -1;
};

TEST(StandbyPair, TakesOverUnderTheSameIds) {
  const Folder folder;
  const auto append = [&](int first, int end) {
    std::ofstream log(folder.path("audit.log"), std::ios::binary | std::ios::app);
    for (int n = first; n < end; ++n) log << exec_event(n);
  };
  append(0, 5);
  Instance a(folder, "a", 6), b(folder, "b", 6);
  ASSERT_TRUE(becomes([&] { return a.ids().size() >= 5 || b.ids().size() >= 5; })) << a.log() << b.log();
  Instance& holder = a.ids().empty() ? b : a;
  Instance& standby = a.ids().empty() ? a : b;
  const std::set<std::string> before = holder.ids();
  EXPECT_TRUE(standby.ids().empty()) << "it waits";
  holder.end(SIGKILL);
  append(5, 8);
  ASSERT_TRUE(becomes([&] { return standby.ids().size() >= 8; })) << standby.log();
  const std::set<std::string> after = standby.ids();
  EXPECT_EQ(after.size(), 8u);
  EXPECT_TRUE(std::includes(after.begin(), after.end(), before.begin(), before.end()))
      << "a consumer that knows alerts by their id hears nothing twice";
}

TEST(StandbyPair, AnOrderlyStopHandsOver) {
  const Folder folder;
  std::ofstream(folder.path("audit.log"), std::ios::binary) << exec_event(1);
  Instance a(folder, "a", 9), b(folder, "b", 9);
  ASSERT_TRUE(becomes([&] { return !a.ids().empty() || !b.ids().empty(); })) << a.log() << b.log();
  Instance& holder = a.ids().empty() ? b : a;
  Instance& standby = a.ids().empty() ? a : b;
  holder.end(SIGTERM);
  // While the process ends, the other one may have taken already what was given back.
  EXPECT_THAT(read_file(folder.path("lease")),
              testing::AnyOf(testing::HasSubstr("released yes"), testing::HasSubstr("holder " + standby.name() + "/")));
  ASSERT_TRUE(becomes([&] { return standby.ids().size() == 1; })) << standby.log();
  EXPECT_EQ(standby.ids(), holder.ids());
}

}  // namespace
}  // namespace kubevigil::e2e
