// KafkaPublisher: what each error of each request of a transaction is taken for, and that the next one works.
#include "tests/kafka_mock/mock_cluster.h"

namespace kubevigil {
namespace {

using test::Api;

class PublisherFaults : public test::MockClusterTest {
 protected:
  void SetUp() override {
    MockClusterTest::SetUp();
    publisher =
        make_kafka_publisher({.kafka = kafka(), .topic = topic, .transactional_id = "kv", .cursor_group = "kv-outbox"});
  }
  KafkaResult<void> publish() {
    const KafkaOut message{"key", "value", {}};
    return publisher->publish(std::span(&message, 1), {7, "x"}, kPatience);
  }
  // As a sink does: behind an error it opens again.
  void expect_it_goes_on() {
    for (int i = 0; i < 100; ++i) {
      if (publisher->open(kPatience) && publish()) return;
    }
    ADD_FAILURE() << "it never goes on";
  }
  std::unique_ptr<KafkaPublisher> publisher;
};

TEST_F(PublisherFaults, WhatPassesIsTriedAgainInside) {
  ASSERT_TRUE(publisher->open(kPatience));
  fail(Api::AddPartitionsToTxn, {RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS, RD_KAFKA_RESP_ERR_NOT_COORDINATOR});
  fail(Api::AddOffsetsToTxn, {RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS});
  fail(Api::TxnOffsetCommit, {RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE});
  fail(Api::Produce, {RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT});
  fail(Api::EndTxn, {RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE});
  const auto done = publish();
  EXPECT_TRUE(done) << done.error().message;
}

TEST_F(PublisherFaults, EachErrorIsWhatItMeansAndTheNextOneWorks) {
  struct Row {
    Api api;
    rd_kafka_resp_err_t error;
    KafkaFault fault;
  };
  const Row rows[] = {
      {Api::Produce, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, KafkaFault::BadMessage},
      {Api::Produce, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, KafkaFault::Refused},
      {Api::AddPartitionsToTxn, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, KafkaFault::Refused},
      {Api::AddPartitionsToTxn, RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH, KafkaFault::Fenced},
      {Api::TxnOffsetCommit, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, KafkaFault::Refused},
      {Api::EndTxn, RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH, KafkaFault::Fenced},
      {Api::EndTxn, RD_KAFKA_RESP_ERR_PRODUCER_FENCED, KafkaFault::Fenced},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(std::string(rd_kafka_err2name(row.error)) + " of request " +
                 std::to_string(static_cast<int>(row.api)));
    const auto opened = publisher->open(kPatience);
    ASSERT_TRUE(opened) << opened.error().message;
    fail(row.api, {row.error});
    const auto done = publish();
    EXPECT_FALSE(done);
    if (!done) {
      EXPECT_EQ(done.error().fault, row.fault) << done.error().message;
    }
    expect_it_goes_on();
  }
}

TEST_F(PublisherFaults, WithoutTheRightToTheIdItIsRefused) {
  fail(Api::InitProducerId, {RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED});
  const auto opened = publisher->open(kPatience);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().fault, KafkaFault::Refused) << opened.error().message;
  expect_it_goes_on();
}

TEST_F(PublisherFaults, ACoordinatorThatIsAwayIsWaitedForAsLongAsItWasTold) {
  ASSERT_TRUE(publisher->open(kPatience));
  ASSERT_TRUE(publish());
  for (int32_t broker = 1; broker <= kBrokers; ++broker) set_down(broker);
  const KafkaOut message{"key", "value", {}};
  const auto done = publisher->publish(std::span(&message, 1), {8, "x"}, Duration::seconds(1));
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().fault, KafkaFault::Retry) << done.error().message;
  for (int32_t broker = 1; broker <= kBrokers; ++broker) set_up(broker);
  expect_it_goes_on();
}

TEST_F(PublisherFaults, CancelledItEndsSoon) {
  for (int32_t broker = 1; broker <= kBrokers; ++broker) set_down(broker);
  publisher->cancel();
  const auto opened = publisher->open(Duration::minutes(10));
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().fault, KafkaFault::Retry);
}

}  // namespace
}  // namespace kubevigil
