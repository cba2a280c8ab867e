// How long a lookup asks before it reads, and that it can be ended there. What it finds: kafka_transport_test.cpp.
#include "outputs/kafka_lookup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/sink_bench.h"

namespace kubevigil {
namespace {

using testing::ElementsAre;

struct Asked {
  std::vector<Duration> most;  // of each question
  Timestamp from;
  std::function<void()> partitions = [] {};
};

// Each question takes as long as it may.
class SlowConsumer : public KafkaConsumer {
 public:
  SlowConsumer(Asked& asked, test::SimulatedEnv& env) : asked_(asked), env_(env) {}
  KafkaResult<std::vector<TopicPartition>> partitions(const std::function<bool(const std::string&)>&,
                                                      Duration most) override {
    asked_.most.push_back(most);
    asked_.partitions();
    return std::vector<TopicPartition>{{"alerts", 0}};
  }
  KafkaResult<std::vector<KafkaPosition>> positions_at(std::span<const TopicPartition>, Timestamp time,
                                                       Duration most) override {
    asked_.most.push_back(most);
    asked_.from = time;
    env_.pass(most);
    return std::vector<KafkaPosition>{{{"alerts", 0}, 0}};
  }
  KafkaResult<void> assign(std::span<const KafkaPosition>) override { return {}; }
  KafkaResult<KafkaStep> poll(KafkaMessage& message, Duration) override {
    message.at = {"alerts", 0};
    return KafkaStep::End;
  }
  KafkaResult<bool> is_there(const TopicPartition&, Duration) override { return true; }
  KafkaResult<KafkaRange> range(const TopicPartition&, Duration) override { return KafkaRange{}; }
  void pause(std::span<const TopicPartition>) override {}
  void resume(std::span<const TopicPartition>) override {}

 private:
  Asked& asked_;
  test::SimulatedEnv& env_;
};

class KafkaLookupTest : public testing::Test {
 protected:
  test::SimulatedEnv env;
  Asked asked;
  KafkaLookup lookup{
      [this]() -> Result<std::unique_ptr<KafkaConsumer>> { return std::make_unique<SlowConsumer>(asked, env); },
      "alerts", "soc", env};
};

TEST_F(KafkaLookupTest, AllQuestionsTogetherTakeNoLongerThanItWasTold) {
  asked.partitions = [this] { env.pass(Duration::seconds(29)); };
  const auto read = lookup.read(env.wall, Duration::seconds(30));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_FALSE(*read) << "its time is over";
  EXPECT_THAT(asked.most, ElementsAre(Duration::seconds(30), Duration::seconds(1)));
  EXPECT_TRUE(*lookup.read(env.wall, Duration::seconds(30)));
}

TEST_F(KafkaLookupTest, CancelledItAsksNothingMore) {
  asked.partitions = [this] { lookup.cancel(); };
  const auto read = lookup.read(env.wall, Duration::seconds(30));
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().fault, KafkaFault::Retry);
  EXPECT_EQ(asked.most.size(), 1u);
}

// librdkafka has a meaning of its own for times below zero.
TEST_F(KafkaLookupTest, ATimeThatNoClockEverShowedIsTheBeginning) {
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(lookup.read(Timestamp::min(), Duration::seconds(30)));
  EXPECT_EQ(asked.from, Timestamp{});
  EXPECT_EQ(asked.most.size(), 2u) << "asked once";
}

}  // namespace
}  // namespace kubevigil
