#include "tests/support/kafka_broker.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/support/source_file.h"

namespace kubevigil::test {
namespace {

constexpr const char* kJava = "/usr/bin/java";

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

KafkaBroker::KafkaBroker(std::string jars, int nodes, std::shared_ptr<const KafkaSecurity> security)
    : jars_(std::move(jars)), security_(std::move(security)), nodes_(static_cast<size_t>(nodes)) {
  for (Node& node : nodes_) {
    node.port = port_of_node(), node.controller = port_of_node();
    if (security_ != nullptr) node.secured = {port_of_node(), port_of_node()};
  }
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

template <typename Port>
std::string KafkaBroker::addresses(const Port& port) const {
  std::string out;
  for (const Node& node : nodes_) out += fmt::format("{}127.0.0.1:{}", out.empty() ? "" : ",", port(node));
  return out;
}

std::string KafkaBroker::address() const {
  return addresses([](const Node& node) { return node.port; });
}

std::string KafkaBroker::sasl_address() const {
  return addresses([](const Node& node) { return node.secured.sasl; });
}

std::string KafkaBroker::mutual_address() const {
  return addresses([](const Node& node) { return node.secured.mutual; });
}

std::string KafkaBroker::properties(int node) const {
  std::string voters;
  for (size_t i = 0; i < nodes_.size(); ++i) {
    voters += fmt::format("{}{}@127.0.0.1:{}", i == 0 ? "" : ",", i + 1, nodes_[i].controller);
  }
  const Node& own = nodes_[static_cast<size_t>(node) - 1];
  const bool secured = security_ != nullptr;
  const std::string asking = secured ? KafkaSecurity::listeners(own.secured) : "";
  return fmt::format(R"(process.roles=broker,controller
node.id={0}
controller.quorum.voters={1}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:{2},CONTROLLER://127.0.0.1:{3}{7}
advertised.listeners=PLAINTEXT://127.0.0.1:{2}{7}
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT{8}
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
{9})",
                     node, voters, own.port, own.controller, path(node, "data"), nodes_.size(),
                     nodes_.size() > 1 ? 2 : 1, asking, secured ? KafkaSecurity::kProtocols : "",
                     secured ? security_->properties() : "");
}

bool KafkaBroker::format(int node) {
  const std::string config = fmt::format("{}-server.properties", node);
  folder_.write(config, properties(node));
  const std::string command = fmt::format(
      "{} -Dlog4j.configuration=file:{} -Dlog4j2.configurationFile=file:{} -cp '{}/*' kafka.tools.StorageTool format "
      "-t AAAAAAAAAAAAAAAAAAAAAQ -c {}{} > {} 2>&1",
      kJava, folder_.path("log4j.properties"), folder_.path("log4j2.properties"), jars_, folder_.path(config),
      security_ != nullptr ? KafkaSecurity::users() : "", path(node, "format.log"));
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
