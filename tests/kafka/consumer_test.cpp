// KafkaConsumer on a real broker: positions are ours, what is gone is said, what is paused stays away.
#include "engine/kafka/kafka_consumer.h"

#include <algorithm>

#include "tests/kafka/broker_fixture.h"

namespace kubevigil {
namespace {

using test::kPatience;
using testing::ElementsAre;

class Consumer : public test::BrokerTest {
 protected:
  void SetUp() override {
    BrokerTest::SetUp();
    if (is_over()) return;
    consumer = std::move(*open_kafka_consumer(kafka()));
  }
  TopicPartition part(int32_t number) const { return {topic, number}; }
  void assign(const std::vector<KafkaPosition>& positions) {
    const auto done = consumer->assign(positions);
    ASSERT_TRUE(done) << done.error().message;
  }
  // "partition:offset value" of each message up to so many ends of partitions.
  std::vector<std::string> read(size_t ends) {
    std::vector<std::string> out;
    KafkaMessage message;
    while (ends > 0) {
      const auto step = consumer->poll(message, kPatience);
      if (!step || *step == KafkaStep::Nothing) {
        out.push_back(step ? "nothing" : step.error().message);
        break;
      }
      if (*step == KafkaStep::End) --ends;
      if (*step != KafkaStep::Message) continue;
      out.push_back(std::to_string(message.at.partition) + ":" + std::to_string(message.offset) + " " +
                    std::string(message.value));
    }
    std::sort(out.begin(), out.end());
    return out;
  }

  std::unique_ptr<KafkaConsumer> consumer;
};

TEST_F(Consumer, ReadsFromWhereItIsTold) {
  ASSERT_TRUE(broker().create_topic(topic, 2));
  for (const char* value : {"a", "b", "c"}) ASSERT_TRUE(broker().produce(topic, 0, value));
  ASSERT_TRUE(broker().produce(topic, 1, "d"));
  assign({{part(0), 1}, {part(1), 0}});
  EXPECT_THAT(read(2), ElementsAre("0:1 b", "0:2 c", "1:0 d"));
  assign({{part(0), 0}});
  EXPECT_THAT(read(1), ElementsAre("0:0 a", "0:1 b", "0:2 c"));
  const auto range = consumer->range(part(0), kPatience);
  ASSERT_TRUE(range) << range.error().message;
  EXPECT_EQ(range->first, 0);
  EXPECT_EQ(range->end, 3);
}

TEST_F(Consumer, EndsWhileItsMessagesLive) {
  ASSERT_TRUE(broker().create_topic(topic, 1));
  ASSERT_TRUE(broker().produce(topic, 0, "kept"));
  assign({{part(0), 0}});
  KafkaMessage message;
  ASSERT_EQ(consumer->poll(message, kPatience).value_or(KafkaStep::Nothing), KafkaStep::Message);
  consumer.reset();
  EXPECT_EQ(message.value, "kept");
}

TEST_F(Consumer, FindsThePartitionsOfTopicsThatAreWanted) {
  ASSERT_TRUE(broker().create_topic(topic, 2));
  const auto found = consumer->partitions([&](const std::string& name) { return name == topic; }, kPatience);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_THAT(*found, ElementsAre(part(0), part(1)));
}

TEST_F(Consumer, KnowsWhichPartitionsAreThere) {
  ASSERT_TRUE(broker().create_topic(topic, 2));
  EXPECT_TRUE(consumer->is_there(part(1), kPatience).value_or(false));
  EXPECT_FALSE(consumer->is_there(part(2), kPatience).value_or(true));
  EXPECT_FALSE(consumer->is_there({topic + "-none", 0}, kPatience).value_or(true));
  ASSERT_TRUE(broker().delete_topic(topic));
  EXPECT_TRUE(test::becomes([&] { return !consumer->is_there(part(1), kPatience).value_or(true); }));
}

TEST_F(Consumer, SaysWhatManyHoldInOneAnswer) {
  ASSERT_TRUE(broker().create_topic(topic, 3));
  for (const char* value : {"a", "b", "c"}) ASSERT_TRUE(broker().produce(topic, 1, value));
  ASSERT_TRUE(broker().produce(topic, 2, "d"));
  ASSERT_TRUE(broker().delete_records(topic, 1, 2));
  const auto held = consumer->ranges(std::vector<TopicPartition>{part(2), part(0), part(1)}, kPatience);
  std::vector<std::pair<int64_t, int64_t>> ranges;
  for (const auto& range : held) ranges.emplace_back(range ? range->first : -1, range ? range->end : -1);
  EXPECT_THAT(ranges, ElementsAre(std::pair(0, 1), std::pair(0, 0), std::pair(2, 3)));
}

TEST_F(Consumer, SaysWhatIsGoneAndGoesOnWithTheRest) {
  ASSERT_TRUE(broker().create_topic(topic, 2));
  for (const char* value : {"a", "b", "c"}) ASSERT_TRUE(broker().produce(topic, 0, value));
  ASSERT_TRUE(broker().produce(topic, 1, "d"));
  ASSERT_TRUE(broker().delete_records(topic, 0, 2));
  assign({{part(0), 0}, {part(1), 0}});
  bool is_gone = false, is_read = false;
  KafkaMessage message;
  while (!is_gone || !is_read) {
    const auto step = consumer->poll(message, kPatience);
    if (!step) {
      ASSERT_EQ(step.error().fault, KafkaFault::OutOfRange) << step.error().message;
      EXPECT_EQ(message.at, part(0));
      is_gone = true;
    } else if (*step == KafkaStep::Message) {
      EXPECT_EQ(message.value, "d");
      is_read = true;
    } else {
      ASSERT_EQ(*step, KafkaStep::End);
    }
  }
  const auto range = consumer->range(part(0), kPatience);
  ASSERT_TRUE(range) << range.error().message;
  EXPECT_EQ(range->first, 2);
  assign({{part(0), range->first}});
  EXPECT_THAT(read(1), ElementsAre("0:2 c"));
}

TEST_F(Consumer, WhatIsPausedStaysAway) {
  ASSERT_TRUE(broker().create_topic(topic, 2));
  ASSERT_TRUE(broker().produce(topic, 0, "a"));
  assign({{part(0), 0}, {part(1), 0}});
  EXPECT_THAT(read(2), ElementsAre("0:0 a"));
  const std::vector<TopicPartition> first = {part(0)};
  consumer->pause(first);
  ASSERT_TRUE(broker().produce(topic, 0, "b"));
  ASSERT_TRUE(broker().produce(topic, 1, "c"));
  EXPECT_THAT(read(1), ElementsAre("1:0 c"));
  consumer->resume(first);
  EXPECT_THAT(read(1), ElementsAre("0:1 b"));
}

TEST_F(Consumer, ATransactionThatIsOpenIsNotSeen) {
  ASSERT_TRUE(broker().create_topic(topic, 1));
  ASSERT_TRUE(broker().produce(topic, 0, "a"));
  leave_open_transaction("kv-" + topic, "kv-group-" + topic, "half", 1);
  assign({{part(0), 0}});
  EXPECT_THAT(read(1), ElementsAre("0:0 a"));
}

TEST_F(Consumer, TheEndIsBehindTheMarksOfTransactions) {
  ASSERT_TRUE(broker().create_topic(topic, 1));
  const auto publisher = make_kafka_publisher(
      {.kafka = kafka(), .topic = topic, .transactional_id = "kv-" + topic, .cursor_group = "kv-group-" + topic});
  ASSERT_TRUE(publisher->open(kPatience));
  const KafkaOut message{"key", "a", {}};
  ASSERT_TRUE(publisher->publish(std::span(&message, 1), {1, ""}, kPatience));
  assign({{part(0), 0}});
  KafkaMessage read;
  ASSERT_EQ(consumer->poll(read, kPatience).value_or(KafkaStep::Nothing), KafkaStep::Message);
  ASSERT_EQ(consumer->poll(read, kPatience).value_or(KafkaStep::Nothing), KafkaStep::End);
  const auto range = consumer->range(part(0), kPatience);
  ASSERT_TRUE(range) << range.error().message;
  EXPECT_EQ(range->end, 2);
  EXPECT_EQ(read.offset, 2);
}

TEST_F(Consumer, APropertyThatIsWrongIsSaidWithoutItsValue) {
  KafkaOptions options = kafka();
  options.properties["security.protocol"] = "s3cret";
  const auto opened = open_kafka_consumer(options);
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message, testing::HasSubstr("security.protocol"));
  EXPECT_THAT(opened.error().message, testing::Not(testing::HasSubstr("s3cret")));
}

}  // namespace
}  // namespace kubevigil
