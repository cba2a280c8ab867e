#include "outputs/kafka_transport.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/outputs/kafka_output_fixture.h"

namespace kubevigil {
namespace {

using test::TopicFault;
using testing::ElementsAre;
using testing::HasSubstr;
using Kind = Delivery::Kind;

using KafkaOutputTest = test::KafkaOutputTest;

TEST_F(KafkaOutputTest, AMessageHasTheKeyTheRecordAndWhatItIs) {
  const auto transport = life();
  EXPECT_EQ(send(*transport, 1, 3).kind, Kind::Delivered);
  EXPECT_THAT(published(), ElementsAre("a1.1", "a2.1"));
  const test::TopicRecord record = topic.committed(0).at(1);
  EXPECT_EQ(record.key, "a2");
  const std::map<std::string, std::string> headers = {{"kubevigil-alert-id", "a2"},
                                                      {"kubevigil-revision", "1"},
                                                      {"kubevigil-output", "soc"},
                                                      {"level", "medium"},
                                                      {"content-type", "text/plain"}};
  EXPECT_EQ(record.headers, headers);
  EXPECT_EQ(topic.cursor(),
            (KafkaCursor{2, fmt::format("kubevigil/1 {} {}", kept("one").substr(0, 32), env.wall.micros / 1'000'000)}));
}

TEST_F(KafkaOutputTest, PassesOverWhatItsOwnCursorSays) {
  EXPECT_EQ(send(*life(), 1, 4).kind, Kind::Delivered);
  EXPECT_EQ(send(*life(), 2, 6).kind, Kind::Delivered);
  EXPECT_THAT(published(), ElementsAre("a1.1", "a2.1", "a3.1", "a4.1", "a5.1"));
}

TEST_F(KafkaOutputTest, ACommitThatWasDoneThoughItFailedIsNotDoneAgain) {
  const auto transport = life();
  int first = 10;
  for (const TopicFault fault : {TopicFault::FailsOut, TopicFault::FailsLate, TopicFault::Fails}) {
    fail_once("commit", fault);
    const Delivery failed = send(*transport, first, first + 2);
    EXPECT_EQ(failed.kind, Kind::Retry);
    EXPECT_EQ(failed.reason, "kafka b:9092 topic alerts: commit failed");
    EXPECT_EQ(send(*transport, first, first + 2).kind, Kind::Delivered);
    first += 10;
  }
  EXPECT_THAT(published(), ElementsAre("a10.1", "a11.1", "a20.1", "a21.1", "a30.1", "a31.1"));
}

TEST_F(KafkaOutputTest, TheOlderOfTwoIsShutOutAndWaits) {
  const auto older = life("one"), newer = life("two");
  EXPECT_EQ(send(*older, 1, 2).kind, Kind::Delivered);
  EXPECT_EQ(send(*newer, 1, 3, 100).kind, Kind::Delivered);
  const Delivery fenced = send(*older, 2, 4);
  EXPECT_EQ(fenced.kind, Kind::Retry);
  EXPECT_EQ(fenced.retry_after, kFencedWait);
  EXPECT_THAT(fenced.reason, HasSubstr("another instance publishes with this transactional id"));
  EXPECT_EQ(send(*older, 2, 4).kind, Kind::Delivered) << "asked again, it takes the id back";
  EXPECT_THAT(published(), ElementsAre("a1.1", "a2.1", "a3.1"));
}

TEST_F(KafkaOutputTest, OnlyAMessageThatIsTooLargeIsRefused) {
  const auto transport = life();
  Alert alert = test::plain_alert(std::string(200, 'x'));
  std::vector<Message> made = bodies(encoding, Framing::Apart, {&alert, 1}, {});
  made.at(0).places.push_back({1, env.now()});
  EXPECT_EQ(transport->send(made.at(0)).kind, Kind::Refused);
  EXPECT_EQ(send(*transport, 2, 3).kind, Kind::Delivered);
  EXPECT_THAT(published(), ElementsAre("a2.1"));
}

TEST_F(KafkaOutputTest, AtRestTheCursorIsCommittedEachDay) {
  const auto transport = life();
  EXPECT_EQ(send(*transport, 1, 2).kind, Kind::Delivered);
  const auto cursor = topic.cursor();
  env.pass(Duration::minutes(5));
  EXPECT_EQ(send(*transport, 1, 3).kind, Kind::Delivered);
  const auto newer = topic.cursor();
  topic.forget_cursor();
  env.pass(Duration::hours(23));
  EXPECT_EQ(transport->rest(), Duration::hours(1));
  EXPECT_EQ(topic.cursor(), std::nullopt);
  env.pass(Duration::hours(1));
  EXPECT_EQ(transport->rest(), kCursorAgain);
  EXPECT_EQ(topic.cursor(), newer);
  EXPECT_NE(cursor, newer);
  EXPECT_THAT(published(), ElementsAre("a1.1", "a2.1"));
}

TEST_F(KafkaOutputTest, WhoHasSentNothingShutsNobodyOut) {
  const auto sends = life();
  EXPECT_EQ(send(*sends, 1, 2).kind, Kind::Delivered);
  const auto stands_by = life();
  EXPECT_EQ(stands_by->rest(), kCursorAgain);
  env.pass(kCursorAgain);
  EXPECT_EQ(stands_by->rest(), kCursorAgain);
  EXPECT_EQ(send(*sends, 2, 3).kind, Kind::Delivered);
  EXPECT_EQ(send(*stands_by, 3, 4).kind, Kind::Delivered);
  EXPECT_EQ(send(*sends, 4, 5).kind, Kind::Retry);
}

TEST_F(KafkaOutputTest, WhoWasShutOutDoesNotShutOutTheOtherFromRest) {
  const auto idle = life("one"), sends = life("two");
  EXPECT_EQ(send(*idle, 1, 2).kind, Kind::Delivered);
  EXPECT_EQ(send(*sends, 2, 3, 100).kind, Kind::Delivered);
  for (int n = 3; n < 8; ++n) {
    env.pass(Duration::hours(12));
    EXPECT_EQ(idle->rest(), n == 3 ? Duration::hours(12) : kCursorAgain);
    EXPECT_EQ(send(*sends, n, n + 1, 100).kind, Kind::Delivered) << n;
  }
  EXPECT_EQ(send(*idle, 8, 9).kind, Kind::Delivered) << "asked to, it takes the id back";
}

TEST_F(KafkaOutputTest, AtRestNothingIsOpenedForAFailure) {
  const auto transport = life();
  EXPECT_EQ(send(*transport, 1, 2).kind, Kind::Delivered);
  env.pass(kCursorAgain);
  fail_once("commit", TopicFault::Fails);
  EXPECT_EQ(transport->rest(), kCursorAgain);
  env.pass(kCursorAgain);
  fail_once("init", TopicFault::Fails);
  EXPECT_EQ(transport->rest(), kCursorAgain);
  EXPECT_EQ(failing.size(), 1u) << "it was not opened";
  failing.clear();
  EXPECT_EQ(send(*transport, 2, 3).kind, Kind::Delivered);
}

TEST_F(KafkaOutputTest, WithoutTransactionsAFailureIsSentAgain) {
  const auto transport = life("one", 1000, false);
  fail_once("produce", TopicFault::FailsOut);
  EXPECT_EQ(send(*transport, 1, 3).kind, Kind::Retry);
  EXPECT_EQ(send(*transport, 1, 3).kind, Kind::Delivered);
  EXPECT_THAT(published(), ElementsAre("a1.1", "a1.1", "a2.1"));
  EXPECT_EQ(topic.cursor(), std::nullopt);
  EXPECT_EQ(transport->rest(), kCursorAgain);
}

}  // namespace
}  // namespace kubevigil
