// KafkaConsumer while brokers answer with errors, leaders move and brokers are away: each message once and in order,
// and no fault but those that pass.
#include <map>
#include <random>

#include "tests/kafka_mock/mock_cluster.h"

namespace kubevigil {
namespace {

using test::Api;

class ConsumerFaults : public test::MockClusterTest {
 protected:
  void SetUp() override {
    MockClusterTest::SetUp();
    consumer = std::move(*open_kafka_consumer(kafka()));
    ASSERT_TRUE(consumer->assign(std::vector<KafkaPosition>{{{topic, 0}, 0}, {{topic, 1}, 0}}));
  }
  // Until so many have come of a partition.
  void read(int32_t partition, size_t count) {
    KafkaMessage message;
    for (int polls = 0; seen[partition].size() < count && polls < 600; ++polls) {
      const auto step = consumer->poll(message, Duration{100'000});
      if (!step) {
        EXPECT_EQ(step.error().fault, KafkaFault::Retry) << step.error().message;
      } else if (*step == KafkaStep::Message) {
        seen[message.at.partition].emplace_back(message.value);
      }
    }
  }
  void expect_seen(int32_t partition, int count) {
    std::vector<std::string> all;
    for (int n = 0; n < count; ++n) all.push_back(std::to_string(n));
    EXPECT_EQ(seen[partition], all);
  }
  std::unique_ptr<KafkaConsumer> consumer;
  std::map<int32_t, std::vector<std::string>> seen;
};

TEST_F(ConsumerFaults, AnswersThatAreErrorsAreAskedForAgain) {
  for (const auto error :
       {RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE,
        RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
        RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR, RD_KAFKA_RESP_ERR_UNKNOWN, RD_KAFKA_RESP_ERR__TRANSPORT}) {
    SCOPED_TRACE(rd_kafka_err2name(error));
    fail(Api::Fetch, {error, error});
    const auto at = static_cast<int>(seen[0].size());
    produce(0, at, 20);
    read(0, seen[0].size() + 20);
  }
  expect_seen(0, 140);
}

TEST_F(ConsumerFaults, ALeaderMovesAndABrokerGoesAway) {
  std::mt19937 random(7);
  for (int round = 0; round < 6; ++round) {
    produce(0, round * 50, 50);
    const auto leader = static_cast<int32_t>(1 + random() % kBrokers);
    set_leader(0, leader);
    read(0, seen[0].size() + random() % 50);
    if (round % 3 == 0) {
      const int32_t away = leader % kBrokers + 1;
      set_down(away);
      set_leader(0, away % kBrokers + 1);
      read(0, seen[0].size() + 10);
      set_up(away);
    }
  }
  read(0, 300);
  expect_seen(0, 300);
}

TEST_F(ConsumerFaults, QuestionsSayWhenNobodyAnswersAndWorkBehindIt) {
  produce(1, 0, 5);
  for (int32_t broker = 1; broker <= kBrokers; ++broker) set_down(broker);
  const auto none = consumer->range({topic, 1}, Duration{300'000});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().fault, KafkaFault::Retry);
  EXPECT_FALSE(consumer->partitions([](const std::string&) { return true; }, Duration{300'000}));
  for (int32_t broker = 1; broker <= kBrokers; ++broker) set_up(broker);
  read(1, 5);
  expect_seen(1, 5);
  const auto range = consumer->range({topic, 1}, kPatience);
  ASSERT_TRUE(range) << range.error().message;
  EXPECT_EQ(range->end, 5);
}

// The mock cluster knows no times: it has nothing that is as young.
TEST_F(ConsumerFaults, WhereNothingIsAsYoungReadingBeginsAtTheEndOfEach) {
  produce(0, 0, 3);
  produce(1, 0, 5);
  const std::vector<TopicPartition> both = {{topic, 0}, {topic, 1}};
  const auto positions = consumer->positions_at(both, Timestamp{1'767'312'000'000'000}, kPatience);
  ASSERT_TRUE(positions) << positions.error().message;
  EXPECT_EQ(positions->at(0).offset, 3);
  EXPECT_EQ(positions->at(1).offset, 5);
  for (int32_t broker = 1; broker <= kBrokers; ++broker) set_down(broker);
  const auto none = consumer->positions_at(both, Timestamp{1'767'312'000'000'000}, Duration{300'000});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().fault, KafkaFault::Retry) << none.error().message;
}

TEST_F(ConsumerFaults, ARightThatIsMissingIsForSomebodyToMend) {
  fail(Api::ListOffsets, {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED});
  const auto range = consumer->range({topic, 1}, kPatience);
  ASSERT_FALSE(range);
  EXPECT_EQ(range.error().fault, KafkaFault::Refused) << range.error().message;
}

// What is read changes again and again while the changes before are on their way, and the client ends in between.
TEST_F(ConsumerFaults, BeginsAnewAtAnyMoment) {
  std::mt19937 random(11);
  produce(0, 0, 200);
  produce(1, 0, 200);
  for (int round = 0; round < 300; ++round) {
    std::vector<KafkaPosition> positions;
    for (int32_t partition : {0, 1}) {
      if (random() % 4 != 0) positions.push_back({{topic, partition}, static_cast<int64_t>(random() % 200)});
    }
    ASSERT_TRUE(consumer->assign(positions));
    if (random() % 3 == 0 && !positions.empty()) consumer->pause(std::vector{positions[0].at});
    KafkaMessage message;
    if (random() % 2 == 0) (void)consumer->poll(message, Duration{static_cast<int64_t>(random() % 3000)});
    if (random() % 20 == 0) consumer = std::move(*open_kafka_consumer(kafka()));
  }
  ASSERT_TRUE(consumer->assign(std::vector<KafkaPosition>{{{topic, 0}, 0}}));
  seen.clear();
  read(0, 200);
  expect_seen(0, 200);
}

}  // namespace
}  // namespace kubevigil
