#include "outputs/kafka_transport.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/run/framing.h"
#include "tests/support/simulated_topic.h"
#include "tests/support/sink_bench.h"

namespace kubevigil {
namespace {

using test::TopicFault;
using testing::ElementsAre;
using testing::HasSubstr;
using Kind = Delivery::Kind;

class KafkaOutputTest : public testing::Test {
 protected:
  // A life of the program on this journal, which holds entries up to `end` now.
  std::unique_ptr<KafkaTransport> life(const std::string& journal = "one", uint64_t end = 1000,
                                       bool exactly_once = true) {
    const auto lives = begin_journal_life(disk, "/" + journal, end, env);
    EXPECT_TRUE(lives) << lives.error().message;
    KafkaTransportOptions options;
    options.output = "soc";
    options.where = "kafka b:9092 topic alerts";
    options.exactly_once = exactly_once;
    options.lives = *lives;
    const auto open = [this]() -> Result<std::unique_ptr<KafkaConsumer>> { return topic.consumer(script); };
    auto lookup = std::make_unique<KafkaLookup>(open, "alerts", "soc", env, most_looked_up);
    return std::make_unique<KafkaTransport>(options, topic.publisher(exactly_once ? "kv" : "", script, env),
                                            exactly_once ? std::move(lookup) : nullptr, env);
  }
  void SetUp() override {
    for (const char* folder : {"/one", "/two"}) ASSERT_TRUE(disk.make_folder(folder));
  }
  std::string kept(const std::string& journal) const { return disk.content("/" + journal + "/id"); }
  void put_back(const std::string& journal, const std::string& copy) { disk.set_content("/" + journal + "/id", copy); }

  // "a<n>" with the sequences of [first, end), arrived now; it happened when it was first sent by anybody.
  Delivery send(KafkaTransport& transport, int first, int end, int ahead = 0) {
    std::vector<Alert> alerts;
    for (int n = first; n < end; ++n) {
      alerts.push_back(test::plain_alert("a" + std::to_string(n)));
      alerts.back().last_seen = happened.try_emplace(n, env.now()).first->second;
    }
    std::vector<Message> made = bodies(encoding, Framing::Apart, alerts, {});
    for (int n = first; n < end; ++n) made.at(0).places.push_back({static_cast<uint64_t>(n + ahead), env.now()});
    return transport.send(made.at(0));
  }
  std::vector<std::string> published() const {
    std::vector<std::string> out;
    for (const test::TopicRecord& record : topic.committed(0)) out.push_back(record.value);
    return out;
  }
  // The named step fails, the next time.
  void fail_once(const std::string& step, TopicFault fault) { failing[step] = fault; }

  test::SimulatedEnv env;
  test::SimulatedDisk disk;
  test::SimulatedTopic topic{1, 100};
  std::map<std::string, TopicFault> failing;
  Duration a_poll{};  // takes so long
  int lookups = 0;    // begun
  std::map<int, Timestamp> happened;
  test::TopicScript script{[this](const std::string& step) {
    if (step == "partitions") ++lookups;
    if (step == "poll") env.pass(a_poll);
    const auto found = failing.extract(step);
    return found.empty() ? TopicFault::None : found.mapped();
  }};
  size_t most_looked_up = 100;
  test::PlainEncoding encoding;
};

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

// Sequences of two journals have nothing to do with each other.
TEST_F(KafkaOutputTest, ACursorThatIsNotOursIsNotCompared) {
  EXPECT_EQ(send(*life("one"), 500, 502).kind, Kind::Delivered);
  EXPECT_EQ(send(*life("two"), 1, 3).kind, Kind::Delivered);
  EXPECT_EQ(send(*life("two", 2), 3, 4, -2).kind, Kind::Delivered) << "beyond the end of an older copy of the journal";
  EXPECT_THAT(published(), ElementsAre("a500.1", "a501.1", "a1.1", "a2.1", "a3.1"));
}

// The standby's data folder is a copy of ours. It publishes for hours while we are away with entries that nobody has
// published; its sequences are below the end of our journal.
TEST_F(KafkaOutputTest, TheCursorOfACopyIsNotOurs) {
  EXPECT_EQ(send(*life("one", 1), 1, 10).kind, Kind::Delivered);
  put_back("two", kept("one"));
  for (int n = 10; n < 13; ++n) {
    EXPECT_EQ(send(*life("two", 10), n, n + 1).kind, Kind::Delivered);
    env.pass(Duration::hours(1));
  }
  EXPECT_EQ(topic.cursor()->value, 12);
  const auto back = life("one", 20);
  EXPECT_EQ(send(*back, 50, 53, -40).kind, Kind::Delivered) << "entries 10 to 12 of ours";
  EXPECT_EQ(send(*back, 9, 14, 100).kind, Kind::Delivered) << "what it sent comes out of our journal now";
  EXPECT_THAT(published(), ElementsAre("a1.1", "a2.1", "a3.1", "a4.1", "a5.1", "a6.1", "a7.1", "a8.1", "a9.1", "a10.1",
                                       "a11.1", "a12.1", "a50.1", "a51.1", "a52.1", "a13.1"));
}

TEST_F(KafkaOutputTest, ACopyGoesOnWhereTheOneThatItWasMadeOfHasPublishedLast) {
  EXPECT_EQ(send(*life("one", 1), 1, 4).kind, Kind::Delivered);
  put_back("two", kept("one"));
  lookups = 0;
  env.pass(Duration::hours(1));
  EXPECT_EQ(send(*life("two", 10), 2, 6).kind, Kind::Delivered);
  EXPECT_EQ(lookups, 0) << "its cursor is known";
  EXPECT_THAT(published(), ElementsAre("a1.1", "a2.1", "a3.1", "a4.1", "a5.1"));
}

// Put back from an older copy the journal grows beyond the cursor again, with other entries.
TEST_F(KafkaOutputTest, AfterALifeOnAnOlderCopyTheCursorStaysForeign) {
  const auto went_on = life("one", 1);
  EXPECT_EQ(send(*went_on, 1, 6).kind, Kind::Delivered);
  const std::string backup = kept("one");
  EXPECT_EQ(send(*went_on, 6, 30).kind, Kind::Delivered);
  put_back("one", backup);
  life("one", 6);  // sends nothing
  EXPECT_EQ(send(*life("one", 100), 70, 73, -60).kind, Kind::Delivered);
  EXPECT_EQ(published().size(), 32u) << "entries 10 to 12 are others now";
}

TEST_F(KafkaOutputTest, ATextThatIsNotUnderstoodIsAForeignCursor) {
  for (const std::string metadata : {"", "x", "kubevigil/2 a 1", "kubevigil/1 a", "kubevigil/1 {} x",
                                     "kubevigil/1 {} -1", "kubevigil/1 {} 99999999999999999", "kubevigil/1 {} 1 2"}) {
    life("one");
    const std::string id = kept("one").substr(kept("one").size() - 33, 32);
    auto other = topic.publisher("kv", script, env);
    ASSERT_TRUE(other->open({}));
    const KafkaCursor cursor{500, fmt::format(fmt::runtime(metadata), id)};
    ASSERT_TRUE(other->publish({}, cursor, {}));
    const size_t before = published().size();
    const int n = 10 + static_cast<int>(before);
    EXPECT_EQ(send(*life("one"), n, n + 1).kind, Kind::Delivered) << metadata;
    EXPECT_EQ(published().size(), before + 1) << metadata;
  }
}

TEST_F(KafkaOutputTest, WithoutACursorOfOursTheTopicSaysWhatIsThere) {
  EXPECT_EQ(send(*life("one"), 1, 4).kind, Kind::Delivered);
  env.pass(Duration::minutes(4));
  EXPECT_EQ(send(*life("two"), 2, 6, 100).kind, Kind::Delivered);
  topic.forget_cursor();
  EXPECT_EQ(send(*life("two"), 4, 7, 100).kind, Kind::Delivered);
  EXPECT_THAT(published(), ElementsAre("a1.1", "a2.1", "a3.1", "a4.1", "a5.1", "a6.1"));
}

// What the other one has published comes out of our journal only now: it was copied yesterday, or is new and reads all
// again.
TEST_F(KafkaOutputTest, WhatIsReadAgainADayLaterIsLookedForWhereItHappened) {
  EXPECT_EQ(send(*life("one"), 1, 4).kind, Kind::Delivered);
  env.pass(Duration::hours(1));
  EXPECT_EQ(send(*life("one"), 4, 6).kind, Kind::Delivered);
  env.pass(Duration::hours(24));
  EXPECT_EQ(send(*life("two"), 1, 7, 100).kind, Kind::Delivered);
  EXPECT_THAT(published(), ElementsAre("a1.1", "a2.1", "a3.1", "a4.1", "a5.1", "a6.1"));
}

// The other instance was ahead of us, and to catch up takes hours.
TEST_F(KafkaOutputTest, ForAllThatHappenedBeforeATakeOverTheTopicIsAsked) {
  EXPECT_EQ(send(*life("one"), 1, 9).kind, Kind::Delivered);
  EXPECT_EQ(send(*life("two"), 1, 3, 100).kind, Kind::Delivered);
  EXPECT_EQ(topic.cursor()->value, 8) << "there was nothing new";
  const auto two = life("two");
  EXPECT_EQ(send(*two, 20, 21, 90).kind, Kind::Delivered);
  env.pass(Duration::hours(5));
  EXPECT_EQ(send(*two, 3, 5, 150).kind, Kind::Delivered);
  EXPECT_EQ(send(*life("two"), 5, 10, 150).kind, Kind::Delivered);
  EXPECT_THAT(published(),
              ElementsAre("a1.1", "a2.1", "a3.1", "a4.1", "a5.1", "a6.1", "a7.1", "a8.1", "a20.1", "a9.1"));
}

TEST_F(KafkaOutputTest, WhatHappenedBehindATakeOverIsNotLookedFor) {
  EXPECT_EQ(send(*life("one"), 1, 3).kind, Kind::Delivered);
  lookups = 0;
  const auto two = life("two");
  EXPECT_EQ(send(*two, 3, 4, 100).kind, Kind::Delivered);
  EXPECT_EQ(lookups, 1);
  env.pass(Duration::hours(2));
  EXPECT_EQ(send(*two, 4, 5, 100).kind, Kind::Delivered);
  EXPECT_EQ(send(*life("two"), 5, 6, 100).kind, Kind::Delivered);
  EXPECT_EQ(lookups, 1);
}

// Old and new alerts take turns: the topic is not read again for each.
TEST_F(KafkaOutputTest, ALookupIsKeptWhileItIsAskedFor) {
  EXPECT_EQ(send(*life("one"), 1, 9).kind, Kind::Delivered);
  env.pass(Duration::hours(3));
  lookups = 0;
  const auto two = life("two");
  EXPECT_EQ(send(*two, 1, 3, 100).kind, Kind::Delivered);
  EXPECT_EQ(send(*two, 20, 21, 90).kind, Kind::Delivered);
  env.pass(Duration::minutes(30));
  EXPECT_EQ(send(*two, 21, 22, 90).kind, Kind::Delivered);
  EXPECT_EQ(send(*two, 3, 5, 110).kind, Kind::Delivered);
  EXPECT_EQ(lookups, 1);
  env.pass(kLookupKept + Duration::seconds(1));
  two->rest();
  EXPECT_EQ(send(*two, 5, 7, 110).kind, Kind::Delivered);
  EXPECT_EQ(lookups, 2) << "the memory was given back";
  EXPECT_THAT(published(),
              ElementsAre("a1.1", "a2.1", "a3.1", "a4.1", "a5.1", "a6.1", "a7.1", "a8.1", "a20.1", "a21.1"));
}

// Each alert is older than the one before: the topic is read a few times, not once for each.
TEST_F(KafkaOutputTest, ALookupThatGoesBackGoesFar) {
  for (int n = 1; n < 30; ++n) {
    EXPECT_EQ(send(*life("one"), n, n + 1).kind, Kind::Delivered);
    env.pass(Duration::hours(1));
  }
  lookups = 0;
  const auto two = life("two");
  for (int n = 29; n > 0; --n) EXPECT_EQ(send(*two, n, n + 1, 100).kind, Kind::Delivered);
  EXPECT_EQ(published().size(), 29u);
  EXPECT_LE(lookups, 6);
}

// A broker that fails while we publish behind a take-over.
TEST_F(KafkaOutputTest, ALookupIsNotRepeatedForAFailureUnlessSomebodyPublished) {
  EXPECT_EQ(send(*life("one"), 1, 5).kind, Kind::Delivered);
  lookups = 0;
  const auto two = life("two");
  for (int i = 0; i < 3; ++i) {
    fail_once("commit", TopicFault::Fails);
    EXPECT_EQ(send(*two, 3, 6, 100).kind, Kind::Retry);
  }
  EXPECT_EQ(lookups, 1);
  EXPECT_EQ(send(*life("one"), 5, 8).kind, Kind::Delivered);
  lookups = 0;
  EXPECT_EQ(send(*two, 3, 6, 100).kind, Kind::Delivered);
  EXPECT_EQ(lookups, 1);
  EXPECT_THAT(published(), ElementsAre("a1.1", "a2.1", "a3.1", "a4.1", "a5.1", "a6.1", "a7.1"));
}

TEST_F(KafkaOutputTest, ALongLookupGoesOnWhereItWas) {
  EXPECT_EQ(send(*life("one"), 1, 6).kind, Kind::Delivered);
  a_poll = Duration::seconds(12);
  const auto transport = life("two");
  const Delivery first = send(*transport, 1, 8, 100);
  EXPECT_EQ(first.kind, Kind::Retry);
  EXPECT_THAT(first.reason, HasSubstr("reading what was published before the take-over, 3 messages so far"));
  EXPECT_EQ(send(*transport, 1, 8, 100).kind, Kind::Delivered);
  EXPECT_THAT(published(), ElementsAre("a1.1", "a2.1", "a3.1", "a4.1", "a5.1", "a6.1", "a7.1"));
}

TEST_F(KafkaOutputTest, WhatIsBeyondTheBoundOfALookupMayComeTwiceAndThatIsSaid) {
  EXPECT_EQ(send(*life("one"), 1, 6).kind, Kind::Delivered);
  most_looked_up = 3;
  const auto transport = life("two");
  const Delivery delivery = send(*transport, 1, 6, 100);
  EXPECT_EQ(delivery.kind, Kind::Delivered);
  EXPECT_THAT(delivery.note, HasSubstr("more than 3 messages were published since"));
  EXPECT_THAT(published(), ElementsAre("a1.1", "a2.1", "a3.1", "a4.1", "a5.1", "a4.1", "a5.1"));
  EXPECT_EQ(send(*transport, 6, 7, 100).note, "") << "once";
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
