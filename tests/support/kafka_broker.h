// A real Kafka broker (KRaft) for tests, of one node or of three: formatted, started, restarted, killed; its data in a
// folder that goes with the test. Its jars are those of tests/kafka/pom.xml, where `make test` puts them:
// build/kafka/VERSION, or KUBEVIGIL_KAFKA/VERSION.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/certificates.h"
#include "tests/support/daemon.h"
#include "tests/support/kafka_security.h"

namespace kubevigil::test {

// The version that this run of the tests is about: KUBEVIGIL_KAFKA_VERSION, which ctest sets.
std::string kafka_version();

// The folder of a version's jars; nullopt: there is none, or no Java. Then a test skips, saying kNoKafka, or fails
// where it must not (is_ci()), saying kNoKafkaInCi: by kNoKafka ctest knows a skip, whatever the program's exit code.
std::optional<std::string> kafka_jars(const std::string& version);
inline constexpr const char* kNoKafka =
    "needs Java and the jars of tests/kafka/pom.xml in build/kafka (.ci/kafka-jars)";
inline constexpr const char* kNoKafkaInCi = "CI is set, and there is no Java or no build/kafka (.ci/kafka-jars)";
bool is_ci();

// Nodes are numbered from 1. Topics have a replica on each node; with three, two of them must have what is
// acknowledged.
class KafkaBroker {
 public:
  // `security`: with listeners that ask who is there; null: without.
  explicit KafkaBroker(std::string jars, int nodes = 1, std::shared_ptr<const KafkaSecurity> security = nullptr);
  int nodes() const { return static_cast<int>(nodes_.size()); }

  // All that do not run. True: they answer.
  bool start();
  void kill();  // all
  bool start(int node);
  void kill(int node);
  void stop(int node);  // as an operator would: it hands over what it leads

  // "127.0.0.1:PORT[,...]"; the same in every life.
  std::string address() const;
  // REQUIRES: made with it. Its listeners' addresses.
  const KafkaSecurity& security() const { return *security_; }
  std::string sasl_address() const;
  std::string mutual_address() const;
  // Of a partition; 0: none at the moment.
  int leader(const std::string& topic, int32_t partition) const;
  // How many replicas of a partition have what its leader has.
  int in_sync(const std::string& topic, int32_t partition) const;
  // True: it is there now.
  bool create_topic(const std::string& name, int partitions, const std::map<std::string, std::string>& config = {});
  // True: the cluster has heard of it.
  bool delete_topic(const std::string& name);
  // Waits until the broker has it.
  bool produce(const std::string& topic, int32_t partition, const std::string& value);
  bool produce(const std::string& topic, int32_t partition, const std::vector<std::string>& values);
  // Removes what lies before `offset`.
  bool delete_records(const std::string& topic, int32_t partition, int64_t offset);
  // What a transaction holds back: a read_committed reader does not see the end of the partition yet.
  bool has_open_transaction(const std::string& topic, int32_t partition) const;
  // Of partition 0, as the group's last committed transaction says; -1: there is none.
  int64_t committed(const std::string& group, const std::string& topic) const;
  // With all its offsets, as when they expire. It has no members.
  bool delete_group(const std::string& name);
  std::string log() const;

 private:
  struct Node {
    uint16_t port = 0, controller = 0;
    SecuredPorts secured;
    bool formatted = false;
    std::unique_ptr<Daemon> process;
  };
  Node& at(int node) { return nodes_[static_cast<size_t>(node) - 1]; }
  template <typename Port>
  std::string addresses(const Port& port) const;
  std::string path(int node, const char* name) const;
  std::string properties(int node) const;
  bool format(int node);
  bool launch(int node);
  bool answers(int node) const;
  bool ended() const;

  const std::string jars_;
  const std::shared_ptr<const KafkaSecurity> security_;
  const TestFolder folder_;
  std::vector<Node> nodes_;
};

}  // namespace kubevigil::test
