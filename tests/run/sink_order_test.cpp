// Sinks whose transport keeps a cursor of its own: places of alerts, records apart, and nobody passes by.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/sink_bench.h"

namespace kubevigil {
namespace {

using test::SinkBench;
using testing::ElementsAre;
using testing::IsEmpty;
using Record = test::ScriptedTransport::Record;
using Kind = Delivery::Kind;

bool carries(const Message& message, const std::string& id) {
  return std::any_of(message.alerts.begin(), message.alerts.end(), [&](const Alert& a) { return a.id == id; });
}

SinkOptions in_order(const SinkBench& bench) {
  SinkOptions options = bench.options();
  options.framing = Framing::Apart;
  options.in_order = true;
  return options;
}

TEST(SinkInOrder, EachRecordAndItsPlaceAreKnown) {
  SinkBench bench;
  const auto record = std::make_shared<Record>();
  std::vector<std::string> records;
  std::vector<uint64_t> sequences;
  record->answer = [&](const Message& message) {
    size_t begin = 0;
    for (size_t i = 0; i < message.alerts.size(); ++i) {
      records.push_back(message.body.substr(begin, message.ends.at(i) - begin));
      begin = message.ends[i];
      sequences.push_back(message.places.at(i).sequence);
      EXPECT_EQ(message.places[i].arrived, bench.env.wall);
    }
    EXPECT_EQ(begin, message.body.size());
    return Delivery{};
  };
  const auto sink = bench.sink(in_order(bench), record);
  bench.alerts(0, 3);
  bench.run(*sink);
  EXPECT_THAT(records, ElementsAre("a0.1", "a1.1", "a2.1"));
  EXPECT_THAT(sequences, ElementsAre(2, 4, 6)) << "an input stands in front of each";
}

TEST(SinkInOrder, NothingPassesAnAlertThatFails) {
  SinkBench bench;
  const auto record = std::make_shared<Record>();
  const auto sink = bench.sink(in_order(bench), record);
  record->answer = [](const Message& message) {
    return carries(message, "a1") ? Delivery{Kind::Retry, "not now", {}, {}, {}} : Delivery{};
  };
  bench.alerts(0, 3);
  bench.run(*sink, Duration::hours(3));
  EXPECT_THAT(record->sent, IsEmpty()) << "it stands in one message with the others";
  EXPECT_EQ(sink->counters().given_up, 0u);
  record->answer = [](const Message&) { return Delivery{}; };
  bench.run(*sink, Duration::minutes(10));
  EXPECT_THAT(record->sent, ElementsAre("a0.1", "a1.1", "a2.1"));
}

TEST(SinkInOrder, OneThatIsRefusedGoesToTheDeadLettersAndTheRestKeepsItsOrder) {
  SinkBench bench;
  const auto record = std::make_shared<Record>();
  const auto sink = bench.sink(in_order(bench), record);
  record->answer = [](const Message& message) {
    return carries(message, "a1") ? Delivery{Kind::Refused, "too large", {}, {}, {}} : Delivery{};
  };
  bench.alerts(0, 5);
  bench.run(*sink);
  EXPECT_THAT(record->sent, ElementsAre("a0.1", "a2.1", "a3.1", "a4.1"));
  EXPECT_EQ(sink->counters().refused, 1u);
}

TEST(SinkInOrder, WhatATransportNotesIsSaid) {
  SinkBench bench;
  const auto record = std::make_shared<Record>();
  const auto sink = bench.sink(in_order(bench), record);
  record->answer = [](const Message&) {
    Delivery out;
    out.note = "perhaps twice";
    return out;
  };
  bench.alerts(0, 1);
  bench.run(*sink);
  EXPECT_THAT(bench.notices, ElementsAre("note: perhaps twice"));
}

}  // namespace
}  // namespace kubevigil
