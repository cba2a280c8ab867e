// The real Alertmanager and the real rsyslog at the other end of a sink, with restarts in between. Without their
// packages the tests are skipped.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

#include "engine/net/http_client.h"
#include "outputs/transport_registry.h"
#include "tests/support/certificates.h"
#include "tests/support/daemon.h"
#include "tests/support/sink_bench.h"

namespace kubevigil {
namespace {

using test::becomes;
using test::plain_alert;
using test::SinkBench;
using testing::HasSubstr;

std::string text_in(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string get_body(uint16_t port, const std::string& target) {
  HttpClientOptions options;
  options.url = *parse_url(fmt::format("http://127.0.0.1:{}{}", port, target));
  const auto answer = (*HttpClient::open(options, system_env()))->send({.method = "GET"});
  return answer && answer->status == 200 ? answer->body : "";
}

std::unique_ptr<Sink> open_sink(SinkBench& bench, const OutputOptions& options) {
  auto opened = open_output(options, bench.outbox->place("soc"), bench.disk, bench.env);
  EXPECT_TRUE(opened) << opened.error().message;
  SinkOptions sink = bench.options();
  sink.framing = opened->framing;
  sink.limits = opened->limits;
  sink.reminder_file = "/reminders/soc";
  return std::make_unique<Sink>(bench.world(), std::move(opened->connection), sink);
}

class RealAlertmanagerSink : public ::testing::Test {
 protected:
  static constexpr const char* kProgram = "/usr/bin/prometheus-alertmanager";

  void SetUp() override {
    if (!std::filesystem::exists(kProgram)) GTEST_SKIP() << "needs the package prometheus-alertmanager";
    bench_.env.wall = system_env().now();  // Alertmanager has its own clock
    options_.transport = "http";
    options_.encoding = "alertmanager";
    options_.http.url = Secret(fmt::format("http://127.0.0.1:{}/api/v2/alerts", port_));
    start();
  }
  // With nothing in its memory.
  void start() {
    daemon_.reset();
    const std::string config = folder_.write("config.yml", "route: {receiver: none}\nreceivers: [{name: none}]\n");
    const std::string data = folder_.path("data" + std::to_string(++lives_));
    daemon_.emplace(
        std::vector<std::string>{kProgram, "--config.file=" + config, "--storage.path=" + data,
                                 fmt::format("--web.listen-address=127.0.0.1:{}", port_), "--cluster.listen-address="},
        folder_.path("log"));
    ASSERT_TRUE(becomes([&] { return !get_body(port_, "/-/ready").empty(); })) << text_in(folder_.path("log"));
  }
  Alert firing(const std::string& id) {
    Alert alert = plain_alert(id);
    alert.time = alert.first_seen = alert.last_seen = bench_.env.wall;
    return alert;
  }
  bool fires(const std::string& id) {
    return get_body(port_, "/api/v2/alerts?active=true").find(id) != std::string::npos;
  }

  TestFolder folder_;
  SinkBench bench_;
  OutputOptions options_;
  uint16_t port_ = test::free_port();
  int lives_ = 0;
  std::optional<test::Daemon> daemon_;
};

TEST_F(RealAlertmanagerSink, HearsAgainWhatItHasForgotten) {
  auto sink = open_sink(bench_, options_);
  const Alert alert = firing("one-of-a-kind");
  bench_.alert(alert);
  bench_.run(*sink, Duration::seconds(15));
  EXPECT_EQ(sink->counters().last_error, "");
  EXPECT_TRUE(becomes([&] { return fires("one-of-a-kind"); }));
  start();
  EXPECT_FALSE(fires("one-of-a-kind"));
  bench_.run(*sink, Duration::seconds(70));
  EXPECT_TRUE(becomes([&] { return fires("one-of-a-kind"); })) << "after its restart";
  ASSERT_TRUE(bench_.outbox->flush());
  sink.reset();
  bench_.open();
  start();
  sink = open_sink(bench_, options_);
  bench_.run(*sink, Duration::seconds(70));
  EXPECT_TRUE(becomes([&] { return fires("one-of-a-kind"); })) << "after ours";
  Alert closed = alert;
  closed.revision = 2;
  closed.status = EpisodeStatus::Closed;
  bench_.alert(closed);
  bench_.run(*sink, Duration::seconds(1));
  EXPECT_TRUE(becomes([&] { return !fires("one-of-a-kind"); }));
}

TEST_F(RealAlertmanagerSink, CatchesUpAfterAnOutage) {
  auto sink = open_sink(bench_, options_);
  for (int i = 0; i < 20; ++i) bench_.alert(firing("good-" + std::to_string(i)));
  daemon_.reset();
  bench_.run(*sink, Duration::seconds(30));
  EXPECT_TRUE(sink->counters().failing);
  start();
  bench_.run(*sink, Duration::minutes(10));
  EXPECT_EQ(sink->counters().delivered, 20u);
  EXPECT_TRUE(becomes([&] { return fires("good-0") && fires("good-19"); }));
}

TEST(RealRsyslogSink, HasEveryAlertInOrderOverARestart) {
  constexpr const char* kProgram = "/usr/sbin/rsyslogd";
  if (!std::filesystem::exists(kProgram)) GTEST_SKIP() << "needs the package rsyslog";
  const TestFolder folder;
  const uint16_t port = test::free_port();
  const std::string config = folder.write(
      "rsyslog.conf", fmt::format("main_queue(queue.workerThreads=\"1\")\n"  // more would write in any order
                                  "module(load=\"imtcp\")\ninput(type=\"imtcp\" address=\"127.0.0.1\" port=\"{}\")\n"
                                  "template(name=\"kv\" type=\"string\" string=\"%structured-data%\\n\")\n"
                                  "action(type=\"omfile\" file=\"{}\" template=\"kv\")\n",
                                  port, folder.path("out")));
  const std::vector<std::string> command = {kProgram, "-n", "-f", config, "-i", folder.path("pid")};
  SinkBench bench;
  OutputOptions options;
  options.transport = "syslog";
  options.encoding = "cef";
  options.syslog.wire = SyslogWire::Tcp;
  options.syslog.host = "127.0.0.1";
  options.syslog.port = port;
  const auto opened = open_sink(bench, options);
  Sink& sink = *opened;
  const auto last_is = [&](const std::string& id) {
    const std::string text = text_in(folder.path("out"));
    const size_t last = text.rfind("[kubevigil@");
    return last != std::string::npos && text.find("id=\"" + id + "\"", last) != std::string::npos;
  };
  int made = 0;
  for (int life = 0; life < 2; ++life) {
    bench.alerts(made, made + 25);
    made += 25;
    bench.run(sink, Duration::minutes(1));  // nobody is there
    EXPECT_TRUE(sink.counters().failing);
    const test::Daemon daemon(command, folder.path("log"));
    // An alert that is sent alone is passed by the next one where the receiver comes up between the two.
    EXPECT_TRUE(becomes([&] { return test::listens(port); }));
    EXPECT_TRUE(becomes([&] {
      bench.run(sink, Duration::minutes(1));
      return last_is("a" + std::to_string(made - 1));
    })) << text_in(folder.path("log"));
  }
  EXPECT_EQ(sink.counters().delivered, 50u);
  const std::string text = text_in(folder.path("out"));
  size_t at = 0;
  for (int i = 0; i < made; ++i) {
    at = text.find(fmt::format("id=\"a{}\"", i), at);
    ASSERT_NE(at, std::string::npos) << i << "\n" << text;
  }
}

}  // namespace
}  // namespace kubevigil
