// KafkaPublisher on a real broker: messages and cursor together, or neither, through crashes and take-overs.
#include "engine/kafka/kafka_publisher.h"

#include <thread>

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
    KafkaResult<std::optional<KafkaCursor>> found = made->open(kPatience);
    EXPECT_TRUE(found) << found.error().message;
    cursor = found ? *found : std::nullopt;
    return made;
  }
  static std::vector<KafkaOut> messages(const std::vector<std::string>& values) {
    std::vector<KafkaOut> out;
    for (const std::string& value : values) out.push_back({"key", value, {}});
    return out;
  }
  static KafkaCursor at(int64_t value) { return {value, "test " + std::to_string(value)}; }
  std::optional<KafkaCursor> cursor;
};

TEST_F(Publisher, KeepsMessagesAndCursorTogether) {
  ASSERT_TRUE(broker().create_topic(topic, 3));
  auto publisher = opened();
  EXPECT_EQ(cursor, std::nullopt);
  const std::vector<std::string> first = {"a", "b"}, second = {"c"};
  ASSERT_TRUE(publisher->publish(messages(first), at(7), kPatience));
  ASSERT_TRUE(publisher->publish(messages(second), at(9), kPatience));
  publisher = opened();
  EXPECT_EQ(cursor, at(9));
  EXPECT_THAT(committed_values(), ElementsAre("a", "b", "c"));
}

TEST_F(Publisher, ACursorIsCommittedWithoutMessages) {
  ASSERT_TRUE(broker().create_topic(topic, 1));
  auto publisher = opened();
  ASSERT_TRUE(publisher->publish({}, at(5), kPatience));
  publisher = opened();
  EXPECT_EQ(cursor, at(5));
}

TEST_F(Publisher, IsCancelledWhileTheBrokerIsAway) {
  KafkaPublisherOptions away = options();
  away.kafka.brokers = "127.0.0.1:9";
  const auto publisher = make_kafka_publisher(away);
  std::thread other([&] { publisher->cancel(); });
  const auto opened = publisher->open(Duration::hours(1));
  other.join();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().fault, KafkaFault::Retry) << opened.error().message;
}

TEST_F(Publisher, WhatACrashLeftOpenIsNeitherSeenNorCounted) {
  ASSERT_TRUE(broker().create_topic(topic, 1));
  auto publisher = opened();
  const std::vector<std::string> first = {"a"}, second = {"b"};
  ASSERT_TRUE(publisher->publish(messages(first), at(1), kPatience));
  publisher.reset();
  leave_open_transaction(options().transactional_id, options().cursor_group, "half", 2);
  publisher = opened();
  EXPECT_EQ(cursor, at(1));
  EXPECT_THAT(committed_values(), ElementsAre("a"));
  ASSERT_TRUE(publisher->publish(messages(second), at(3), kPatience));
  EXPECT_THAT(committed_values(), ElementsAre("a", "b"));
}

TEST_F(Publisher, TheNewerOneFencesTheOlder) {
  ASSERT_TRUE(broker().create_topic(topic, 1));
  const auto older = opened(), newer = opened();
  const std::vector<std::string> old_value = {"old"}, new_value = {"new"};
  const auto refused = older->publish(messages(old_value), at(1), kPatience);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, KafkaFault::Fenced) << refused.error().message;
  ASSERT_TRUE(newer->publish(messages(new_value), at(1), kPatience));
  EXPECT_THAT(committed_values(), ElementsAre("new"));
}

TEST_F(Publisher, ATooLargeMessageIsRefusedAndLeavesNothing) {
  ASSERT_TRUE(broker().create_topic(topic, 1, {{"max.message.bytes", "2000"}}));
  auto publisher = opened();
  const std::vector<std::string> values = {"small", std::string(10'000, 'x')};
  const auto refused = publisher->publish(messages(values), at(1), kPatience);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, KafkaFault::BadMessage) << refused.error().message;
  publisher = opened();
  EXPECT_EQ(cursor, std::nullopt);
  EXPECT_THAT(committed_values(), IsEmpty());
}

TEST_F(Publisher, GoesOnBehindARestartOfTheBroker) {
  ASSERT_TRUE(broker().create_topic(topic, 1));
  auto publisher = opened();
  const std::vector<std::string> first = {"a"}, second = {"b"};
  ASSERT_TRUE(publisher->publish(messages(first), at(1), kPatience));
  broker().kill();
  const auto failed = publisher->publish(messages(second), at(2), Duration::seconds(2));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().fault, KafkaFault::Retry) << failed.error().message;
  ASSERT_TRUE(broker().start()) << broker().log();
  publisher = opened();
  EXPECT_EQ(cursor, at(1));
  ASSERT_TRUE(publisher->publish(messages(second), at(2), kPatience));
  EXPECT_THAT(committed_values(), ElementsAre("a", "b"));
}

}  // namespace
}  // namespace kubevigil
