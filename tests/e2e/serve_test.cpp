// The real program over restarts: a log that is being written, posts to the webhook, alerts in a file.
#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "engine/base/timestamp.h"
#include "tests/e2e/exec_event.h"
#include "tests/e2e/program.h"
#include "tests/support/daemon.h"

namespace kubevigil::e2e {
namespace {

using test::becomes;

// `kubevigil serve` on a folder of its own.
class Served {
 public:
  explicit Served(std::string more = "") : more_(std::move(more)) { configure("builtin: true"); }
  ~Served() { kill(); }

  void configure(const std::string& rules, const std::string& outputs = "") {
    folder_.write("kubevigil.yaml", fmt::format(R"(
data: {0}/data
instance: test
rules: {{{1}}}
inputs:
  tail: [{{path: {0}/audit.log, cluster: lab}}]
outputs: [{{name: out, transport: file, encoding: jsonl, file: {{path: {0}/alerts.jsonl}}}}{4}]
admin: {{listen: "127.0.0.1:{2}"}}
{3})",
                                                folder_.path(), rules, test::free_port(), more_, outputs));
  }
  void start() {
    const std::string config = folder_.path("kubevigil.yaml"), log = folder_.path("log");
    process_ = ::fork();
    if (process_ != 0) return;
    const int err = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(err, 1);
    ::dup2(err, 2);
    ::execl(KUBEVIGIL_BINARY, KUBEVIGIL_BINARY, "serve", "-c", config.c_str(), nullptr);
    ::_exit(127);
  }
  // Exit code, or 128 + the signal that ended it.
  int end(int signal) {
    if (process_ < 0) return -1;
    ::kill(process_, signal);
    int status = 0;
    ::waitpid(process_, &status, 0);
    process_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  void kill() { end(SIGKILL); }
  void hang_up() { ::kill(process_, SIGHUP); }

  void append(const std::string& lines) {
    std::ofstream(folder_.path("audit.log"), std::ios::binary | std::ios::app) << lines;
  }
  // As the API server does it: the time in the name is when.
  void rotate(const std::string& time) {
    std::filesystem::rename(folder_.path("audit.log"), folder_.path("audit-" + time + ".log"));
  }
  // (id, revision) of the rule's alerts, how often each came; all rules when it is empty.
  std::map<std::string, int> alerts(const std::string& rule = "") {
    std::map<std::string, int> out;
    std::ifstream in(folder_.path("alerts.jsonl"), std::ios::binary);
    for (std::string line; std::getline(in, line);) {
      if (!rule.empty() && line.find("\"name\":\"" + rule + "\"") == std::string::npos) continue;
      if (rule.empty() && line.find("\"name\":\"kubevigil_") != std::string::npos) continue;
      const size_t id = line.find("\"id\":\""), revision = line.find("\"revision\":");
      ++out[line.substr(id, 42) + line.substr(revision, 13)];
    }
    return out;
  }
  bool has_alerts(size_t number) {
    return becomes([&] { return alerts().size() >= number; });
  }
  std::string log() { return read_file(folder_.path("log")); }
  bool says(const std::string& text, size_t times = 1) {
    return becomes([&] {
      const std::string all = log();
      size_t found = 0;
      for (size_t at = all.find(text); at != std::string::npos; at = all.find(text, at + 1)) ++found;
      return found >= times;
    });
  }
  const Folder& folder() const { return folder_; }

 private:
  const Folder folder_;
  const std::string more_;
  pid_t process_ = -1;
};

void expect_each_once(const std::map<std::string, int>& alerts) {
  for (const auto& [name, times] : alerts) EXPECT_EQ(times, 1) << name;
}

TEST(Serve, FollowsALogOverStopsAndKills) {
  Served served;
  served.start();
  served.append(exec_event(1) + exec_event(2));
  ASSERT_TRUE(served.has_alerts(2)) << served.log();
  EXPECT_EQ(served.end(SIGTERM), 0) << served.log();
  served.append(exec_event(3));  // while it is away
  served.start();
  served.append(exec_event(4));
  ASSERT_TRUE(served.has_alerts(4)) << served.log();
  EXPECT_EQ(served.end(SIGKILL), 128 + SIGKILL);
  served.start();
  served.append(exec_event(5));
  ASSERT_TRUE(served.has_alerts(5)) << served.log();
  EXPECT_EQ(served.end(SIGINT), 0);
  EXPECT_EQ(served.alerts().size(), 5u);
  expect_each_once(served.alerts());
  EXPECT_EQ(served.log().find("\"level\":\"error\""), std::string::npos) << served.log();
}

// The journal then tells of a batch that begins where the old file ends, and of one that begins in the new one.
TEST(Serve, ReadsALogAgainOverItsRotation) {
  Served served;
  served.start();
  served.append(exec_event(1));
  ASSERT_TRUE(served.has_alerts(1)) << served.log();
  served.rotate("2026-01-02T00-00-01.000");
  served.append(exec_event(2));
  ASSERT_TRUE(served.has_alerts(2)) << served.log();
  EXPECT_EQ(served.end(SIGKILL), 128 + SIGKILL);
  served.start();
  ASSERT_TRUE(served.says("\"message\":\"ready\"", 2)) << served.log();
  served.append(exec_event(3));
  ASSERT_TRUE(served.has_alerts(3)) << served.log();
  EXPECT_EQ(served.log().find("cannot be read again"), std::string::npos) << served.log();
  expect_each_once(served.alerts());
}

TEST(Serve, TwoCannotShareADataFolder) {
  Served served;
  served.start();
  ASSERT_TRUE(served.says("\"message\":\"ready\"")) << served.log();
  const Result second = run({"serve", "-c", served.folder().path("kubevigil.yaml")});
  EXPECT_EQ(second.code, 3);
  EXPECT_NE(second.err.find("another kubevigil uses this data folder"), std::string::npos) << second.err;
}

TEST(Serve, RefusesAConfigurationWithErrorsAndStartsNothing) {
  const Folder folder;
  const std::string file = folder.write("kubevigil.yaml", "data: " + folder.path("data") + "\noutputs: 7\n");
  const Result result = run({"serve", "-c", file});
  EXPECT_EQ(result.code, 2);
  EXPECT_NE(result.err.find("outputs"), std::string::npos) << result.err;
  EXPECT_FALSE(std::filesystem::exists(folder.path("data")));
}

TEST(Serve, TakesUpOtherRulesWhileItRuns) {
  const auto rule = [](const std::string& user) {
    return "title: A name\nid: 7a1c0a52-3f7e-4f55-9a54-0a52c3f7e4f5\nname: a_name\nstatus: test\nlevel: high\n"
           "logsource: {product: kubernetes, service: audit}\ndetection: {sel: {user.username: " +
           user + "}, condition: sel}\n";
  };
  Served served;
  const std::string file = served.folder().write("rule.yaml", rule("eve1"));
  served.configure("builtin: false, paths: [" + file + "]");
  served.start();
  served.append(exec_event(1) + exec_event(2));
  ASSERT_TRUE(becomes([&] { return served.alerts("a_name").size() == 1; })) << served.log();
  served.folder().write("rule.yaml", "not: a rule");
  served.hang_up();
  ASSERT_TRUE(served.says("new rules are rejected")) << served.log();
  served.folder().write("rule.yaml", rule("eve3"));
  served.hang_up();
  ASSERT_TRUE(served.says("new rules in use")) << served.log();
  int n = 100;
  ASSERT_TRUE(becomes([&] {  // between two batches, soon
    served.append(exec_event(++n, 3));
    return served.alerts("a_name").size() >= 2;
  })) << served.log();
  EXPECT_EQ(served.end(SIGTERM), 0);
  // And after a restart: what was in force is recovered, what is there now runs.
  const size_t alerts = served.alerts("a_name").size();
  served.start();
  ASSERT_TRUE(served.says("\"message\":\"ready\"", 2)) << served.log();
  EXPECT_EQ(served.end(SIGTERM), 0);
  EXPECT_GE(served.alerts("a_name").size(), alerts);
  expect_each_once(served.alerts());
}

// `replay --journal`: refused while serve runs; then every revision as the sink got it, and the folder as it was.
TEST(Serve, ItsJournalIsReplayedToTheSameBytes) {
  Served served;
  served.start();
  for (int n = 0; n < 20; ++n) served.append(exec_event(n, n));
  ASSERT_TRUE(served.has_alerts(20)) << served.log();
  const std::string data = served.folder().path("data");
  const Result refused = run({"replay", "--journal", data, "-o", "jsonl"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_NE(refused.err.find("a kubevigil runs on this folder"), std::string::npos) << refused.err;
  served.kill();
  std::map<std::string, std::string> before, after;
  const auto files = [&](std::map<std::string, std::string>& out) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(data)) {
      if (entry.is_regular_file() && entry.path().filename() != "reserve") {
        out[entry.path().string()] = read_file(entry.path().string());
      }
    }
  };
  files(before);
  const Result replayed = run({"replay", "--journal", data, "-o", "jsonl"});
  EXPECT_EQ(replayed.code, 0) << replayed.err;
  EXPECT_EQ(replayed.out, read_file(served.folder().path("alerts.jsonl")));
  EXPECT_NE(replayed.err.find(" 0 different"), std::string::npos) << replayed.err;
  files(after);
  EXPECT_EQ(before, after);
  EXPECT_EQ(run({"replay", "--journal", data, "x.log"}).code, 2);
  EXPECT_EQ(run({"replay", "--journal", served.folder().path("nothing")}).code, 2);
}

TEST(Serve, AnOutputThatCannotBeOpenedKeepsNothingElseFromRunning) {
  Served served;
  const std::string late = served.folder().path("late.jsonl");
  served.configure("builtin: true",
                   ", {name: late, transport: file, retry: {first: 10ms, most: 10ms}, file: {path: " + late + "}}");
  std::filesystem::create_symlink("elsewhere", late);
  served.start();
  served.append(exec_event(1));
  ASSERT_TRUE(served.has_alerts(1)) << served.log();
  EXPECT_TRUE(served.says("an output cannot be opened")) << served.log();
  std::filesystem::remove(late);
  EXPECT_TRUE(becomes([&] { return read_file(late).find("\"revision\":1") != std::string::npos; })) << served.log();
  EXPECT_EQ(served.end(SIGTERM), 0) << served.log();
}

TEST(Serve, TellsTheServiceManager) {
  Served served;
  const std::string path = served.folder().path("notify");
  const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  ASSERT_LT(path.size(), sizeof address.sun_path);
  path.copy(address.sun_path, path.size());
  ASSERT_EQ(::bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
  served.start();
  ::unsetenv("NOTIFY_SOCKET");
  char text[64] = {};
  ASSERT_GT(::recv(socket, text, sizeof text - 1, 0), 0);
  EXPECT_STREQ(text, "READY=1");
  EXPECT_EQ(served.end(SIGTERM), 0);
  std::fill(std::begin(text), std::end(text), '\0');
  ASSERT_GT(::recv(socket, text, sizeof text - 1, 0), 0);
  EXPECT_STREQ(text, "STOPPING=1");
  ::close(socket);
}

}  // namespace
}  // namespace kubevigil::e2e
