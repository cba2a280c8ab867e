// Three nodes: what leads a partition, the transactions and the groups is lost, one node after the other, and consumer
// and publisher go on, each message once.
#include <set>

#include "tests/kafka/broker_fixture.h"

namespace kubevigil {
namespace {

using test::kPatience;
using testing::ElementsAre;

class Cluster : public test::ClusterTest {
 protected:
  void SetUp() override {
    ClusterTest::SetUp();
    if (is_over()) return;
    ASSERT_TRUE(broker().create_topic(topic, 1));
    consumer = std::move(*open_kafka_consumer(kafka()));
    publisher = make_kafka_publisher(
        {.kafka = kafka(), .topic = topic, .transactional_id = "kv-" + topic, .cursor_group = "kv-outbox-" + topic});
    ASSERT_TRUE(consumer->assign(std::vector<KafkaPosition>{{{topic, 0}, 0}}));
    ASSERT_TRUE(publisher->open(kPatience));
  }
  // As a sink does: an error leaves open whether it is there, opening again says so.
  void publish(const std::string& value, int64_t cursor) {
    const KafkaOut message{"key", value, {}};
    bool is_open = true;
    ASSERT_TRUE(test::becomes([&] {
      if (is_open && publisher->publish(std::span(&message, 1), {cursor, {}}, kPatience)) return true;
      const auto committed = publisher->open(kPatience);
      is_open = committed.has_value();
      return is_open && *committed == KafkaCursor{cursor, {}};
    })) << value;
  }
  // The next message that is read. No fault but a passing one is met on the way.
  std::string next() {
    KafkaMessage message;
    std::string out;
    EXPECT_TRUE(test::becomes([&] {
      const auto step = consumer->poll(message, Duration::seconds(1));
      if (!step) {
        EXPECT_EQ(step.error().fault, KafkaFault::Retry) << step.error().message;
      } else if (*step == KafkaStep::Message) {
        out = message.value;
        return true;
      }
      return false;
    }));
    return out;
  }

  std::unique_ptr<KafkaConsumer> consumer;
  std::unique_ptr<KafkaPublisher> publisher;
};

TEST_F(Cluster, GoesOnWhenALeaderIsLost) {
  publish("a", 1);
  EXPECT_EQ(next(), "a");
  const int lost = broker().leader(topic, 0);
  ASSERT_NE(lost, 0);
  broker().kill(lost);
  publish("b", 2);
  EXPECT_EQ(next(), "b");
  EXPECT_NE(broker().leader(topic, 0), lost);
  ASSERT_TRUE(broker().start(lost)) << broker().log();
}

TEST_F(Cluster, LosesEachNodeInTurn) {
  std::vector<std::string> published;
  for (int node = 1; node <= broker().nodes(); ++node) {
    ASSERT_TRUE(test::becomes([&] { return broker().in_sync(topic, 0) == broker().nodes(); }));
    broker().kill(node);
    published.push_back("without " + std::to_string(node));
    publish(published.back(), node);
    EXPECT_EQ(next(), published.back());
    ASSERT_TRUE(broker().start(node)) << broker().log();
  }
  EXPECT_EQ(committed_values(), published);
}

TEST_F(Cluster, GoesOnWhenANodeIsStoppedInOrder) {
  publish("a", 1);
  const int stopped = broker().leader(topic, 0);
  ASSERT_NE(stopped, 0);
  broker().stop(stopped);
  publish("b", 2);
  ASSERT_TRUE(broker().start(stopped)) << broker().log();
  publish("c", 3);
  EXPECT_THAT(committed_values(), ElementsAre("a", "b", "c"));
}

}  // namespace
}  // namespace kubevigil
