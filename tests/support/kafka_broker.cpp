#include "tests/support/kafka_broker.h"

#include <fmt/format.h>
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/support/kafka_produce.h"
#include "tests/support/source_file.h"

namespace kubevigil::test {
namespace {

constexpr const char* kJava = "/usr/bin/java";
constexpr int kPatience = 60'000;  // milliseconds

// Ports that stay a node's through its lives: none of those that the system gives to outgoing connections (from 32768
// on), and of each process its own.
uint16_t port_of_node() {
  static int next = 0;
  for (;; ++next) {
    const auto port = static_cast<uint16_t>(20'000 + (::getpid() * 8 + next) % 12'000);
    const Descriptor made(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    if (::bind(made.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) continue;
    ++next;
    return port;
  }
}

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

}  // namespace

std::string kafka_version() {
  const char* named = std::getenv("KUBEVIGIL_KAFKA_VERSION");
  return named != nullptr ? named : "3.9.1";
}

bool is_ci() {
  const char* named = std::getenv("CI");
  return named != nullptr && *named != '\0';
}

std::optional<std::string> kafka_jars(const std::string& version) {
  const char* named = std::getenv("KUBEVIGIL_KAFKA");
  const std::string folder = (named != nullptr ? std::string(named) : source_file("build/kafka")) + "/" + version;
  if (!std::filesystem::exists(kJava) || !std::filesystem::is_directory(folder)) return std::nullopt;
  return folder;
}

KafkaBroker::KafkaBroker(std::string jars, int nodes) : jars_(std::move(jars)), nodes_(static_cast<size_t>(nodes)) {
  for (Node& node : nodes_) node.port = port_of_node(), node.controller = port_of_node();
  folder_.write("log4j.properties",
                "log4j.rootLogger=WARN, out\nlog4j.appender.out=org.apache.log4j.ConsoleAppender\n"
                "log4j.appender.out.layout=org.apache.log4j.PatternLayout\n"
                "log4j.appender.out.layout.ConversionPattern=%d %p %c %m%n\n");
  folder_.write("log4j2.properties",
                "rootLogger.level=warn\nrootLogger.appenderRef.out.ref=out\nappender.out.type=Console\n"
                "appender.out.name=out\nappender.out.layout.type=PatternLayout\n"
                "appender.out.layout.pattern=%d %p %c %m%n\n");
}

std::string KafkaBroker::path(int node, const char* name) const {
  return folder_.path(fmt::format("{}-{}", node, name));
}

std::string KafkaBroker::address() const {
  std::string out;
  for (const Node& node : nodes_) out += fmt::format("{}127.0.0.1:{}", out.empty() ? "" : ",", node.port);
  return out;
}

std::string KafkaBroker::properties(int node) const {
  std::string voters;
  for (size_t i = 0; i < nodes_.size(); ++i) {
    voters += fmt::format("{}{}@127.0.0.1:{}", i == 0 ? "" : ",", i + 1, nodes_[i].controller);
  }
  const Node& own = nodes_[static_cast<size_t>(node) - 1];
  return fmt::format(R"(process.roles=broker,controller
node.id={0}
controller.quorum.voters={1}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:{2},CONTROLLER://127.0.0.1:{3}
advertised.listeners=PLAINTEXT://127.0.0.1:{2}
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
log.dirs={4}
auto.create.topics.enable=false
default.replication.factor={5}
min.insync.replicas={6}
broker.session.timeout.ms=6000
offsets.topic.replication.factor={5}
offsets.topic.num.partitions=1
transaction.state.log.replication.factor={5}
transaction.state.log.min.isr={6}
transaction.state.log.num.partitions=1
transaction.abort.timed.out.transaction.cleanup.interval.ms=1000
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
)",
                     node, voters, own.port, own.controller, path(node, "data"), nodes_.size(),
                     nodes_.size() > 1 ? 2 : 1);
}

bool KafkaBroker::format(int node) {
  const std::string config = fmt::format("{}-server.properties", node);
  folder_.write(config, properties(node));
  const std::string command = fmt::format(
      "{} -Dlog4j.configuration=file:{} -Dlog4j2.configurationFile=file:{} -cp '{}/*' kafka.tools.StorageTool format "
      "-t "
      "AAAAAAAAAAAAAAAAAAAAAQ -c {} > {} 2>&1",
      kJava, folder_.path("log4j.properties"), folder_.path("log4j2.properties"), jars_, folder_.path(config),
      path(node, "format.log"));
  return std::system(command.c_str()) == 0;
}

bool KafkaBroker::launch(int node) {
  if (!at(node).formatted && !(at(node).formatted = format(node))) return false;
  at(node).process = std::make_unique<Daemon>(
      std::vector<std::string>{kJava, "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
                               "-Dlog4j.configuration=file:" + folder_.path("log4j.properties"),
                               "-Dlog4j2.configurationFile=file:" + folder_.path("log4j2.properties"), "-cp",
                               jars_ + "/*", "kafka.Kafka", path(node, "server.properties")},
      path(node, "broker.log"));
  return true;
}

bool KafkaBroker::start() {
  for (int node = 1; node <= nodes(); ++node) {
    if (at(node).process == nullptr && !launch(node)) return false;
  }
  return becomes([&] {
           for (int node = 1; node <= nodes(); ++node) {
             if (!ended() && !answers(node)) return false;
           }
           return true;
         }) &&
         !ended();
}

bool KafkaBroker::start(int node) {
  return launch(node) && becomes([&] { return ended() || answers(node); }) && !ended();
}

void KafkaBroker::kill() {
  for (Node& node : nodes_) node.process.reset();
}

void KafkaBroker::kill(int node) { at(node).process.reset(); }

void KafkaBroker::stop(int node) {
  at(node).process->stop();
  at(node).process.reset();
}

bool KafkaBroker::ended() const {
  return std::any_of(nodes_.begin(), nodes_.end(),
                     [](const Node& node) { return node.process != nullptr && node.process->ended(); });
}

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
  rd_kafka_event_t* event = rd_kafka_queue_poll(client.queue, kPatience);
  if (event == nullptr) return false;
  size_t count = 0;
  const auto* results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count);
  const bool made = count == 1 && rd_kafka_topic_result_error(results[0]) == RD_KAFKA_RESP_ERR_NO_ERROR;
  rd_kafka_event_destroy(event);
  return made;
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
  for (int node = 1; node <= nodes(); ++node) {
    for (const char* name : {"format.log", "broker.log"}) {
      std::ifstream in(path(node, name), std::ios::binary);
      all.append(std::istreambuf_iterator<char>(in), {});
    }
  }
  return all;
}

}  // namespace kubevigil::test
