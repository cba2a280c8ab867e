// kill -9 on the real `kubevigil serve` at random moments, while an emulated API server posts to it: whatever was
// answered 200 is in the alerts, no (id, revision) stands twice in the file sink, and each begins with its first.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <random>

#include "tests/e2e/object_alerts.h"
#include "tests/e2e/program.h"
#include "tests/support/api_server_client.h"
#include "tests/support/daemon.h"
#include "tests/support/seed_of_run.h"

namespace kubevigil {
namespace {

using test::ApiServerClient;
using test::becomes;
using test::Daemon;

class ServeKill : public testing::Test {
 protected:
  ServeKill() {
    const std::string rules = folder.write("rules.yaml", e2e::kRules),
                      token = folder.write("token", "0123456789abcdef\n");
    config =
        folder.write("kubevigil.yaml", fmt::format(R"(data: {0}
instance: test
rules: {{builtin: false, paths: [{1}]}}
inputs:
  webhook:
    listen:
      - address: 127.0.0.1:{2}
    credentials:
      - {{name: lab, token-file: {3}, clusters: [lab]}}
    slack: 5s
state: {{snapshot-every: 1s}}
outputs:
  - name: out
    transport: file
    encoding: jsonl
    file: {{path: {4}, sync: always}}
admin: {{listen: "127.0.0.1:{5}"}}
)",
                                                   folder.path("data"), rules, port, token, alerts, test::free_port()));
  }
  std::unique_ptr<Daemon> start() {
    return std::make_unique<Daemon>(std::vector<std::string>{KUBEVIGIL_BINARY, "serve", "-c", config},
                                    folder.path(fmt::format("log-{}", ++lives)));
  }
  // What the last lives said, for whoever reads a failure.
  std::string logs() const {
    std::string all;
    for (int life = std::max(1, lives - 2); life <= lives; ++life) {
      all += fmt::format("--- life {}\n", life) + e2e::read_file(folder.path(fmt::format("log-{}", life)));
    }
    return all;
  }

  const e2e::Folder folder;
  const uint16_t port = test::free_port();
  const std::string alerts = folder.path("alerts.jsonl");
  std::string config;
  int lives = 0;
};

// Posts the stream, twenty events a second of its clock as their times say, until it is told that it was enough. So
// retries are within the lateness, and fewer alerts are open than would close early.
struct Stream {
  ApiServerClient client;
  std::atomic<bool> enough = false;
  std::atomic<size_t> offered = 0;
  std::thread thread;

  explicit Stream(test::ApiServerOptions options) : client(std::move(options)) {
    client.at({}, [this] { go_on(); });
    thread = std::thread([this] { client.run(); });
  }
  ~Stream() {
    enough = true;
    if (thread.joinable()) thread.join();
  }
  void go_on() {
    const Duration now = client.now();
    for (int i = 0; i < 20; ++i) client.offer(now, e2e::object_event(offered++));
    if (!enough) client.at(Duration{now.micros + 1'000'000}, [this] { go_on(); });
  }
};

TEST_F(ServeKill, NothingAcceptedIsLostAndNothingIsSaidTwice) {
  const uint64_t seed = test::seed_of_run();
  SCOPED_TRACE(fmt::format("KUBEVIGIL_SEED={}", seed));
  std::mt19937_64 random(seed);
  const int kills = std::getenv("KUBEVIGIL_SOAK") != nullptr ? 200 : 20;

  test::ApiServerOptions options;
  options.url = *parse_url(fmt::format("http://127.0.0.1:{}/k8s-audit/lab", port));
  options.headers = {{"Authorization", "Bearer 0123456789abcdef"}};
  options.max_size = 20, options.max_wait = Duration::seconds(2), options.qps = 0;
  options.pace = 0.1;  // ten times as fast: a restart may take eight seconds
  options.seed = seed;
  Stream stream(options);

  const auto said = [&] { return std::filesystem::exists(alerts) ? std::filesystem::file_size(alerts) : 0; };
  for (int i = 0; i < kills; ++i) {
    const auto process = start();
    if (random() % 4 != 0) {  // else also before it is ready
      const auto before = said();
      ASSERT_TRUE(becomes([&] { return said() > before; })) << logs();
    }
    // The moment is what is random here. Now and then a snapshot or two have time to be written.
    ::poll(nullptr, 0, static_cast<int>(random() % (i % 5 == 0 ? 3000 : 300)));
  }
  auto process = start();
  stream.enough = true;
  stream.thread.join();

  const std::vector<size_t> taken = stream.client.taken_events();
  ASSERT_GT(taken.size(), 100u) << logs();
  e2e::Delivered got;
  const auto complete = [&] {
    got = e2e::read_alerts(alerts);
    return std::all_of(taken.begin(), taken.end(),
                       [&](size_t number) { return got.alerts_of_object.contains(e2e::object_name(number)); });
  };
  EXPECT_TRUE(becomes(complete)) << logs();
  for (const size_t number : taken) {
    ASSERT_TRUE(got.alerts_of_object.contains(e2e::object_name(number))) << "event " << number << " was accepted";
  }
  EXPECT_EQ(process->stop(), 0) << logs();
  process.reset();

  got = e2e::read_alerts(alerts);
  EXPECT_THAT(got.problems, testing::IsEmpty());
  for (const auto& [object, ids] : got.alerts_of_object) EXPECT_EQ(ids.size(), 1u) << object;
  for (const auto& [id, revisions] : got.revisions) {
    EXPECT_EQ(revisions.front(), 1) << id;
    EXPECT_TRUE(std::adjacent_find(revisions.begin(), revisions.end(), std::greater_equal<>()) == revisions.end())
        << id;
  }
  // One a user; and nothing that the program says about itself: no damage, no mismatch, no gap.
  using testing::Pair;
  EXPECT_THAT(got.alerts_of_rule,
              testing::ElementsAre(Pair("many_objects_created", e2e::kUsers), Pair("object_created", testing::Gt(100))))
      << logs();
  fmt::print("{} kills, {} events offered, {} taken, {} alerts\n", kills, stream.offered.load(), taken.size(),
             got.revisions.size());
}

}  // namespace
}  // namespace kubevigil
