// A KafkaLive over a simulated cluster, and what it gives as text.
#pragma once

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <vector>

#include "inputs/kafka_live.h"
#include "tests/support/simulated_kafka.h"

namespace kubevigil {

inline const std::string kTopic = "audit";

inline std::string event_line(int n) {
  return fmt::format(
      R"({{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"{:06}","stage":"Panic"}})", n);
}

inline std::string event_lines(int from, int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += event_line(from + i) + "\n";
  return out;
}

inline std::string event_list(int from, int count) {
  std::string out = R"({"kind":"EventList","apiVersion":"audit.k8s.io/v1","metadata":{},"items":[)";
  for (int i = 0; i < count; ++i) out += (i > 0 ? "," : "") + event_line(from + i);
  return out + "]}";
}

// Every record and bad one with its place, in lines; borders and positions of batches left out.
inline std::vector<std::string> content(const LiveBatch& batch) {
  std::vector<std::string> out;
  size_t record = 0;
  const auto add = [&](size_t end) {
    for (; record < end; ++record) {
      const Record& r = batch.batch.records[record];
      out.push_back(fmt::format("{} {}:{} {} {}", batch.source, r.position.offset, r.position.line, batch.cluster,
                                batch.batch.text(r)));
    }
  };
  for (const BadRecord& b : batch.batch.bad) {
    add(b.before);
    out.push_back(
        fmt::format("{} {}:{} {} {}", batch.source, b.position.offset, b.position.line, to_text(b.reason), b.kept));
  }
  add(batch.batch.records.size());
  return out;
}

class KafkaBench : public testing::Test {
 protected:
  static TopicPartition part(int32_t number) { return {kTopic, number}; }
  static std::string source(int32_t number) { return "kafka/k/" + kTopic + "/" + std::to_string(number); }

  void make(uint64_t seed = 1) { cluster = std::make_unique<test::SimulatedKafka>(env, seed); }
  void SetUp() override {
    make();
    options.lanes.name = "kafka/k";
    options.lanes.topics = {kTopic};
    options.lanes.bounds.rest = {};
    options.cluster.text = "prod";
  }
  std::unique_ptr<KafkaLive> input() {
    return std::make_unique<KafkaLive>(
        options, KafkaReader{[this]() -> Result<std::unique_ptr<KafkaConsumer>> { return cluster->consumer(); }}, env);
  }
  // The time of a message follows from its number.
  void add(int32_t partition, const std::string& value, int64_t second = 0) {
    cluster->add(part(partition), {.value = value, .time = Timestamp{second * 1'000'000}});
  }
  // Until it has nothing more; what it says to be on its way is waited for.
  std::vector<LiveBatch> drain(KafkaLive& live) {
    std::vector<LiveBatch> out;
    for (int waits = 0; waits < 2000;) {
      LiveBatch batch;
      const LiveStep step = live.poll(batch);
      EXPECT_NE(step, LiveStep::Broken);
      if (step == LiveStep::Waiting) return out;
      if (step == LiveStep::Batch) out.push_back(std::move(batch));
      if (step != LiveStep::Later) continue;
      ++waits;
      live.wait(Duration::seconds(1));
    }
    ADD_FAILURE() << "it never comes to an end: " << live.problem();
    return out;
  }
  static std::vector<std::string> all(const std::vector<LiveBatch>& batches) {
    std::vector<std::string> out;
    for (const LiveBatch& batch : batches) {
      for (std::string& line : content(batch)) out.push_back(std::move(line));
    }
    return out;
  }
  // "SOURCE OFFSET:LINE" of each.
  static std::vector<std::string> places(const std::vector<LiveBatch>& batches) {
    std::vector<std::string> out;
    for (const std::string& line : all(batches)) {
      out.push_back(line.substr(std::string("kafka/k/").size(), line.find(' ', line.find(' ') + 1) - 8));
    }
    return out;
  }

  test::KafkaEnv env;
  std::unique_ptr<test::SimulatedKafka> cluster;
  KafkaLiveOptions options;
};

}  // namespace kubevigil
