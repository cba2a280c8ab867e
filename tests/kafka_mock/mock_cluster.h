// librdkafka's own mock cluster: brokers in this process that answer as they are told to. Without retention, and what
// is written in transactions is seen at once; for those there are real brokers (tests/kafka).
#pragma once

#include <gmock/gmock.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <array>
#include <string>
#include <vector>

#include "engine/kafka/kafka_client.h"
#include "tests/support/kafka_produce.h"

namespace kubevigil::test {

// Keys of requests (https://kafka.apache.org/protocol#protocol_api_keys).
enum class Api : int16_t {
  Produce = 0,
  Fetch = 1,
  ListOffsets = 2,
  Metadata = 3,
  OffsetFetch = 9,
  FindCoordinator = 10,
  JoinGroup = 11,
  Heartbeat = 12,
  InitProducerId = 22,
  AddPartitionsToTxn = 24,
  AddOffsetsToTxn = 25,
  EndTxn = 26,
  TxnOffsetCommit = 28,
};

class MockClusterTest : public testing::Test {
 protected:
  static constexpr int kBrokers = 3;
  static constexpr Duration kPatience = Duration::seconds(30);

  void SetUp() override {
    std::array<char, 256> reason{};
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "client.id", "mock", reason.data(), reason.size());
    handle_ = rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason.data(), reason.size());
    ASSERT_NE(handle_, nullptr) << reason.data();
    cluster_ = rd_kafka_mock_cluster_new(handle_, kBrokers);
    ASSERT_NE(cluster_, nullptr);
    for (int32_t partition = 0; partition < 2; ++partition) {
      rd_kafka_mock_topic_create(cluster_, topic.c_str(), 2, kBrokers);
      rd_kafka_mock_partition_set_leader(cluster_, topic.c_str(), partition, 1);
    }
  }
  void TearDown() override {
    if (cluster_ != nullptr) rd_kafka_mock_cluster_destroy(cluster_);
    rd_kafka_destroy(handle_);
  }

  KafkaOptions kafka() const {
    return {.brokers = rd_kafka_mock_cluster_bootstraps(cluster_),
            .client_id = "test",
            .properties = {{"reconnect.backoff.max.ms", "100"}, {"retry.backoff.ms", "10"}}};
  }
  void fail(Api api, const std::vector<rd_kafka_resp_err_t>& errors) {
    rd_kafka_mock_push_request_errors_array(cluster_, static_cast<int16_t>(api), errors.size(), errors.data());
  }
  void set_leader(int32_t partition, int32_t broker) {
    rd_kafka_mock_partition_set_leader(cluster_, topic.c_str(), partition, broker);
  }
  void set_down(int32_t broker) { rd_kafka_mock_broker_set_down(cluster_, broker); }
  void set_up(int32_t broker) { rd_kafka_mock_broker_set_up(cluster_, broker); }
  void set_coordinator(const std::string& type, const std::string& key, int32_t broker) {
    rd_kafka_mock_coordinator_set(cluster_, type.c_str(), key.c_str(), broker);
  }
  void produce(int32_t partition, int from, int count) {
    std::array<char, 256> reason{};
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", kafka().brokers.c_str(), reason.data(), reason.size());
    rd_kafka_t* producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason.data(), reason.size());
    for (int n = from; n < from + count; ++n) {
      ASSERT_EQ(produce_raw(producer, topic, partition, std::to_string(n)), RD_KAFKA_RESP_ERR_NO_ERROR);
    }
    ASSERT_EQ(rd_kafka_flush(producer, 30'000), RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_destroy(producer);
  }

  const std::string topic = "audit";

 private:
  rd_kafka_t* handle_ = nullptr;
  rd_kafka_mock_cluster_t* cluster_ = nullptr;
};

}  // namespace kubevigil::test
