// All of `serve` over a disk that is full: it starts, tells senders to wait, and goes on when there is space.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "engine/app/serve.h"
#include "engine/net/http_client.h"
#include "tests/app/shell_rule.h"
#include "tests/e2e/exec_event.h"
#include "tests/support/certificates.h"
#include "tests/support/config_text.h"
#include "tests/support/daemon.h"
#include "tests/support/simulated_disk.h"

namespace kubevigil {
namespace {

using test::becomes;
using test::SimulatedDisk;
using testing::HasSubstr;
using testing::Not;

// The machine's clock, and what a test adds to it.
class LeapEnv : public Env {
 public:
  Timestamp now() const override { return system_env().now() + Duration{ahead}; }
  Duration monotonic() const override { return {system_env().monotonic().micros + ahead}; }
  size_t peak_memory() const override { return 0; }
  void leap(Duration time) { ahead += time.micros; }

 private:
  std::atomic<int64_t> ahead = 0;
};

class ServeOnAFullDisk : public testing::Test {
 protected:
  void TearDown() override { stop(); }

  void start(const std::string& more = "", const std::string& output = "out") {
    config_ = test::checked(fmt::format(R"(
data: /data
rules: {{builtin: false, paths: [{}]}}
inputs:
  webhook:
    listen: [{{address: "127.0.0.1:9443"}}]
    credentials: [{{name: lab, anonymous: true, clusters: [lab]}}]
outputs: [{{name: {}, transport: file, encoding: jsonl, file: {{path: /alerts.jsonl}}}}]
{})",
                                        folder_.write("rule.yaml", kShellRule), output, more))
                  .config;
    config_.inputs.webhook->listen[0].address.port = 0;
    config_.admin.listen.port = 0;
    stop_ = 0;
    is_over_ = false;
    {
      const std::lock_guard hold(mutex_);
      lines_.clear();
    }
    serve_ = std::make_unique<Serve>(config_, disk_, env_, log_);
    thread_ = std::thread([this] {
      const auto ran = serve_->run(stop_, hangups_);
      ended_ = ran ? "" : ran.error().message;
      is_over_ = true;
    });
  }
  // Why it ended by itself; "" when it did not.
  std::string stop() {
    if (!thread_.joinable()) return {};
    stop_ = 15;
    thread_.join();
    serve_.reset();
    return ended_;
  }
  std::string lines() {
    const std::lock_guard hold(mutex_);
    return lines_;
  }
  bool says(const std::string& text) {
    return becomes([&] { return lines().find(text) != std::string::npos || is_over_; }) &&
           lines().find(text) != std::string::npos;
  }
  uint16_t port() {
    const std::string text = lines();
    const size_t at = text.find("\"port\":", text.find("\"component\":\"webhook\""));
    return static_cast<uint16_t>(std::stoul(text.substr(at + 7)));
  }
  // Status of the answer, and its Retry-After.
  std::string post(int n) {
    auto client = HttpClient::open({.url = *parse_url(fmt::format("http://127.0.0.1:{}/k8s-audit/lab", port())),
                                    .request_timeout = Duration::minutes(1)},
                                   system_env());
    const std::string body =
        R"({"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[)" + e2e::exec_event(n) + "]}";
    const auto answer = (*client)->send({.headers = {{"Content-Type", "application/json"}}, .body = body});
    if (!answer) return answer.error().message;
    const auto again = only_header(answer->headers, "Retry-After");
    return std::to_string(answer->status) + (again ? " " + std::string(*again) : "");
  }
  bool has_alerts(const std::string& user) {
    return becomes([&] { return disk_.content("/alerts.jsonl").find(user) != std::string::npos; });
  }
  void fill() { disk_.set_capacity(disk_.used_bytes()); }
  // The next look at the disk takes the reserve again.
  void make_space() {
    disk_.set_capacity(UINT64_MAX);
    env_.leap(Duration::seconds(11));
  }

  const TestFolder folder_;
  SimulatedDisk disk_;
  LeapEnv env_;
  std::mutex mutex_;
  std::string lines_;
  Log log_{env_, {LogLevel::Info, LogFormat::Json}, [this](std::string_view line) {
             const std::lock_guard hold(mutex_);
             lines_ += line;
           }};
  Config config_;
  std::unique_ptr<Serve> serve_;
  std::thread thread_;
  std::atomic<int> stop_ = 0;
  std::atomic<unsigned> hangups_ = 0;
  std::string ended_;
  std::atomic<bool> is_over_ = false;
};

// What a start has to keep may take the reserve, as the journal may.
TEST_F(ServeOnAFullDisk, StartsWithOtherRulesOnTheReserve) {
  start();
  ASSERT_TRUE(says("\"message\":\"ready\"")) << lines();
  ASSERT_EQ(post(1), "200");
  ASSERT_TRUE(has_alerts("eve1"));
  ASSERT_EQ(stop(), "");
  fill();
  start("state: {memory: 200MiB}");  // another bundle
  ASSERT_TRUE(says("\"message\":\"ready\"")) << lines() << ended_;
  EXPECT_EQ(post(2), "429 3");
  EXPECT_TRUE(says("the disk is full")) << lines();
  make_space();
  EXPECT_TRUE(becomes([&] { return post(3) == "200"; })) << lines();
  EXPECT_TRUE(has_alerts("eve3"));
  EXPECT_EQ(stop(), "");
}

// While it runs the reserve is for alerts: the old rules go on, and are said to.
TEST_F(ServeOnAFullDisk, OtherRulesWaitForSpace) {
  start();
  ASSERT_TRUE(says("\"message\":\"ready\"")) << lines();
  disk_.set_capacity(disk_.used_bytes() + 100'000);  // enough for alerts, so that nothing else takes the reserve
  folder_.write("rule.yaml", kShellRule + ("description: " + std::string(300'000, 'x')) + "\n");
  ++hangups_;
  ASSERT_TRUE(says("new rules are ready, but not in use")) << lines();
  EXPECT_TRUE(has_alerts("kubevigil_rules_rejected"));
  make_space();
  ++hangups_;
  EXPECT_TRUE(says("new rules in use")) << lines();
  EXPECT_EQ(stop(), "");
}

// Nothing at all can be written: the webhook answers, and the start waits.
TEST_F(ServeOnAFullDisk, WaitsForSpaceWhenTheReserveIsUsedUp) {
  start();
  ASSERT_TRUE(says("\"message\":\"ready\"")) << lines();
  ASSERT_EQ(post(1), "200");
  ASSERT_TRUE(has_alerts("eve1"));
  ASSERT_EQ(stop(), "");
  ASSERT_TRUE(disk_.remove("/data/reserve"));
  fill();
  start("state: {memory: 200MiB}", "another");
  ASSERT_TRUE(says("waiting for space")) << lines() << ended_;
  EXPECT_EQ(post(2), "429 3");
  EXPECT_THAT(lines(), Not(HasSubstr("\"message\":\"ready\"")));
  make_space();
  ASSERT_TRUE(says("\"message\":\"ready\"")) << lines() << ended_;
  EXPECT_TRUE(becomes([&] { return post(3) == "200"; })) << lines();
  EXPECT_TRUE(has_alerts("eve3"));
  EXPECT_EQ(stop(), "");
}

TEST_F(ServeOnAFullDisk, StopsWhileItWaitsForSpace) {
  start();
  ASSERT_TRUE(says("\"message\":\"ready\"")) << lines();
  ASSERT_EQ(stop(), "");
  ASSERT_TRUE(disk_.remove("/data/reserve"));
  fill();
  start();
  ASSERT_TRUE(says("waiting for space")) << lines() << ended_;
  EXPECT_EQ(stop(), "");
}

}  // namespace
}  // namespace kubevigil
