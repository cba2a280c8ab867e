// KafkaGroup over librdkafka 2.0.2, eager `range` (its cooperative assignors lose partitions, reference: its release
// notes up to 2.10). A member that lost its place would join again by itself and so throw out whoever came since: the
// loss is told instead, and the handle ends with it.
#include <fmt/format.h>

#include <array>
#include <memory>

#include "engine/base/text.h"
#include "engine/kafka/kafka_client.h"
#include "engine/kafka/rdkafka_handle.h"

namespace kubevigil {
namespace {

struct GroupListOwned {
  void operator()(const rd_kafka_group_list* groups) const { rd_kafka_group_list_destroy(groups); }
};

class RdKafkaGroup final : public KafkaGroup {
 public:
  // What the handle's callbacks know; it outlives the handle.
  struct Place {
    bool joined = false, lost = false;
  };

  RdKafkaGroup(std::unique_ptr<Place> place, RdKafkaHandle handle, KafkaGroupOptions options)
      : place_(std::move(place)), handle_(std::move(handle)), options_(std::move(options)) {
    rd_kafka_poll_set_consumer(handle_.get());
  }

  KafkaResult<std::vector<KafkaMember>> members(Duration most) override;
  KafkaResult<void> join() override;
  KafkaResult<bool> poll(Duration most) override;
  void commit(std::span<const KafkaPosition> positions) override {
    if (place_->joined && !place_->lost) rd_kafka_commit(handle_.get(), list_of(positions).get(), 1);
  }

 private:
  const std::unique_ptr<Place> place_;
  const RdKafkaHandle handle_;
  const KafkaGroupOptions options_;
};

// All brokers are asked, and all must answer: nobody in the group is believed only if none of them knows the group. The
// newer call, which asks the group's coordinator, ends the program when a connection breaks at the wrong moment
// ("eonce->refcnt > 0" failed; https://github.com/confluentinc/librdkafka/pull/5397, in all versions up to 2.15.0).
KafkaResult<std::vector<KafkaMember>> RdKafkaGroup::members(Duration most) {
  const std::string doing = "asking who is in the group " + printable(options_.group);
  const rd_kafka_group_list* found = nullptr;
  auto code = rd_kafka_list_groups(handle_.get(), options_.group.c_str(), &found, milliseconds(most));
  const std::unique_ptr<const rd_kafka_group_list, GroupListOwned> groups(found);
  std::vector<KafkaMember> out;
  for (int g = 0; found != nullptr && g < found->group_cnt; ++g) {
    const rd_kafka_group_info& group = found->groups[g];
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) code = group.err;
    for (int m = 0; m < group.member_cnt; ++m)
      out.push_back({group.members[m].client_id, group.members[m].client_host});
  }
  const bool is_known = code == RD_KAFKA_RESP_ERR_NO_ERROR || !out.empty();
  if (!is_known) return tl::unexpected(explained(handle_.get(), kafka_error(code, doing)));
  return out;
}

KafkaResult<void> RdKafkaGroup::join() {
  std::vector<TopicPartition> topics;
  for (const std::string& topic : options_.topics) topics.push_back({topic, RD_KAFKA_PARTITION_UA});
  const auto code = rd_kafka_subscribe(handle_.get(), list_of(topics).get());
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  return tl::unexpected(kafka_error(code, "joining the group " + printable(options_.group)));
}

KafkaResult<bool> RdKafkaGroup::poll(Duration most) {
  const std::unique_ptr<rd_kafka_message_t, decltype(&rd_kafka_message_destroy)> said(
      rd_kafka_consumer_poll(handle_.get(), milliseconds(most)), rd_kafka_message_destroy);
  const std::string doing = "staying in the group " + printable(options_.group);
  std::array<char, 512> reason{};
  if (const auto fatal = rd_kafka_fatal_error(handle_.get(), reason.data(), reason.size()); fatal != 0) {
    KafkaError error = kafka_error(fatal, doing);
    if (error.fault != KafkaFault::Fenced) error.fault = KafkaFault::Fatal;
    return tl::unexpected(std::move(error));
  }
  if (place_->lost) return tl::unexpected(KafkaError{KafkaFault::Fatal, doing + ": the broker took us for dead"});
  if (said != nullptr && said->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    KafkaError error = kafka_error(said->err, doing);
    if (const char* why = rd_kafka_message_errstr(said.get()); why != nullptr) error.message += ": " + printable(why);
    return tl::unexpected(explained(handle_.get(), std::move(error)));
  }
  return place_->joined;
}

// Nothing of it is read: an empty assignment is what keeps the place. A revocation that is no loss is a rebalance,
// behind which the one member has all again.
void on_rebalance(rd_kafka_t* handle, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t*, void*) {
  auto& place = *static_cast<RdKafkaGroup::Place*>(own_of(handle));
  if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    place.joined = true;
    rd_kafka_assign(handle, list_of(std::span<const TopicPartition>()).get());
    return;
  }
  place.lost = place.lost || rd_kafka_assignment_lost(handle) != 0;
  if (!place.lost) rd_kafka_assign(handle, nullptr);
}

}  // namespace

Result<std::unique_ptr<KafkaGroup>> open_kafka_group(const KafkaGroupOptions& options) {
  auto place = std::make_unique<RdKafkaGroup::Place>();
  KafkaOptions kafka = options.kafka;
  kafka.properties.try_emplace("session.timeout.ms", "10000");
  kafka.properties.try_emplace("heartbeat.interval.ms", "2000");
  kafka.properties.try_emplace("topic.metadata.refresh.interval.ms", "30000");  // until then a new topic lets none join
  kafka.properties.try_emplace("socket.timeout.ms", "10000");  // what the end of the handle waits at most
  auto handle = open_rdkafka(RD_KAFKA_CONSUMER, kafka,
                             {{"group.id", options.group},
                              {"group.instance.id", "kubevigil"},
                              {"partition.assignment.strategy", "range"},
                              {"enable.auto.commit", "false"},
                              {"enable.auto.offset.store", "false"},
                              {"allow.auto.create.topics", "false"}},
                             {.rebalance = on_rebalance, .own = place.get()});
  if (!handle) return fail(handle.error().message);
  return std::make_unique<RdKafkaGroup>(std::move(place), std::move(*handle), options);
}

}  // namespace kubevigil
