// Properties that our promises rest on cannot be set, and what we set ourselves is among them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/kafka/kafka_client.h"
#include "outputs/kafka_output.h"

namespace kubevigil {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

// Each with a value that librdkafka takes.
TEST(KafkaProperties, WhatWouldBreakPublishingForGoodMayNotBeSet) {
  const std::pair<const char*, const char*> broken[] = {
      {"delivery.report.only.error", "true"}, {"acks", "1"},
      {"request.required.acks", "0"},         {"queue.buffering.max.messages", "1"},
      {"queue.buffering.max.kbytes", "1"},    {"partitioner", "random"},
      {"allow.auto.create.topics", "true"},   {"enable.idempotence", "false"},
      {"enable.partition.eof", "false"},      {"isolation.level", "read_uncommitted"},
      {"api.version.request", "false"},
  };
  for (const auto& [name, value] : broken) {
    EXPECT_EQ(wrong_kafka_property(name, value), "") << name;
    EXPECT_THAT(why_no_kafka_property(name, value), StartsWith("it may not be set: ")) << name;
  }
  EXPECT_EQ(why_no_kafka_property("linger.ms", "5"), "");
  EXPECT_EQ(why_no_kafka_property("linger.mz", "5"), "librdkafka has no property of that name");
}

// A client is refused that sets what a user may set, too: his value would be passed over in silence. Nobody answers
// here.
TEST(KafkaProperties, WhatWeSetOurselvesIsReserved) {
  const KafkaOptions nowhere{.brokers = "127.0.0.1:1", .client_id = "kubevigil-test", .properties = {}};
  const auto consumer = open_kafka_consumer(nowhere);
  EXPECT_TRUE(consumer) << consumer.error().message;
  const auto group = open_kafka_group({.kafka = nowhere, .group = "g", .topics = {"t"}});
  EXPECT_TRUE(group) << group.error().message;
  const auto opened =
      make_kafka_publisher({.kafka = nowhere, .topic = "t", .transactional_id = "id", .cursor_group = "g"})
          ->open(Duration::seconds(1));
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().fault, KafkaFault::Retry) << opened.error().message;
}

}  // namespace
}  // namespace kubevigil
