// KafkaPublisher on a real broker: messages and cursor together, or neither, through crashes and take-overs.
#include "engine/kafka/kafka_publisher.h"

#include "tests/kafka/broker_fixture.h"

namespace kubevigil {
namespace {

using test::kPatience;
using testing::ElementsAre;
using testing::IsEmpty;

class Publisher : public test::BrokerTest {
 protected:
  KafkaPublisherOptions options() const {
    return {.kafka = kafka(), .topic = topic, .transactional_id = "kv-" + topic, .cursor_group = "kv-outbox-" + topic};
  }
  // Opened; its cursor is in `cursor`.
  std::unique_ptr<KafkaPublisher> opened() {
    auto made = make_kafka_publisher(options());
    KafkaResult<std::optional<int64_t>> found = made->open(kPatience);
    EXPECT_TRUE(found) << found.error().message;
    cursor = found ? *found : std::nullopt;
    return made;
  }
  static std::vector<KafkaOut> messages(const std::vector<std::string>& values) {
    std::vector<KafkaOut> out;
    for (const std::string& value : values) out.push_back({"key", value, {}});
    return out;
  }
  std::optional<int64_t> cursor;
};

TEST_F(Publisher, KeepsMessagesAndCursorTogether) {
  ASSERT_TRUE(broker().create_topic(topic, 3));
  auto publisher = opened();
  EXPECT_EQ(cursor, std::nullopt);
  const std::vector<std::string> first = {"a", "b"}, second = {"c"};
  ASSERT_TRUE(publisher->publish(messages(first), 7, kPatience));
  ASSERT_TRUE(publisher->publish(messages(second), 9, kPatience));
  publisher = opened();
  EXPECT_EQ(cursor, 9);
  EXPECT_THAT(committed_values(), ElementsAre("a", "b", "c"));
}

TEST_F(Publisher, WhatACrashLeftOpenIsNeitherSeenNorCounted) {
  ASSERT_TRUE(broker().create_topic(topic, 1));
  auto publisher = opened();
  const std::vector<std::string> first = {"a"}, second = {"b"};
  ASSERT_TRUE(publisher->publish(messages(first), 1, kPatience));
  publisher.reset();
  leave_open_transaction(options().transactional_id, options().cursor_group, "half", 2);
  publisher = opened();
  EXPECT_EQ(cursor, 1);
  EXPECT_THAT(committed_values(), ElementsAre("a"));
  ASSERT_TRUE(publisher->publish(messages(second), 3, kPatience));
  EXPECT_THAT(committed_values(), ElementsAre("a", "b"));
}

TEST_F(Publisher, TheNewerOneFencesTheOlder) {
  ASSERT_TRUE(broker().create_topic(topic, 1));
  const auto older = opened(), newer = opened();
  const std::vector<std::string> old_value = {"old"}, new_value = {"new"};
  const auto refused = older->publish(messages(old_value), 1, kPatience);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, KafkaFault::Fenced) << refused.error().message;
  ASSERT_TRUE(newer->publish(messages(new_value), 1, kPatience));
  EXPECT_THAT(committed_values(), ElementsAre("new"));
}

TEST_F(Publisher, ATooLargeMessageIsRefusedAndLeavesNothing) {
  ASSERT_TRUE(broker().create_topic(topic, 1, {{"max.message.bytes", "2000"}}));
  auto publisher = opened();
  const std::vector<std::string> values = {"small", std::string(10'000, 'x')};
  const auto refused = publisher->publish(messages(values), 1, kPatience);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, KafkaFault::Refused) << refused.error().message;
  publisher = opened();
  EXPECT_EQ(cursor, std::nullopt);
  EXPECT_THAT(committed_values(), IsEmpty());
}

TEST_F(Publisher, GoesOnBehindARestartOfTheBroker) {
  ASSERT_TRUE(broker().create_topic(topic, 1));
  auto publisher = opened();
  const std::vector<std::string> first = {"a"}, second = {"b"};
  ASSERT_TRUE(publisher->publish(messages(first), 1, kPatience));
  broker().kill();
  const auto failed = publisher->publish(messages(second), 2, Duration::seconds(2));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().fault, KafkaFault::Retry) << failed.error().message;
  ASSERT_TRUE(broker().start()) << broker().log();
  publisher = opened();
  EXPECT_EQ(cursor, 1);
  ASSERT_TRUE(publisher->publish(messages(second), 2, kPatience));
  EXPECT_THAT(committed_values(), ElementsAre("a", "b"));
}

}  // namespace
}  // namespace kubevigil
