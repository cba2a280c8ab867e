// kill -9 on the real `kubevigil serve` at random moments, while an emulated API server posts to it: whatever was
// answered 200 is in the alerts, no (id, revision) stands twice in the file sink, and each begins with its first.
//
// Each event names an object of its own and a rule alerts on each object, so events and alerts can be compared one by
// one; a second rule counts per user, so that there are revisions and state that a wrong recovery would lose.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <map>
#include <random>
#include <set>
#include <sstream>

#include "tests/e2e/program.h"
#include "tests/support/api_server_client.h"
#include "tests/support/daemon.h"
#include "tests/support/json_facts.h"

namespace kubevigil {
namespace {

using test::ApiServerClient;
using test::becomes;
using test::Daemon;

constexpr int kUsers = 7;

constexpr const char* kRules = R"(
title: An object was created
id: 0c4b1a5e-58a0-4c7e-9d43-6fb5b0a8a0c1
name: object_created
status: test
description: One alert an object.
author: kubevigil
date: 2026-11-22
logsource: {product: kubernetes, service: audit}
detection:
  created: {verb: create}
  condition: created
level: low
kubevigil:
  dedup: {by: [objectRef.name], period: 5s}
---
title: One user created many objects
id: 5b4f1d0e-9a0b-4d55-8a34-2f4de2a1c0c2
name: many_objects_created
status: test
description: Twenty in ten minutes.
author: kubevigil
date: 2026-11-22
level: high
correlation:
  type: event_count
  rules: [object_created]
  group-by: [user.username]
  timespan: 10m
  condition: {gte: 20}
  generate: true
kubevigil:
  dedup: {period: 24h}
)";

std::string object_name(size_t number) { return fmt::format("object-{}", number); }

// A function of the number alone, 50 ms behind the one before.
std::string event(size_t number) {
  const Timestamp time = *parse_rfc3339("2026-01-05T00:00:00Z") + Duration{static_cast<int64_t>(number) * 50'000};
  return fmt::format(
      R"({{"level":"Metadata","auditID":"00000000-0000-4000-8000-{0:012}","stage":"ResponseComplete",)"
      R"("requestURI":"/api/v1/namespaces/default/configmaps","verb":"create","user":{{"username":"user-{1}",)"
      R"("groups":["system:authenticated"]}},"sourceIPs":["10.0.0.{1}"],"objectRef":{{"resource":"configmaps",)"
      R"("namespace":"default","name":"{2}","apiVersion":"v1"}},"responseStatus":{{"metadata":{{}},"code":201}},)"
      R"("requestReceivedTimestamp":"{3}","stageTimestamp":"{3}"}})",
      number, number % kUsers, object_name(number), format_rfc3339(time));
}

struct Delivered {
  std::map<std::string, std::vector<int>> revisions;              // by id, in the order of the file
  std::map<std::string, std::set<std::string>> alerts_of_object;  // ids
  std::map<std::string, int> alerts_of_rule;                      // by slug: ids
  std::vector<std::string> problems;
};

const std::string& text_of(const test::Json& json, std::string_view path) {
  static const std::string kNone;
  const test::Json* found = test::JsonFacts::find(json, path);
  return found == nullptr ? kNone : found->text;
}

// The last line may still be on its way.
Delivered read_alerts(const std::string& path) {
  Delivered out;
  const std::string text = e2e::read_file(path);
  for (size_t at = 0, end = 0; (end = text.find('\n', at)) != std::string::npos; at = end + 1) {
    test::JsonFacts facts;
    const test::Json alert = facts.parsed(std::string_view(text).substr(at, end - at));
    if (!facts.problems().empty()) out.problems.push_back(facts.problems().front());
    const std::string &id = text_of(alert, "id"), &rule = text_of(alert, "rule/name");
    const test::Json* revision = test::JsonFacts::find(alert, "revision");
    if (revision == nullptr || id.empty()) {
      out.problems.push_back("no alert: " + text.substr(at, 200));
      continue;
    }
    auto& seen = out.revisions[id];
    if (seen.empty()) ++out.alerts_of_rule[rule];
    seen.push_back(static_cast<int>(std::stol(revision->text)));
    if (rule != "object_created") continue;
    const size_t name = text.find("\"object-", at);
    if (name < end) out.alerts_of_object[text.substr(name + 1, text.find('"', name + 1) - name - 1)].insert(id);
  }
  return out;
}

class ServeKill : public testing::Test {
 protected:
  ServeKill() {
    const std::string rules = folder.write("rules.yaml", kRules), token = folder.write("token", "0123456789abcdef\n");
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
    for (int i = 0; i < 20; ++i) client.offer(now, event(offered++));
    if (!enough) client.at(Duration{now.micros + 1'000'000}, [this] { go_on(); });
  }
};

TEST_F(ServeKill, NothingAcceptedIsLostAndNothingIsSaidTwice) {
  const char* given = std::getenv("KUBEVIGIL_SEED");
  const uint64_t seed = given != nullptr ? std::stoull(given) : std::random_device()();
  SCOPED_TRACE(fmt::format("KUBEVIGIL_SEED={}", seed));
  fmt::print("KUBEVIGIL_SEED={}\n", seed);
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
  Delivered got;
  const auto complete = [&] {
    got = read_alerts(alerts);
    return std::all_of(taken.begin(), taken.end(),
                       [&](size_t number) { return got.alerts_of_object.contains(object_name(number)); });
  };
  EXPECT_TRUE(becomes(complete)) << logs();
  for (const size_t number : taken) {
    ASSERT_TRUE(got.alerts_of_object.contains(object_name(number))) << "event " << number << " was accepted";
  }
  EXPECT_EQ(process->stop(), 0) << logs();
  process.reset();

  got = read_alerts(alerts);
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
              testing::ElementsAre(Pair("many_objects_created", kUsers), Pair("object_created", testing::Gt(100))))
      << logs();
  fmt::print("{} kills, {} events offered, {} taken, {} alerts\n", kills, stream.offered.load(), taken.size(),
             got.revisions.size());
}

}  // namespace
}  // namespace kubevigil
