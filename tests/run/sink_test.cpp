#include "engine/run/sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <mutex>
#include <set>

#include "engine/base/text.h"
#include "tests/support/sink_bench.h"

namespace kubevigil {
namespace {

using test::plain_alert;
using test::SinkBench;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Record = test::ScriptedTransport::Record;
using Kind = Delivery::Kind;

std::vector<std::string> numbered(int first, int end) {
  std::vector<std::string> out;
  for (int i = first; i < end; ++i) out.push_back("a" + std::to_string(i) + ".1");
  return out;
}

size_t lines_of(const std::string& text) { return static_cast<size_t>(std::count(text.begin(), text.end(), '\n')); }

Delivery refuse(const std::string& reason) { return {Kind::Refused, reason, {}, {}}; }
Delivery later(const std::string& reason, Duration after = {}) { return {Kind::Retry, reason, after, {}}; }

bool holds(const Message& message, const std::string& id) {
  return std::any_of(message.alerts.begin(), message.alerts.end(), [&](const Alert& a) { return a.id == id; });
}

TEST(Sink, DeliversInOrderAndMovesTheCursor) {
  SinkBench bench;
  const auto record = std::make_shared<Record>();
  const auto sink = bench.sink(bench.options(), record);
  bench.alerts(0, 250);
  bench.input();
  bench.run(*sink, Duration::seconds(5));
  EXPECT_EQ(record->sent, numbered(0, 250));
  EXPECT_EQ(bench.outbox->cursor("soc"), 501u) << "inputs behind the last alert are passed, too";
  const SinkCounters counters = sink->counters();
  EXPECT_EQ(counters.delivered, 250u);
  EXPECT_EQ(counters.lag_entries, 0u);
  EXPECT_EQ(counters.oldest_undelivered, std::nullopt);
}

TEST(Sink, GoesOnAtItsCursorAfterARestart) {
  SinkBench bench;
  const auto record = std::make_shared<Record>();
  auto sink = bench.sink(bench.options(), record);
  bench.alerts(0, 10);
  bench.run(*sink);
  ASSERT_TRUE(bench.outbox->flush());
  sink.reset();
  bench.alerts(10, 20);
  bench.disk.lose_power(7);
  bench.open();
  sink = bench.sink(bench.options(), record);
  bench.run(*sink);
  EXPECT_EQ(record->sent, numbered(0, 20));
}

TEST(Sink, WhatACrashTookIsSentAgainWithTheSameIds) {
  SinkBench bench;
  const auto record = std::make_shared<Record>();
  auto sink = bench.sink(bench.options(), record);
  bench.alerts(0, 10);
  bench.run(*sink);  // delivered, and the cursor is not on the disk
  sink.reset();
  bench.disk.lose_power(7);
  bench.open();
  sink = bench.sink(bench.options(), record);
  bench.run(*sink);
  std::vector<std::string> twice = numbered(0, 10);
  for (const std::string& id : numbered(0, 10)) twice.push_back(id);
  EXPECT_EQ(record->sent, twice);
}

TEST(Sink, DownForAnHourLosesNothing) {
  SinkBench bench;
  const auto record = std::make_shared<Record>();
  const auto sink = bench.sink(bench.options(), record);
  record->answer = [](const Message&) { return later("connection refused"); };
  for (int minute = 0; minute < 60; ++minute) {
    bench.alerts(minute * 20, minute * 20 + 20);
    bench.run(*sink, Duration::minutes(1));
  }
  EXPECT_THAT(record->sent, IsEmpty());
  const SinkCounters down = sink->counters();
  EXPECT_TRUE(down.failing);
  EXPECT_EQ(down.last_error, "connection refused");
  EXPECT_EQ(down.lag_entries, 2399u) << "all but the input in front of the first alert";
  EXPECT_EQ(down.oldest_undelivered, test::SimulatedEnv().wall);
  EXPECT_LT(record->messages, 200u) << "it backs off";
  record->answer = [](const Message&) { return Delivery{}; };
  bench.run(*sink, Duration::minutes(10));
  EXPECT_EQ(record->sent, numbered(0, 1200));
  EXPECT_FALSE(sink->counters().failing);
  ASSERT_EQ(bench.notices.size(), 2u);
  EXPECT_THAT(bench.notices[0], testing::StartsWith("failing: no alert was delivered for "));
  EXPECT_EQ(bench.notices[1], "recovered: alerts are delivered again");
}

TEST(Sink, EveryThirdRequestMayFail) {
  SinkBench bench;
  SinkOptions options = bench.options();
  options.framing = Framing::Single;
  const auto record = std::make_shared<Record>();
  const auto sink = bench.sink(options, record);
  record->answer = [&](const Message&) { return record->messages % 3 == 0 ? later("500") : Delivery{}; };
  bench.alerts(0, 300);
  bench.run(*sink, Duration::hours(1));
  EXPECT_EQ(record->sent, numbered(0, 300));
  EXPECT_EQ(sink->counters().given_up, 0u);
}

TEST(Sink, KeepsToTheTimeThatTheConsumerAsksFor) {
  SinkBench bench;
  const auto record = std::make_shared<Record>();
  const auto sink = bench.sink(bench.options(), record);
  record->answer = [](const Message&) { return later("429", Duration::seconds(77)); };
  bench.alerts(0, 1);
  bench.run(*sink, Duration::seconds(76));
  EXPECT_EQ(record->messages, 1u);
  bench.run(*sink, Duration::seconds(2));
  EXPECT_EQ(record->messages, 2u);
}

TEST(Sink, ARefusedAlertIsFoundAmongOthersAndBecomesADeadLetter) {
  SinkBench bench;
  const auto record = std::make_shared<Record>();
  const auto sink = bench.sink(bench.options(), record);
  record->answer = [](const Message& message) { return holds(message, "a37") ? refuse("400: bad") : Delivery{}; };
  bench.alerts(0, 100);
  bench.run(*sink);
  auto expected = numbered(0, 100);
  expected.erase(expected.begin() + 37);
  EXPECT_EQ(record->sent, expected);
  EXPECT_EQ(sink->counters().refused, 1u);
  const std::string dead = bench.disk.content("/dead/soc.jsonl");
  EXPECT_EQ(lines_of(dead), 1u);
  EXPECT_THAT(dead, HasSubstr(R"("sink":"soc","reason":"400: bad","alert":{)"));
  EXPECT_THAT(dead, HasSubstr(R"("a37")"));
}

TEST(Sink, RecordsJudgedApartFareApart) {
  SinkBench bench;
  const auto record = std::make_shared<Record>();
  const auto sink = bench.sink(bench.options(), record);
  record->answer = [&](const Message& message) {
    Delivery delivery;
    for (size_t i = 0; i < message.alerts.size(); ++i) {
      if (message.alerts[i].id == "a3") delivery.items.push_back({i, Kind::Refused, "mapping"});
      if (message.alerts[i].id == "a5" && record->messages == 1) delivery.items.push_back({i, Kind::Retry, "busy"});
    }
    return delivery;
  };
  bench.alerts(0, 8);
  bench.run(*sink, Duration::minutes(1));
  EXPECT_THAT(record->sent, ElementsAre("a0.1", "a1.1", "a2.1", "a4.1", "a6.1", "a7.1", "a5.1"));
  EXPECT_EQ(sink->counters().refused, 1u);
  EXPECT_EQ(bench.outbox->cursor("soc"), 16u);
}

TEST(Sink, OneAlertThatBreaksTheConsumerDoesNotHoldUpTheOthers) {
  SinkBench bench;
  const auto record = std::make_shared<Record>();
  const auto sink = bench.sink(bench.options(), record);
  record->answer = [](const Message& message) { return holds(message, "a5") ? later("panic") : Delivery{}; };
  bench.alerts(0, 20);
  bench.run(*sink, Duration::hours(1));
  EXPECT_EQ(record->sent.size(), 19u);
  EXPECT_EQ(sink->counters().given_up, 1u);
  EXPECT_THAT(bench.disk.content("/dead/soc.jsonl"), HasSubstr("while others are taken: panic"));
  EXPECT_EQ(bench.outbox->cursor("soc"), 40u);
}

TEST(Sink, GivesUpOnlyWhatIsOldEnough) {
  SinkBench bench;
  SinkOptions options = bench.options();
  options.give_up_after = Duration::hours(24);
  const auto record = std::make_shared<Record>();
  const auto sink = bench.sink(options, record);
  record->answer = [](const Message&) { return later("down"); };
  bench.alerts(0, 1500);
  bench.run(*sink, Duration::hours(13));
  bench.alerts(1500, 1510);
  bench.run(*sink, Duration::hours(12));
  EXPECT_EQ(sink->counters().given_up, 1500u);
  EXPECT_EQ(lines_of(bench.disk.content("/dead/soc.jsonl")), 1500u);
  record->answer = [](const Message&) { return Delivery{}; };
  bench.run(*sink, Duration::hours(1));
  EXPECT_EQ(record->sent, numbered(1500, 1510));
}

TEST(Sink, WaitsWhileDeadLettersCannotBeWritten) {
  SinkBench bench;
  const auto record = std::make_shared<Record>();
  const auto sink = bench.sink(bench.options(), record);
  record->answer = [](const Message&) { return refuse("400"); };
  bench.alerts(0, 1);
  bench.disk.set_capacity(1);
  bench.run(*sink, Duration::minutes(1));
  EXPECT_EQ(bench.outbox->cursor("soc"), 1u);
  EXPECT_THAT(bench.notices.front(), testing::StartsWith("dead-letter file: "));
  bench.disk.set_capacity(1u << 30);
  bench.run(*sink, Duration::minutes(1));
  EXPECT_EQ(bench.outbox->cursor("soc"), 2u);
  EXPECT_EQ(lines_of(bench.disk.content("/dead/soc.jsonl")), 1u);
}

TEST(Sink, FoldsWhatIsAboveItsRate) {
  SinkBench bench;
  SinkOptions options = bench.options();
  options.rate = {3, Duration::minutes(1)};
  const auto record = std::make_shared<Record>();
  std::vector<Alert> digests;
  record->answer = [&](const Message& message) {
    for (const Alert& a : message.alerts) {
      if (a.rule_name == kDigestRuleName) digests.push_back(a);
    }
    return Delivery{};
  };
  const auto sink = bench.sink(options, record);
  bench.alerts(0, 10);
  bench.input();
  bench.alert(plain_alert("grave", Level::Critical));
  bench.alert(plain_alert("high", Level::High, "other_rule"));
  bench.run(*sink, Duration::seconds(59));
  EXPECT_THAT(record->sent, ElementsAre("a0.1", "a1.1", "a2.1", "grave.1"));
  EXPECT_EQ(bench.outbox->cursor("soc"), 7u) << "a crash may not lose what was folded";
  bench.run(*sink, Duration::seconds(2));
  ASSERT_EQ(digests.size(), 1u);
  EXPECT_EQ(digests[0].count, 8u);
  EXPECT_EQ(digests[0].level, Level::High);
  EXPECT_EQ(digests[0].message,
            "8 alerts above the limit of 3 in 1m were folded into this one: 1 other_rule (high), 7 rule (medium)");
  EXPECT_EQ(bench.outbox->cursor("soc"), 23u);
  EXPECT_EQ(sink->counters().folded, 8u);
  bench.alerts(20, 22);
  bench.run(*sink, Duration::minutes(2));
  EXPECT_EQ(record->sent.back(), "a21.1");
  EXPECT_EQ(digests.size(), 1u);
}

TEST(Sink, ADigestThatIsSentAgainHasTheSameId) {
  SinkBench bench;
  SinkOptions options = bench.options();
  options.rate = {1, Duration::minutes(1)};
  std::set<std::string> ids;
  for (int life = 0; life < 2; ++life) {
    const auto record = std::make_shared<Record>();
    record->answer = [&](const Message& message) {
      for (const Alert& a : message.alerts) {
        if (a.rule_name == kDigestRuleName) ids.insert(a.id);
      }
      return Delivery{};
    };
    auto sink = bench.sink(options, record);
    if (life == 0) bench.alerts(0, 10);
    bench.run(*sink, Duration::minutes(2));
    sink.reset();
    bench.disk.lose_power(1);
    bench.open();
  }
  EXPECT_EQ(ids.size(), 1u);
}

TEST(Sink, AnEntryThatIsNoAlertIsADeadLetter) {
  SinkBench bench;
  const auto record = std::make_shared<Record>();
  const auto sink = bench.sink(bench.options(), record);
  bench.journal->append(JournalAlert{"x", 1, "not an alert"});
  ASSERT_TRUE(bench.journal->flush());
  bench.alerts(0, 1);
  bench.run(*sink);
  EXPECT_EQ(record->sent, numbered(0, 1));
  EXPECT_THAT(bench.disk.content("/dead/soc.jsonl"), HasSubstr(R"("raw":"not an alert")"));
  EXPECT_EQ(sink->counters().refused, 1u);
}

TEST(Sink, AGapInTheJournalIsSaidAndPassed) {
  SinkBench bench;
  const auto record = std::make_shared<Record>();
  bench.alerts(0, 30);
  std::string path;
  for (const std::string& each : bench.disk.paths()) {
    if (each.starts_with("/journal/")) path = each;
  }
  std::string bytes = bench.disk.content(path);
  const size_t at = bytes.find("\"a10\"");
  ASSERT_NE(at, std::string::npos);
  bytes[at + 1] ^= 1;
  bench.disk.set_content(path, bytes);
  const auto sink = bench.sink(bench.options(), record);
  bench.run(*sink);
  EXPECT_EQ(record->sent.size(), 29u);
  EXPECT_EQ(sink->counters().gaps, 1u);
  EXPECT_EQ(sink->counters().lost_entries, 1u);
  ASSERT_EQ(bench.notices.size(), 1u);
  EXPECT_THAT(bench.notices[0], HasSubstr("gap: alerts may be lost"));
  EXPECT_EQ(bench.outbox->cursor("soc"), 60u);
}

TEST(Sink, MemoryIsBoundedWhateverWaits) {
  SinkBench bench;
  const auto record = std::make_shared<Record>();
  size_t most = 0;
  record->answer = [&](const Message& message) {
    most = std::max(most, message.alerts.size());
    return later("down");
  };
  const auto sink = bench.sink(bench.options(), record);
  const Encoding& encoding = test::PlainEncoding();
  AlertQueue queue(*bench.journal, 1, encoding, {.sink = "soc", .alerts = 100, .bytes = 20'000});
  std::vector<JournalProblem> problems;
  for (int i = 0; i < 3000; ++i) bench.alerts(i, i + 1);
  ASSERT_TRUE(queue.fill({}, bench.env.now(), problems));
  EXPECT_LE(queue.alerts().size(), 100u);
  bench.run(*sink, Duration::hours(1));
  EXPECT_LE(most, 500u);
  EXPECT_EQ(sink->counters().lag_entries, 5999u);
}

// Two consumers, one of which hangs: the other gets everything meanwhile.
TEST(Sink, ASlowSinkDelaysNoOther) {
  SinkBench bench({"slow", "quick"});
  std::mutex held;
  held.lock();
  const auto slow_record = std::make_shared<Record>(), quick_record = std::make_shared<Record>();
  slow_record->answer = [&](const Message&) {
    const std::lock_guard wait(held);
    return Delivery{};
  };
  SinkWorld world{*bench.journal, *bench.outbox, bench.disk, system_env()};
  const auto connect = [](const std::shared_ptr<Record>& record) {
    return SinkConnection{std::make_unique<test::PlainEncoding>(), std::make_unique<test::ScriptedTransport>(record)};
  };
  Sink slow(world, connect(slow_record), bench.options("slow"));
  Sink quick(world, connect(quick_record), bench.options("quick"));
  slow.start();
  quick.start();
  bench.alerts(0, 500);
  EXPECT_TRUE(quick.wait_delivered(1000, Duration::minutes(2)));
  EXPECT_EQ(slow.counters().delivered, 0u);
  held.unlock();
  EXPECT_TRUE(slow.wait_delivered(1000, Duration::minutes(2)));
  slow.stop();
  quick.stop();
  EXPECT_EQ(quick_record->sent, numbered(0, 500));
  EXPECT_EQ(slow_record->sent, numbered(0, 500));
}

TEST(Sink, StopInterruptsEveryWait) {
  SinkBench bench;
  const auto record = std::make_shared<Record>();
  record->answer = [](const Message&) { return later("down", Duration::hours(1)); };
  SinkConnection connection{std::make_unique<test::PlainEncoding>(), std::make_unique<test::ScriptedTransport>(record)};
  SinkWorld world = bench.world();
  SinkWorld real{world.journal, world.outbox, world.disk, system_env()};
  Sink waits_for_consumer(real, std::move(connection), bench.options());
  bench.alerts(0, 1);
  waits_for_consumer.start();
  while (!waits_for_consumer.counters().failing) std::this_thread::yield();
  waits_for_consumer.stop();
  SinkConnection other{std::make_unique<test::PlainEncoding>(),
                       std::make_unique<test::ScriptedTransport>(std::make_shared<Record>())};
  Sink waits_for_journal(real, std::move(other), bench.options());
  waits_for_journal.start();
  EXPECT_TRUE(waits_for_journal.wait_delivered(2, Duration::minutes(1)));
  waits_for_journal.stop();
}

}  // namespace
}  // namespace kubevigil
