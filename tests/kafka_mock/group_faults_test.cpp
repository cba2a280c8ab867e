// KafkaGroup where one joins while another is there, and where brokers answer with errors.
#include "tests/kafka_mock/mock_cluster.h"

namespace kubevigil {
namespace {

using test::Api;

class GroupFaults : public test::MockClusterTest {
 protected:
  std::unique_ptr<KafkaGroup> member(const std::string& client_id) {
    KafkaGroupOptions options{kafka(), "owners", {topic}};
    options.kafka.client_id = client_id;
    return std::move(*open_kafka_group(options));
  }
  // False: it did not become one in time, or failed.
  static bool becomes_member(KafkaGroup& group) {
    for (int polls = 0; polls < 200; ++polls) {
      const auto is_member = group.poll(Duration{100'000});
      if (is_member && *is_member) return true;
    }
    return false;
  }
};

TEST_F(GroupFaults, JoinsThroughErrors) {
  fail(Api::FindCoordinator, {RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE});
  fail(Api::JoinGroup, {RD_KAFKA_RESP_ERR_NOT_COORDINATOR, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS});
  const auto group = member("a");
  ASSERT_TRUE(group->join());
  EXPECT_TRUE(becomes_member(*group));
}

TEST_F(GroupFaults, WhoIsThrownOutIsToldSo) {
  const auto group = member("a");
  ASSERT_TRUE(group->join());
  ASSERT_TRUE(becomes_member(*group));
  fail(Api::Heartbeat, {RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID});
  for (int polls = 0; polls < 200; ++polls) {
    const auto is_member = group->poll(Duration{100'000});
    if (is_member) continue;
    EXPECT_EQ(is_member.error().fault, KafkaFault::Fenced) << is_member.error().message;
    return;
  }
  FAIL() << "it was never told";
}

TEST_F(GroupFaults, WhoWasTakenForDeadIsToldAndDoesNotJoinAgainByItself) {
  const auto group = member("a");
  ASSERT_TRUE(group->join());
  ASSERT_TRUE(becomes_member(*group));
  fail(Api::Heartbeat, {RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID});
  for (int polls = 0; polls < 200; ++polls) {
    const auto is_member = group->poll(Duration{100'000});
    if (is_member) continue;
    EXPECT_EQ(is_member.error().fault, KafkaFault::Fatal) << is_member.error().message;
    return;
  }
  FAIL() << "it was never told";
}

}  // namespace
}  // namespace kubevigil
