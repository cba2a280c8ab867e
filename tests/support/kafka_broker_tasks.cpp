// What is asked of a test's broker: librdkafka's own calls, each by a client of its own.
#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>

#include "tests/support/kafka_broker.h"
#include "tests/support/kafka_produce.h"

namespace kubevigil::test {
namespace {

constexpr int kPatience = 60'000;  // milliseconds

// A client of the broker for one task: a producer, or with properties of its own a consumer.
struct Client {
  explicit Client(const std::string& address, const std::map<std::string, std::string>& as_consumer = {}) {
    std::array<char, 256> reason{};
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", address.c_str(), reason.data(), reason.size());
    for (const auto& [name, value] : as_consumer) {
      rd_kafka_conf_set(conf, name.c_str(), value.c_str(), reason.data(), reason.size());
    }
    rd_kafka_conf_set_log_cb(conf, nullptr);
    handle =
        rd_kafka_new(as_consumer.empty() ? RD_KAFKA_PRODUCER : RD_KAFKA_CONSUMER, conf, reason.data(), reason.size());
    queue = rd_kafka_queue_new(handle);
  }
  ~Client() {
    rd_kafka_queue_destroy(queue);
    rd_kafka_destroy(handle);
  }
  rd_kafka_t* handle;
  rd_kafka_queue_t* queue;
};

// What the brokers say of a partition; `tell` is not called when they do not know it.
template <typename Tell>
bool with_partition(const std::string& address, const std::string& topic, int32_t partition, const Tell& tell) {
  const Client client(address);
  const struct rd_kafka_metadata* metadata = nullptr;
  if (rd_kafka_metadata(client.handle, 1, nullptr, &metadata, 5000) != RD_KAFKA_RESP_ERR_NO_ERROR) return false;
  bool found = false;
  for (int t = 0; t < metadata->topic_cnt; ++t) {
    const rd_kafka_metadata_topic& of = metadata->topics[t];
    for (int p = 0; of.topic == topic && p < of.partition_cnt; ++p) {
      if (of.partitions[p].id != partition) continue;
      tell(of.partitions[p]);
      found = true;
    }
  }
  rd_kafka_metadata_destroy(metadata);
  return found;
}

// The one answer that comes to the client's queue, judged; false: none comes.
template <typename Judge>
bool is_done(const Client& client, const Judge& judge) {
  rd_kafka_event_t* event = rd_kafka_queue_poll(client.queue, kPatience);
  if (event == nullptr) return false;
  size_t count = 0;
  const bool done = judge(event, &count);
  rd_kafka_event_destroy(event);
  return done;
}

}  // namespace

// A node knows of all that run.
bool KafkaBroker::answers(int node) const {
  const Client client(fmt::format("127.0.0.1:{}", nodes_[static_cast<size_t>(node) - 1].port));
  const struct rd_kafka_metadata* metadata = nullptr;
  if (rd_kafka_metadata(client.handle, 1, nullptr, &metadata, 1000) != RD_KAFKA_RESP_ERR_NO_ERROR) return false;
  const auto running =
      std::count_if(nodes_.begin(), nodes_.end(), [](const Node& each) { return each.process != nullptr; });
  const bool is_there = metadata->broker_cnt >= running;
  rd_kafka_metadata_destroy(metadata);
  return is_there;
}

int KafkaBroker::leader(const std::string& topic, int32_t partition) const {
  int out = 0;
  with_partition(address(), topic, partition, [&](const auto& found) { out = std::max(found.leader, 0); });
  return out;
}

int KafkaBroker::in_sync(const std::string& topic, int32_t partition) const {
  int out = 0;
  with_partition(address(), topic, partition, [&](const auto& found) { out = found.isr_cnt; });
  return out;
}

bool KafkaBroker::create_topic(const std::string& name, int partitions,
                               const std::map<std::string, std::string>& config) {
  const Client client(address());
  std::array<char, 256> reason{};
  rd_kafka_NewTopic_t* topic = rd_kafka_NewTopic_new(name.c_str(), partitions, nodes(), reason.data(), reason.size());
  for (const auto& [key, value] : config) rd_kafka_NewTopic_set_config(topic, key.c_str(), value.c_str());
  rd_kafka_CreateTopics(client.handle, &topic, 1, nullptr, client.queue);
  rd_kafka_NewTopic_destroy(topic);
  return is_done(client, [](rd_kafka_event_t* event, size_t* count) {
    const auto* results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), count);
    return *count == 1 && rd_kafka_topic_result_error(results[0]) == RD_KAFKA_RESP_ERR_NO_ERROR;
  });
}

bool KafkaBroker::delete_topic(const std::string& name) {
  const Client client(address());
  rd_kafka_DeleteTopic_t* topic = rd_kafka_DeleteTopic_new(name.c_str());
  rd_kafka_DeleteTopics(client.handle, &topic, 1, nullptr, client.queue);
  rd_kafka_DeleteTopic_destroy(topic);
  return is_done(client, [](rd_kafka_event_t* event, size_t* count) {
    const auto* results = rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event), count);
    return *count == 1 && rd_kafka_topic_result_error(results[0]) == RD_KAFKA_RESP_ERR_NO_ERROR;
  });
}

bool KafkaBroker::produce(const std::string& topic, int32_t partition, const std::string& value) {
  return produce(topic, partition, std::vector{value});
}

bool KafkaBroker::produce(const std::string& topic, int32_t partition, const std::vector<std::string>& values) {
  const Client client(address());
  for (const std::string& value : values) {
    if (produce_raw(client.handle, topic, partition, value) != RD_KAFKA_RESP_ERR_NO_ERROR) return false;
  }
  return rd_kafka_flush(client.handle, kPatience) == RD_KAFKA_RESP_ERR_NO_ERROR;
}

bool KafkaBroker::delete_records(const std::string& topic, int32_t partition, int64_t offset) {
  const Client client(address());
  rd_kafka_topic_partition_list_t* before = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(before, topic.c_str(), partition)->offset = offset;
  rd_kafka_DeleteRecords_t* task = rd_kafka_DeleteRecords_new(before);
  rd_kafka_DeleteRecords(client.handle, &task, 1, nullptr, client.queue);
  rd_kafka_DeleteRecords_destroy(task);
  rd_kafka_topic_partition_list_destroy(before);
  rd_kafka_event_t* event = rd_kafka_queue_poll(client.queue, kPatience);
  if (event == nullptr) return false;
  const bool done = rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR_NO_ERROR;
  rd_kafka_event_destroy(event);
  return done;
}

// The committed end comes second: it only grows, so where it is behind the other one, something is open now.
bool KafkaBroker::has_open_transaction(const std::string& topic, int32_t partition) const {
  std::array<int64_t, 2> ends{};
  for (size_t i = 0; i < ends.size(); ++i) {
    const Client client(address(), {{"isolation.level", i == 0 ? "read_uncommitted" : "read_committed"}});
    int64_t first = 0;
    if (rd_kafka_query_watermark_offsets(client.handle, topic.c_str(), partition, &first, &ends[i], kPatience) !=
        RD_KAFKA_RESP_ERR_NO_ERROR) {
      return false;
    }
  }
  return ends[1] < ends[0];
}

// With read_committed the answer would wait for the end of a transaction that a kill left open.
int64_t KafkaBroker::committed(const std::string& group, const std::string& topic) const {
  const Client client(address(), {{"group.id", group}, {"isolation.level", "read_uncommitted"}});
  rd_kafka_topic_partition_list_t* list = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(list, topic.c_str(), 0);
  const auto code = rd_kafka_committed(client.handle, list, kPatience);
  const int64_t found = code == RD_KAFKA_RESP_ERR_NO_ERROR ? list->elems[0].offset : RD_KAFKA_OFFSET_INVALID;
  rd_kafka_topic_partition_list_destroy(list);
  return std::max<int64_t>(found, -1);
}

bool KafkaBroker::delete_group(const std::string& name) {
  const Client client(address());
  rd_kafka_DeleteGroup_t* task = rd_kafka_DeleteGroup_new(name.c_str());
  rd_kafka_DeleteGroups(client.handle, &task, 1, nullptr, client.queue);
  rd_kafka_DeleteGroup_destroy(task);
  return is_done(client, [](rd_kafka_event_t* event, size_t* count) {
    const auto* results = rd_kafka_DeleteGroups_result_groups(rd_kafka_event_DeleteGroups_result(event), count);
    return *count == 1 && rd_kafka_group_result_error(results[0]) == nullptr;
  });
}

}  // namespace kubevigil::test
