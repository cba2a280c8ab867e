#include "tests/support/kafka_broker.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/support/source_file.h"

namespace kubevigil::test {
namespace {

constexpr const char* kJava = "/usr/bin/java";
constexpr int kPatience = 60'000;  // milliseconds

// A client of the broker for one task.
struct Client {
  explicit Client(const std::string& address) {
    std::array<char, 256> reason{};
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    rd_kafka_conf_set(conf, "bootstrap.servers", address.c_str(), reason.data(), reason.size());
    rd_kafka_conf_set_log_cb(conf, nullptr);
    handle = rd_kafka_new(RD_KAFKA_PRODUCER, conf, reason.data(), reason.size());
    queue = rd_kafka_queue_new(handle);
  }
  ~Client() {
    rd_kafka_queue_destroy(queue);
    rd_kafka_destroy(handle);
  }
  rd_kafka_t* handle;
  rd_kafka_queue_t* queue;
};

}  // namespace

std::optional<std::string> kafka_jars(const std::string& version) {
  const char* named = std::getenv("KUBEVIGIL_KAFKA");
  const std::string folder = (named != nullptr ? std::string(named) : source_file("build/kafka")) + "/" + version;
  if (!std::filesystem::exists(kJava) || !std::filesystem::is_directory(folder)) return std::nullopt;
  return folder;
}

KafkaBroker::KafkaBroker(std::string jars) : jars_(std::move(jars)), port_(free_port()), controller_(free_port()) {}

std::string KafkaBroker::address() const { return fmt::format("127.0.0.1:{}", port_); }

bool KafkaBroker::format() {
  folder_.write("server.properties", fmt::format(R"(process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{1}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:{0},CONTROLLER://127.0.0.1:{1}
advertised.listeners=PLAINTEXT://127.0.0.1:{0}
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
log.dirs={2}
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
transaction.abort.timed.out.transaction.cleanup.interval.ms=1000
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
)",
                                                 port_, controller_, folder_.path("data")));
  folder_.write("log4j.properties",
                "log4j.rootLogger=WARN, out\nlog4j.appender.out=org.apache.log4j.ConsoleAppender\n"
                "log4j.appender.out.layout=org.apache.log4j.PatternLayout\n"
                "log4j.appender.out.layout.ConversionPattern=%d %p %c %m%n\n");
  const std::string command = fmt::format(
      "{} -Dlog4j.configuration=file:{} -cp '{}/*' kafka.tools.StorageTool format -t "
      "AAAAAAAAAAAAAAAAAAAAAQ -c {} > {} 2>&1",
      kJava, folder_.path("log4j.properties"), jars_, folder_.path("server.properties"), folder_.path("format.log"));
  return std::system(command.c_str()) == 0;
}

bool KafkaBroker::start() {
  if (!formatted_ && !(formatted_ = format())) return false;
  process_ = std::make_unique<Daemon>(
      std::vector<std::string>{kJava, "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
                               "-Dlog4j.configuration=file:" + folder_.path("log4j.properties"), "-cp", jars_ + "/*",
                               "kafka.Kafka", folder_.path("server.properties")},
      folder_.path("broker.log"));
  return becomes([&] { return process_->ended() || answers(); }) && !process_->ended();
}

bool KafkaBroker::answers() const {
  const Client client(address());
  const struct rd_kafka_metadata* metadata = nullptr;
  if (rd_kafka_metadata(client.handle, 1, nullptr, &metadata, 1000) != RD_KAFKA_RESP_ERR_NO_ERROR) return false;
  const bool is_there = metadata->broker_cnt > 0;
  rd_kafka_metadata_destroy(metadata);
  return is_there;
}

bool KafkaBroker::create_topic(const std::string& name, int partitions,
                               const std::map<std::string, std::string>& config) {
  const Client client(address());
  std::array<char, 256> reason{};
  rd_kafka_NewTopic_t* topic = rd_kafka_NewTopic_new(name.c_str(), partitions, 1, reason.data(), reason.size());
  for (const auto& [key, value] : config) rd_kafka_NewTopic_set_config(topic, key.c_str(), value.c_str());
  rd_kafka_CreateTopics(client.handle, &topic, 1, nullptr, client.queue);
  rd_kafka_NewTopic_destroy(topic);
  rd_kafka_event_t* event = rd_kafka_queue_poll(client.queue, kPatience);
  if (event == nullptr) return false;
  size_t count = 0;
  const auto* results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count);
  const bool made = count == 1 && rd_kafka_topic_result_error(results[0]) == RD_KAFKA_RESP_ERR_NO_ERROR;
  rd_kafka_event_destroy(event);
  return made;
}

bool KafkaBroker::produce(const std::string& topic, int32_t partition, const std::string& value) {
  const Client client(address());
  rd_kafka_topic_t* to = rd_kafka_topic_new(client.handle, topic.c_str(), nullptr);
  const bool taken = rd_kafka_produce(to, partition, RD_KAFKA_MSG_F_COPY, const_cast<char*>(value.data()), value.size(),
                                      nullptr, 0, nullptr) == 0;
  rd_kafka_topic_destroy(to);
  return taken && rd_kafka_flush(client.handle, kPatience) == RD_KAFKA_RESP_ERR_NO_ERROR;
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

bool KafkaBroker::delete_group(const std::string& name) {
  const Client client(address());
  rd_kafka_DeleteGroup_t* task = rd_kafka_DeleteGroup_new(name.c_str());
  rd_kafka_DeleteGroups(client.handle, &task, 1, nullptr, client.queue);
  rd_kafka_DeleteGroup_destroy(task);
  rd_kafka_event_t* event = rd_kafka_queue_poll(client.queue, kPatience);
  if (event == nullptr) return false;
  size_t count = 0;
  const auto* results = rd_kafka_DeleteGroups_result_groups(rd_kafka_event_DeleteGroups_result(event), &count);
  const bool done = count == 1 && rd_kafka_group_result_error(results[0]) == nullptr;
  rd_kafka_event_destroy(event);
  return done;
}

std::string KafkaBroker::log() const {
  std::string all;
  for (const char* name : {"format.log", "broker.log"}) {
    std::ifstream in(folder_.path(name), std::ios::binary);
    all.append(std::istreambuf_iterator<char>(in), {});
  }
  return all;
}

}  // namespace kubevigil::test
