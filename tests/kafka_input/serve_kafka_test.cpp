// The real `kubevigil serve` on topics of a real broker: kill -9 at random moments, poison in each partition, what
// retention took. Each event is in the alerts once, and the journal runs again to the same alerts.
#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <random>

#include "tests/e2e/object_alerts.h"
#include "tests/kafka/broker_fixture.h"
#include "tests/support/sanitized.h"
#include "tests/support/seed_of_run.h"

namespace kubevigil {
namespace {

using e2e::object_event;
using test::becomes;
using test::Daemon;
using testing::HasSubstr;

class ServeKafka : public test::BrokerTest {
 protected:
  void SetUp() override {
    BrokerTest::SetUp();
    if (is_over()) return;
    ASSERT_TRUE(broker().create_topic(topic, kPartitions));
    config = folder.write("kubevigil.yaml", fmt::format(R"(data: {0}
instance: test
rules: {{builtin: false, paths: [{1}]}}
inputs:
  kafka: [{{name: main, brokers: "{2}", topics: [{3}], cluster: lab}}]
state: {{snapshot-every: 1s}}
outputs: [{{name: out, transport: file, encoding: jsonl, file: {{path: {4}, sync: always}}}}]
admin: {{listen: "127.0.0.1:{5}"}}
)",
                                                        folder.path("data"), folder.write("rules.yaml", e2e::kRules),
                                                        broker().address(), topic, alerts, admin));
  }
  void start() {
    process = std::make_unique<Daemon>(std::vector<std::string>{KUBEVIGIL_BINARY, "serve", "-c", config},
                                       folder.path(fmt::format("log-{}", ++lives)));
  }
  std::string said() const { return e2e::read_file(folder.path(fmt::format("log-{}", lives))); }
  void produce(size_t n) {
    std::map<int32_t, std::vector<std::string>> values;
    for (; n > 0; --n, ++written) values[static_cast<int32_t>(written % kPartitions)].push_back(object_event(written));
    for (const auto& [partition, of_it] : values) ASSERT_TRUE(broker().produce(topic, partition, of_it));
  }
  bool all_arrived() {
    return becomes([&] { return e2e::read_alerts(alerts).alerts_of_object.size() >= written; });
  }
  // Of the partitions, as the metrics say; -1: they do not.
  int64_t lag() const {
    const std::string command = fmt::format("curl -s --max-time 5 http://127.0.0.1:{}/metrics", admin);
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), ::pclose);
    int64_t sum = -1;
    std::array<char, 4096> line{};
    while (std::fgets(line.data(), line.size(), pipe.get()) != nullptr) {
      const std::string_view text(line.data());
      if (!text.starts_with("kubevigil_kafka_lag{")) continue;
      sum = std::max<int64_t>(sum, 0) + std::stoll(std::string(text.substr(text.rfind(' ') + 1)));
    }
    return sum;
  }
  // The most memory that it held, in MiB.
  int64_t peak_memory() const {
    std::ifstream status(fmt::format("/proc/{}/status", process->id()));
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with("VmHWM:")) return std::stoll(line.substr(6)) / 1024;
    }
    return -1;
  }
  uintmax_t bytes_said() const { return std::filesystem::exists(alerts) ? std::filesystem::file_size(alerts) : 0; }

  static constexpr int kPartitions = 3;
  const e2e::Folder folder;
  const std::string alerts = folder.path("alerts.jsonl");
  const uint16_t admin = test::free_port();
  std::string config;
  std::unique_ptr<Daemon> process;
  int lives = 0;
  size_t written = 0;
};

TEST_F(ServeKafka, EachEventCountsOnceThroughKillsAndPoison) {
  const uint64_t seed = test::seed_of_run();
  SCOPED_TRACE(fmt::format("KUBEVIGIL_SEED={}", seed));
  std::mt19937_64 random(seed);
  const int kills = std::getenv("KUBEVIGIL_SOAK") != nullptr ? 200 : 20;
  for (int32_t p = 0; p < kPartitions; ++p) ASSERT_TRUE(broker().produce(topic, p, "{\"poison\": \n"));
  for (int i = 0; i < kills; ++i) {
    start();
    const auto before = bytes_said();
    produce(5 + random() % 30);
    if (random() % 3 != 0) {  // else perhaps before it is ready
      ASSERT_TRUE(becomes([&] { return bytes_said() > before; })) << said();
    }
    ::poll(nullptr, 0, static_cast<int>(random() % 60));  // the moment is what is random here
    process.reset();
    produce(random() % 10);
  }
  start();
  EXPECT_TRUE(all_arrived()) << said();
  EXPECT_EQ(process->stop(), 0) << said();

  auto got = e2e::read_alerts(alerts);
  EXPECT_THAT(got.problems, testing::IsEmpty());
  for (size_t n = 0; n < written; ++n) EXPECT_EQ(got.alerts_of_object[e2e::object_name(n)].size(), 1u) << n;
  EXPECT_THAT(got.alerts_of_rule, testing::Contains(testing::Pair("many_objects_created", e2e::kUsers)));
  for (const auto& [rule, count] : got.alerts_of_rule) {
    EXPECT_TRUE(!rule.starts_with("kubevigil_") || rule == "kubevigil_bad_records") << rule;
  }
  const std::string bad = e2e::read_file(folder.path("data") + "/bad-records.jsonl");
  for (int32_t p = 0; p < kPartitions; ++p) EXPECT_THAT(bad, HasSubstr(fmt::format("kafka/main/{}/{}", topic, p)));

  const auto again = e2e::run({"replay", "--journal", folder.path("data"), "--config", config});
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_THAT(again.err, HasSubstr(" 0 different"));
}

// Two hours at twenty events a second: what is read ahead is bounded, and no partition runs away from the others.
TEST_F(ServeKafka, ABacklogIsReadInOrderWithBoundedMemory) {
  constexpr size_t kEvents = 144'000, kOneIn = 50;
  const std::string agent = fmt::format("\"userAgent\":\"{}\",", std::string(1000, 'x'));
  std::map<int32_t, std::vector<std::string>> values;
  for (size_t n = 0; n < kEvents; ++n) {
    std::string event = object_event(n);
    if (n % kOneIn != 0) event.replace(event.find("\"create\""), 8, "\"list\"").insert(1, agent);
    values[static_cast<int32_t>(n % kPartitions)].push_back(std::move(event));
    if (n % 6000 != 5999) continue;
    for (const auto& [partition, of_it] : std::exchange(values, {})) {
      ASSERT_TRUE(broker().produce(topic, partition, of_it));
    }
  }
  written = kEvents / kOneIn;
  start();
  EXPECT_TRUE(all_arrived()) << said();
  EXPECT_TRUE(becomes([&] { return lag() == 0; })) << lag();
#ifndef KUBEVIGIL_SANITIZED
  EXPECT_LT(peak_memory(), 160);
#endif
  fmt::print("peak memory {} MiB\n", peak_memory());
  EXPECT_EQ(process->stop(), 0) << said();
  const auto got = e2e::read_alerts(alerts);
  for (const auto& [rule, count] : got.alerts_of_rule) EXPECT_FALSE(rule.starts_with("kubevigil_")) << rule;
  EXPECT_THAT(got.alerts_of_rule, testing::Contains(testing::Pair("many_objects_created", e2e::kUsers)));
  const auto again = e2e::run({"replay", "--journal", folder.path("data"), "--config", config});
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_THAT(again.err, HasSubstr(" 0 different"));
}

TEST_F(ServeKafka, WhatRetentionTookMeanwhileIsToldAndTheRestIsRead) {
  produce(30);
  start();
  ASSERT_TRUE(all_arrived()) << said();
  EXPECT_EQ(process->stop(), 0) << said();
  const size_t lost = written;
  produce(30);
  ASSERT_TRUE(broker().delete_records(topic, 0, 15));  // of 20, 10 were read
  start();
  EXPECT_TRUE(becomes([&] {
    const auto got = e2e::read_alerts(alerts);
    return got.alerts_of_object.size() >= written - 5 && got.alerts_of_rule.contains("kubevigil_input_gap");
  })) << said();
  EXPECT_EQ(process->stop(), 0) << said();
  const auto got = e2e::read_alerts(alerts);
  EXPECT_EQ(got.alerts_of_object.size(), written - 5);
  EXPECT_FALSE(got.alerts_of_object.contains(e2e::object_name(lost)));
  EXPECT_THAT(e2e::read_file(alerts), HasSubstr(fmt::format("{}[0]: the offsets 10 to 14 were removed", topic)));
}

}  // namespace
}  // namespace kubevigil
