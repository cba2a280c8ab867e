// A real Kafka broker (KRaft, one node) for tests: formatted, started, restarted, killed; its data in a folder that
// goes with the test. Its jars are those of tests/kafka/pom.xml, where `make test` puts them: build/kafka/VERSION, or
// KUBEVIGIL_KAFKA.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/certificates.h"
#include "tests/support/daemon.h"

namespace kubevigil::test {

// The folder of a version's jars; nullopt: there is none, or no Java. Then a test skips, loudly (and `.ci/run` fails).
std::optional<std::string> kafka_jars(const std::string& version);

class KafkaBroker {
 public:
  explicit KafkaBroker(std::string jars);
  // True: it answers.
  bool start();
  void kill() { process_.reset(); }
  // "127.0.0.1:PORT"; the same in every life.
  std::string address() const;
  // True: it is there now.
  bool create_topic(const std::string& name, int partitions, const std::map<std::string, std::string>& config = {});
  // Waits until the broker has it.
  bool produce(const std::string& topic, int32_t partition, const std::string& value);
  // Removes what lies before `offset`.
  bool delete_records(const std::string& topic, int32_t partition, int64_t offset);
  // With all its offsets, as when they expire. It has no members.
  bool delete_group(const std::string& name);
  std::string log() const;

 private:
  bool format();
  bool answers() const;

  const std::string jars_;
  const TestFolder folder_;
  const uint16_t port_, controller_;
  bool formatted_ = false;
  std::unique_ptr<Daemon> process_;
};

}  // namespace kubevigil::test
