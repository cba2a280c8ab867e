// Whose a cursor is, and what is looked for in the topic when it is not ours.
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

using KafkaTakeOver = test::KafkaOutputTest;

// Sequences of two journals have nothing to do with each other.
TEST_F(KafkaTakeOver, ACursorThatIsNotOursIsNotCompared) {
  EXPECT_EQ(send(*life("one"), 500, 502).kind, Kind::Delivered);
  EXPECT_EQ(send(*life("two"), 1, 3).kind, Kind::Delivered);
  EXPECT_EQ(send(*life("two", 2), 3, 4, -2).kind, Kind::Delivered) << "beyond the end of an older copy of the journal";
  EXPECT_THAT(published(), ElementsAre("a500.1", "a501.1", "a1.1", "a2.1", "a3.1"));
}

// The standby's data folder is a copy of ours. It publishes for hours while we are away with entries that nobody has
// published; its sequences are below the end of our journal.
TEST_F(KafkaTakeOver, TheCursorOfACopyIsNotOurs) {
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

TEST_F(KafkaTakeOver, ACopyGoesOnWhereTheOneThatItWasMadeOfHasPublishedLast) {
  EXPECT_EQ(send(*life("one", 1), 1, 4).kind, Kind::Delivered);
  put_back("two", kept("one"));
  lookups = 0;
  env.pass(Duration::hours(1));
  EXPECT_EQ(send(*life("two", 10), 2, 6).kind, Kind::Delivered);
  EXPECT_EQ(lookups, 0) << "its cursor is known";
  EXPECT_THAT(published(), ElementsAre("a1.1", "a2.1", "a3.1", "a4.1", "a5.1"));
}

// Put back from an older copy the journal grows beyond the cursor again, with other entries.
TEST_F(KafkaTakeOver, AfterALifeOnAnOlderCopyTheCursorStaysForeign) {
  const auto went_on = life("one", 1);
  EXPECT_EQ(send(*went_on, 1, 6).kind, Kind::Delivered);
  const std::string backup = kept("one");
  EXPECT_EQ(send(*went_on, 6, 30).kind, Kind::Delivered);
  put_back("one", backup);
  life("one", 6);  // sends nothing
  EXPECT_EQ(send(*life("one", 100), 70, 73, -60).kind, Kind::Delivered);
  EXPECT_EQ(published().size(), 32u) << "entries 10 to 12 are others now";
}

TEST_F(KafkaTakeOver, ATextThatIsNotUnderstoodIsAForeignCursor) {
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

TEST_F(KafkaTakeOver, WithoutACursorOfOursTheTopicSaysWhatIsThere) {
  EXPECT_EQ(send(*life("one"), 1, 4).kind, Kind::Delivered);
  env.pass(Duration::minutes(4));
  EXPECT_EQ(send(*life("two"), 2, 6, 100).kind, Kind::Delivered);
  topic.forget_cursor();
  EXPECT_EQ(send(*life("two"), 4, 7, 100).kind, Kind::Delivered);
  EXPECT_THAT(published(), ElementsAre("a1.1", "a2.1", "a3.1", "a4.1", "a5.1", "a6.1"));
}

// What the other one has published comes out of our journal only now: it was copied yesterday, or is new and reads all
// again.
TEST_F(KafkaTakeOver, WhatIsReadAgainADayLaterIsLookedForWhereItHappened) {
  EXPECT_EQ(send(*life("one"), 1, 4).kind, Kind::Delivered);
  env.pass(Duration::hours(1));
  EXPECT_EQ(send(*life("one"), 4, 6).kind, Kind::Delivered);
  env.pass(Duration::hours(24));
  EXPECT_EQ(send(*life("two"), 1, 7, 100).kind, Kind::Delivered);
  EXPECT_THAT(published(), ElementsAre("a1.1", "a2.1", "a3.1", "a4.1", "a5.1", "a6.1"));
}

// The other instance was ahead of us, and to catch up takes hours.
TEST_F(KafkaTakeOver, ForAllThatHappenedBeforeATakeOverTheTopicIsAsked) {
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

TEST_F(KafkaTakeOver, WhatHappenedBehindATakeOverIsNotLookedFor) {
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
TEST_F(KafkaTakeOver, ALookupIsKeptWhileItIsAskedFor) {
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
TEST_F(KafkaTakeOver, ALookupThatGoesBackGoesFar) {
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
TEST_F(KafkaTakeOver, ALookupIsNotRepeatedForAFailureUnlessSomebodyPublished) {
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

TEST_F(KafkaTakeOver, ALongLookupGoesOnWhereItWas) {
  EXPECT_EQ(send(*life("one"), 1, 6).kind, Kind::Delivered);
  a_poll = Duration::seconds(12);
  const auto transport = life("two");
  const Delivery first = send(*transport, 1, 8, 100);
  EXPECT_EQ(first.kind, Kind::Retry);
  EXPECT_THAT(first.reason, HasSubstr("reading what was published before the take-over, 3 messages so far"));
  EXPECT_EQ(send(*transport, 1, 8, 100).kind, Kind::Delivered);
  EXPECT_THAT(published(), ElementsAre("a1.1", "a2.1", "a3.1", "a4.1", "a5.1", "a6.1", "a7.1"));
}

TEST_F(KafkaTakeOver, WhatIsBeyondTheBoundOfALookupMayComeTwiceAndThatIsSaid) {
  EXPECT_EQ(send(*life("one"), 1, 6).kind, Kind::Delivered);
  most_looked_up = 3;
  const auto transport = life("two");
  const Delivery delivery = send(*transport, 1, 6, 100);
  EXPECT_EQ(delivery.kind, Kind::Delivered);
  EXPECT_THAT(delivery.note, HasSubstr("more than 3 messages were published since"));
  EXPECT_THAT(published(), ElementsAre("a1.1", "a2.1", "a3.1", "a4.1", "a5.1", "a4.1", "a5.1"));
  EXPECT_EQ(send(*transport, 6, 7, 100).note, "") << "once";
}

}  // namespace
}  // namespace kubevigil
