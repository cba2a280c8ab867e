// The real `kubevigil serve` while brokers go and come back: each event is in the alerts once, nothing is called lost,
// and the lag is 0 in the end.
#include <fmt/format.h>

#include <thread>

#include "tests/kafka_input/admin.h"
#include "tests/kafka_output/serve_fixture.h"

namespace kubevigil {
namespace {

using test::becomes;
using test::Instance;
using testing::HasSubstr;

size_t count_of(const std::string& text, std::string_view part) {
  size_t count = 0;
  for (size_t at = 0; (at = text.find(part, at)) != std::string::npos; at += part.size()) ++count;
  return count;
}

// Of a broker of one node, or of three.
template <typename Broker>
class Loss : public Broker {
 protected:
  void SetUp() override {
    Broker::SetUp();
    if (this->is_over()) return;
    ASSERT_TRUE(this->broker().create_topic(this->topic, 1));
    serve = std::make_unique<Instance>(folder, "test", config());
  }
  std::string config() const {
    return fmt::format(R"(rules: {{builtin: false, paths: [{}]}}
inputs:
  kafka: [{{name: main, brokers: "{}", topics: [{}], cluster: lab, group: g-{}}}]
state: {{snapshot-every: 1s}}
outputs: [{{name: out, transport: file, encoding: jsonl, file: {{path: {}, sync: always}}}}]
)",
                       folder.write("rules.yaml", e2e::kRules), this->broker().address(), this->topic, this->topic,
                       alerts);
  }
  void produce(size_t n) {
    std::vector<std::string> values;
    for (; n > 0; --n) values.push_back(e2e::object_event(written++));
    ASSERT_TRUE(this->broker().produce(this->topic, 0, values));
  }
  bool all_arrived() {
    return becomes([&] { return e2e::read_alerts(alerts).alerts_of_object.size() >= written; });
  }
  // "": there is no such metric.
  std::string lag() const {
    const std::string text = test::admin_answer(serve->admin, "/metrics");
    const std::string name =
        fmt::format("\nkubevigil_kafka_lag{{input=\"main\",partition=\"0\",topic=\"{}\"}} ", this->topic);
    const size_t at = text.find(name);
    if (at == std::string::npos) return "";
    const size_t value = at + name.size();
    return text.substr(value, text.find('\n', value) - value);
  }
  void expect_each_once() {
    ASSERT_TRUE(all_arrived()) << serve->said();
    EXPECT_TRUE(becomes([&] { return lag() == "0"; })) << lag();
    EXPECT_EQ(serve->stop(), 0) << serve->said();
    auto got = e2e::read_alerts(alerts);
    EXPECT_EQ(got.alerts_of_object.size(), written);
    for (const auto& [name, ids] : got.alerts_of_object) EXPECT_EQ(ids.size(), 1u) << name;
    for (const auto& [rule, count] : got.alerts_of_rule) EXPECT_FALSE(rule.starts_with("kubevigil_")) << rule;
  }

  const TestFolder folder;
  const std::string alerts = folder.path("alerts.jsonl");
  std::unique_ptr<Instance> serve;
  size_t written = 0;
};

class BrokerLoss : public Loss<test::BrokerTest> {};
class ClusterLoss : public Loss<test::ClusterTest> {};

TEST_F(BrokerLoss, GoesOnBehindARestart) {
  serve->start();
  produce(50);
  ASSERT_TRUE(all_arrived()) << serve->said();
  for (int i = 0; i < 2; ++i) {
    broker().kill();
    ASSERT_TRUE(broker().start()) << broker().log();
    produce(50);
  }
  expect_each_once();
}

TEST_F(BrokerLoss, WhatCameWhileItWasAwayIsRead) {
  serve->start();
  produce(50);
  ASSERT_TRUE(all_arrived()) << serve->said();
  serve->kill();
  produce(50);
  broker().kill();
  serve->start();  // nobody answers
  const auto waits = [&] { return count_of(serve->said(), "cannot go on; what it has waits there"); };
  ASSERT_TRUE(becomes([&] { return waits() > 0; })) << serve->said();
  EXPECT_THAT(serve->said(), HasSubstr("Connection refused"));
  ::poll(nullptr, 0, 1000);
  EXPECT_LE(waits(), 2u) << "not each time that it is asked";
  ASSERT_TRUE(broker().start()) << broker().log();
  produce(50);
  expect_each_once();
}

TEST_F(ClusterLoss, GoesOnWhenTheLeaderIsLostWhileEventsAreWritten) {
  serve->start();
  produce(50);
  ASSERT_TRUE(all_arrived()) << serve->said();
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(becomes([&] { return broker().in_sync(topic, 0) == broker().nodes(); }));
    const int lost = broker().leader(topic, 0);
    ASSERT_NE(lost, 0);
    std::thread killer([&] {
      ::poll(nullptr, 0, 100);
      broker().kill(lost);
    });
    for (int part = 0; part < 20; ++part) produce(20);
    killer.join();
    ASSERT_TRUE(all_arrived()) << serve->said();
    EXPECT_NE(broker().leader(topic, 0), lost);
    ASSERT_TRUE(broker().start(lost)) << broker().log();
  }
  expect_each_once();
}

}  // namespace
}  // namespace kubevigil
