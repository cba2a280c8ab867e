// KafkaTransport on a simulated topic, with the journals "one" and "two" of two data folders.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/run/framing.h"
#include "outputs/kafka_transport.h"
#include "tests/support/simulated_topic.h"
#include "tests/support/sink_bench.h"

namespace kubevigil::test {

class KafkaOutputTest : public testing::Test {
 protected:
  // A life of the program on this journal, which holds entries up to `end` now.
  std::unique_ptr<KafkaTransport> life(const std::string& journal = "one", uint64_t end = 1000,
                                       bool exactly_once = true) {
    const auto lives = begin_journal_life(disk, "/" + journal, end, env);
    EXPECT_TRUE(lives) << lives.error().message;
    KafkaTransportOptions options;
    options.output = "soc";
    options.where = "kafka b:9092 topic alerts";
    options.exactly_once = exactly_once;
    options.lives = *lives;
    const auto open = [this]() -> Result<std::unique_ptr<KafkaConsumer>> { return topic.consumer(script); };
    auto lookup = std::make_unique<KafkaLookup>(open, "alerts", "soc", env, most_looked_up);
    return std::make_unique<KafkaTransport>(options, topic.publisher(exactly_once ? "kv" : "", script, env),
                                            exactly_once ? std::move(lookup) : nullptr, env);
  }
  void SetUp() override {
    for (const char* folder : {"/one", "/two"}) ASSERT_TRUE(disk.make_folder(folder));
  }
  std::string kept(const std::string& journal) const { return disk.content("/" + journal + "/id"); }
  void put_back(const std::string& journal, const std::string& copy) { disk.set_content("/" + journal + "/id", copy); }

  // "a<n>" with the sequences of [first, end), arrived now; it happened when it was first sent by anybody.
  Delivery send(KafkaTransport& transport, int first, int end, int ahead = 0) {
    std::vector<Alert> alerts;
    for (int n = first; n < end; ++n) {
      alerts.push_back(plain_alert("a" + std::to_string(n)));
      alerts.back().last_seen = happened.try_emplace(n, env.now()).first->second;
    }
    std::vector<Message> made = bodies(encoding, Framing::Apart, alerts, {});
    for (int n = first; n < end; ++n) made.at(0).places.push_back({static_cast<uint64_t>(n + ahead), env.now()});
    return transport.send(made.at(0));
  }
  std::vector<std::string> published() const {
    std::vector<std::string> out;
    for (const TopicRecord& record : topic.committed(0)) out.push_back(record.value);
    return out;
  }
  // The named step fails, the next time.
  void fail_once(const std::string& step, TopicFault fault) { failing[step] = fault; }

  SimulatedEnv env;
  SimulatedDisk disk;
  SimulatedTopic topic{1, 100};
  std::map<std::string, TopicFault> failing;
  Duration a_poll{};  // takes so long
  int lookups = 0;    // begun
  std::map<int, Timestamp> happened;
  TopicScript script{[this](const std::string& step) {
    if (step == "partitions") ++lookups;
    if (step == "poll") env.pass(a_poll);
    const auto found = failing.extract(step);
    return found.empty() ? TopicFault::None : found.mapped();
  }};
  size_t most_looked_up = 100;
  PlainEncoding encoding;
};

}  // namespace kubevigil::test
