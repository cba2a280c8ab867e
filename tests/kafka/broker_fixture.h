// One real broker for all tests of a program's run, a topic's name for each, and what a read_committed reader sees. The
// broker's version is an environment variable's (test::kafka_version): ctest runs the suite once against each.
#pragma once

#include <gmock/gmock.h>
#include <librdkafka/rdkafka.h>

#include "engine/kafka/kafka_client.h"
#include "tests/support/kafka_broker.h"
#include "tests/support/kafka_produce.h"

namespace kubevigil::test {

inline constexpr Duration kPatience = Duration::seconds(60);

enum class Listeners : uint8_t { Open, Secured };

// With so many nodes; BrokerTest, ClusterTest and SecuredTest below.
template <int kNodes, Listeners kListeners = Listeners::Open>
class NodesTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (broker_ != nullptr || why_not_) return;
    const auto jars = kafka_jars(kafka_version());
    if (!jars) return;
    const bool secured = kListeners == Listeners::Secured;
    auto made =
        std::make_unique<KafkaBroker>(*jars, kNodes, secured ? std::make_shared<const KafkaSecurity>() : nullptr);
    if (made->start()) {
      broker_ = std::move(made);
    } else {
      why_not_ = made->log();
    }
  }
  void SetUp() override {
    if (broker_ != nullptr) return;
    if (why_not_) FAIL() << "the broker did not start: " << *why_not_;
    if (is_ci()) FAIL() << kNoKafkaInCi << ": version " << kafka_version();
    GTEST_SKIP() << kNoKafka << ": version " << kafka_version();
  }
  // In a SetUp() that goes on.
  bool is_over() const { return IsSkipped() || HasFatalFailure(); }

  static KafkaBroker& broker() { return *broker_; }
  static KafkaOptions kafka() { return {.brokers = broker_->address(), .client_id = "test", .properties = {}}; }
  // From the beginning to the end of each partition of `topic`.
  std::vector<std::string> committed_values() {
    std::vector<std::string> out;
    const auto consumer = std::move(*open_kafka_consumer(kafka()));
    const auto partitions = consumer->partitions([&](const std::string& name) { return name == topic; }, kPatience);
    EXPECT_TRUE(partitions) << partitions.error().message;
    std::vector<KafkaPosition> positions;
    for (const TopicPartition& at : *partitions) positions.push_back({at, 0});
    EXPECT_TRUE(consumer->assign(positions));
    KafkaMessage message;
    for (size_t ends = 0; ends < positions.size();) {
      const auto step = consumer->poll(message, kPatience);
      if (!step || *step == KafkaStep::Nothing) {
        ADD_FAILURE() << (step ? "nothing came" : step.error().message);
        break;
      }
      if (*step == KafkaStep::End) ++ends;
      if (*step == KafkaStep::Message) out.emplace_back(message.value);
    }
    return out;
  }
  // As a program that dies between sending its cursor and committing.
  void leave_open_transaction(const std::string& id, const std::string& group, const std::string& value,
                              int64_t cursor);

  std::string topic = std::string("t-") + testing::UnitTest::GetInstance()->current_test_info()->name();

 private:
  static inline std::unique_ptr<KafkaBroker> broker_;
  static inline std::optional<std::string> why_not_;  // no test asks a broker again that did not start
};

template <int kNodes, Listeners kListeners>
void NodesTest<kNodes, kListeners>::leave_open_transaction(const std::string& id, const std::string& group,
                                                           const std::string& value, int64_t cursor) {
  char reason[256];
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  rd_kafka_conf_set(conf, "bootstrap.servers", broker_->address().c_str(), reason, sizeof reason);
  rd_kafka_conf_set(conf, "transactional.id", id.c_str(), reason, sizeof reason);
  rd_kafka_t* handle = rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason, sizeof reason);
  ASSERT_EQ(rd_kafka_init_transactions(handle, 60'000), nullptr);
  ASSERT_EQ(rd_kafka_begin_transaction(handle), nullptr);
  ASSERT_EQ(produce_raw(handle, topic, 0, value), RD_KAFKA_RESP_ERR_NO_ERROR);
  ASSERT_EQ(rd_kafka_flush(handle, 60'000), RD_KAFKA_RESP_ERR_NO_ERROR);
  rd_kafka_topic_partition_list_t* list = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(list, topic.c_str(), 0)->offset = cursor;
  rd_kafka_consumer_group_metadata_t* metadata = rd_kafka_consumer_group_metadata_new(group.c_str());
  ASSERT_EQ(rd_kafka_send_offsets_to_transaction(handle, list, metadata, 60'000), nullptr);
  rd_kafka_consumer_group_metadata_destroy(metadata);
  rd_kafka_topic_partition_list_destroy(list);
  rd_kafka_destroy(handle);
}

class BrokerTest : public NodesTest<1> {};
class ClusterTest : public NodesTest<3> {};
// One node, with listeners that ask who is there beside the open one.
class SecuredTest : public NodesTest<1, Listeners::Secured> {};

}  // namespace kubevigil::test
