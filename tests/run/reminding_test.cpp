// Reminders through a sink: sent when they are due, over restarts and losses of power.
#include "engine/run/reminding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "tests/support/sink_bench.h"

namespace kubevigil {
namespace {

using test::plain_alert;
using test::SinkBench;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;
using Record = test::ScriptedTransport::Record;

// Everything that was delivered and is not closed, once a minute.
class EveryMinute : public Reminders {
 public:
  void delivered(const Alert& alert, Timestamp now) override {
    if (alert.status == EpisodeStatus::Closed) {
      alerts_.erase(alert.id);
      return;
    }
    alerts_[alert.id] = {alert, now + Duration::minutes(1)};
  }
  std::vector<Alert> due(Timestamp now, size_t most) override {
    std::vector<Alert> out;
    for (auto& [id, entry] : alerts_) {
      if (out.size() >= most || entry.second > now) continue;
      entry.second = now + Duration::minutes(1);
      out.push_back(entry.first);
    }
    return out;
  }
  std::vector<Alert> all() const override {
    std::vector<Alert> out;
    for (const auto& [id, entry] : alerts_) out.push_back(entry.first);
    return out;
  }

 private:
  std::map<std::string, std::pair<Alert, Timestamp>> alerts_;
};

std::unique_ptr<Sink> reminding_sink(SinkBench& bench, const std::shared_ptr<Record>& record) {
  SinkConnection connection{std::make_unique<test::PlainEncoding>(), std::make_unique<test::ScriptedTransport>(record),
                            std::make_unique<EveryMinute>()};
  SinkOptions options = bench.options();
  options.reminder_file = "/reminders/soc";
  return std::make_unique<Sink>(bench.world(), std::move(connection), options);
}

TEST(Reminding, SendsAgainUntilItIsOver) {
  SinkBench bench;
  const auto record = std::make_shared<Record>();
  const auto sink = reminding_sink(bench, record);
  bench.alerts(0, 2);
  bench.run(*sink, Duration::seconds(150));
  EXPECT_THAT(record->sent, ElementsAre("a0.1", "a1.1", "a0.1", "a1.1", "a0.1", "a1.1"));
  EXPECT_EQ(sink->counters().delivered, 2u);
  EXPECT_EQ(sink->counters().reminded, 4u);
  Alert closed = plain_alert("a0");
  closed.status = EpisodeStatus::Closed;
  closed.revision = 2;
  bench.alert(closed);
  record->sent.clear();
  bench.run(*sink, Duration::minutes(2));
  EXPECT_THAT(record->sent, ElementsAre("a0.2", "a1.1", "a1.1"));
}

TEST(Reminding, SurvivesRestartsAndTrimming) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    SinkBench bench;
    const auto record = std::make_shared<Record>();
    auto sink = reminding_sink(bench, record);
    bench.alerts(0, 3);
    bench.run(*sink, Duration::seconds(15));  // written
    bench.alerts(3, 5);
    bench.run(*sink, Duration::seconds(seed % 7));  // in the journal only, unless it was
    ASSERT_TRUE(bench.outbox->flush());
    sink.reset();
    bench.disk.lose_power(seed);
    bench.open();
    record->sent.clear();
    sink = reminding_sink(bench, record);
    bench.run(*sink, Duration::seconds(75));
    EXPECT_THAT(record->sent, ElementsAre("a0.1", "a1.1", "a2.1", "a3.1", "a4.1"));
    EXPECT_THAT(bench.notices, IsEmpty());
  }
}

TEST(Reminding, ADamagedFileCostsNoMoreThanItsLines) {
  SinkBench bench;
  const auto record = std::make_shared<Record>();
  auto sink = reminding_sink(bench, record);
  bench.alerts(0, 3);
  bench.run(*sink, Duration::seconds(15));
  ASSERT_TRUE(bench.outbox->flush());
  sink.reset();
  std::string bytes = bench.disk.content("/reminders/soc");
  const size_t line = bytes.find("\"a1\"");
  ASSERT_NE(line, std::string::npos);
  bytes[line - 1] = '\x01';
  bench.disk.set_content("/reminders/soc", bytes);
  sink = reminding_sink(bench, record);
  record->sent.clear();
  bench.run(*sink, Duration::seconds(75));
  EXPECT_THAT(record->sent, ElementsAre("a0.1", "a2.1"));
  ASSERT_EQ(bench.notices.size(), 1u);
  EXPECT_THAT(bench.notices[0], StartsWith("reminders: "));
}

// A proxy with a bound on bodies, or one alert among them that the consumer does not take.
TEST(Reminding, WhatIsRefusedTogetherIsSentInParts) {
  SinkBench bench;
  const auto record = std::make_shared<Record>();
  const auto sink = reminding_sink(bench, record);
  record->answer = [](const Message& message) {
    const bool bad = message.body.find("a2") != std::string::npos;
    if (message.alerts.size() <= 2 && !bad) return Delivery{};
    return Delivery{Delivery::Kind::Refused, "too large", {}, {}};
  };
  bench.alerts(0, 5);
  bench.run(*sink);
  EXPECT_THAT(record->sent, testing::UnorderedElementsAre("a0.1", "a1.1", "a3.1", "a4.1"));
  record->sent.clear();
  bench.run(*sink, Duration::seconds(75));
  EXPECT_THAT(record->sent, testing::UnorderedElementsAre("a0.1", "a1.1", "a3.1", "a4.1"));
}

TEST(Reminding, AConsumerThatIsDownIsAFailingSink) {
  SinkBench bench;
  const auto record = std::make_shared<Record>();
  const auto sink = reminding_sink(bench, record);
  bench.alerts(0, 1);
  bench.run(*sink);
  record->answer = [](const Message&) { return Delivery{Delivery::Kind::Retry, "down", {}, {}}; };
  bench.run(*sink, Duration::minutes(30));
  EXPECT_TRUE(sink->counters().failing);
  ASSERT_FALSE(bench.notices.empty());
  EXPECT_THAT(bench.notices[0], StartsWith("failing: "));
  record->answer = [](const Message&) { return Delivery{}; };
  record->sent.clear();
  bench.run(*sink, Duration::minutes(10));
  EXPECT_FALSE(sink->counters().failing);
  EXPECT_GE(record->sent.size(), 4u);
}

}  // namespace
}  // namespace kubevigil
