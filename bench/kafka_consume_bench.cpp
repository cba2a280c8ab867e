// Kafka: from a local broker's topic to events, against a bare librdkafka consumer that only counts. Messages of about
// 1.5 KB, one event each, uncompressed, lz4, zstd; one partition, one thread of ours beside librdkafka's own. Wall
// clock, in turn: the broker is another process on the same cores. Both count every message and byte first, ours every
// event.
//
// Needs Java and the jars (.ci/kafka-jars); without them it says so, and fails where CI is set.
#include <benchmark/benchmark.h>
#include <librdkafka/rdkafka.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "bench/generator.h"
#include "bench/interleaved.h"
#include "engine/event/record_reader.h"
#include "engine/kafka/kafka_client.h"
#include "inputs/kafka_live.h"
#include "tests/support/kafka_broker.h"
#include "tests/support/kafka_produce.h"

namespace kubevigil::bench {
namespace {

constexpr size_t kMessages = 100'000;
constexpr Duration kPatience = Duration::seconds(30);

[[noreturn]] void give_up(const std::string& why) {
  std::fprintf(stderr, "kafka_consume_bench: %s\n", why.c_str());
  std::exit(1);
}

struct Counts {
  uint64_t messages = 0, bytes = 0, events = 0;
};

const std::vector<std::string>& messages() {
  static const std::vector<std::string> all = [] {
    std::vector<std::string> out;
    Generator generator({.events = kMessages, .bodies_per_million = 18'000});
    while (!generator.done()) {
      generator.append(out.emplace_back());
      out.back().pop_back();  // the line feed
    }
    return out;
  }();
  return all;
}

using Handle = std::unique_ptr<rd_kafka_t, void (*)(rd_kafka_t*)>;

Handle open_handle(rd_kafka_type_t type, const std::map<std::string, std::string>& properties) {
  std::array<char, 256> reason{};
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  for (const auto& [name, value] : properties) {
    rd_kafka_conf_set(conf, name.c_str(), value.c_str(), reason.data(), reason.size());
  }
  rd_kafka_t* handle = rd_kafka_new(type, conf, reason.data(), reason.size());
  if (handle == nullptr) give_up(reason.data());
  return {handle, rd_kafka_destroy};
}

void produce(const std::string& address, const std::string& topic, const std::string& codec) {
  const Handle handle = open_handle(
      RD_KAFKA_PRODUCER, {{"bootstrap.servers", address}, {"compression.codec", codec}, {"linger.ms", "50"}});
  for (const std::string& value : messages()) {
    const auto put = [&] { return test::produce_raw(handle.get(), topic, 0, value); };
    while (put() == RD_KAFKA_RESP_ERR__QUEUE_FULL) rd_kafka_poll(handle.get(), 100);
    rd_kafka_poll(handle.get(), 0);
  }
  if (rd_kafka_flush(handle.get(), 60'000) != RD_KAFKA_RESP_ERR_NO_ERROR) give_up("the broker did not take all");
}

// The yardstick: nothing but librdkafka.
class BareConsumer {
 public:
  BareConsumer(const std::string& address, const std::string& topic)
      : handle_(open_handle(RD_KAFKA_CONSUMER, {{"bootstrap.servers", address},
                                                {"group.id", "bench"},
                                                {"enable.auto.commit", "false"},
                                                {"enable.partition.eof", "true"},
                                                {"isolation.level", "read_committed"}})),
        topic_(topic) {
    rd_kafka_poll_set_consumer(handle_.get());
  }
  Counts read() {
    rd_kafka_topic_partition_list_t* list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic_.c_str(), 0)->offset = 0;
    rd_kafka_assign(handle_.get(), list);
    rd_kafka_topic_partition_list_destroy(list);
    Counts counts;
    for (bool end = false; !end;) {
      rd_kafka_message_t* message = rd_kafka_consumer_poll(handle_.get(), milliseconds());
      if (message == nullptr) give_up("nothing came");
      end = message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
      if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) ++counts.messages, counts.bytes += message->len;
      rd_kafka_message_destroy(message);
    }
    return counts;
  }

 private:
  static int milliseconds() { return static_cast<int>(kPatience.micros / 1000); }
  const Handle handle_;
  const std::string topic_;
};

// Ours: the input of `serve`, and reading what it gives.
class EngineConsumer : EventSink {
 public:
  EngineConsumer(const std::string& address, const std::string& topic)
      : source_(kafka_source(kName, {topic, 0})), live_(options(topic), reader(address), system_env()) {}
  Counts read() {
    if (!live_.seek(source_, "0 0")) give_up("the input knows no beginning");
    counts_ = {};
    while (counts_.messages < kMessages) {
      LiveBatch live;
      const LiveStep step = live_.poll(live);
      if (step == LiveStep::Broken) give_up(live_.problem());
      if (step != LiveStep::Batch) live_.wait(kPatience);
      const Batch& batch = live.batch;
      counts_.messages += batch.records.size();
      for (const Record& record : batch.records) counts_.bytes += batch.text(record).size();
      for (const Record& record : batch.records) reader_.read(batch, record, Timestamp::min(), *this);
    }
    return counts_;
  }

 private:
  static constexpr const char* kName = "kafka/bench";
  static KafkaLiveOptions options(const std::string& topic) {
    KafkaLiveOptions out;
    out.lanes.name = kName;
    out.lanes.topics = {topic};
    out.cluster.text = "bench";
    return out;
  }
  static KafkaReader reader(const std::string& address) {
    return {.open = [address] {
      return open_kafka_consumer({.brokers = address, .client_id = "bench", .properties = {}});
    }};
  }
  void event(const Event&) override { ++counts_.events; }
  void bad(BadRecord bad) override { give_up(bad.message); }

  const std::string source_;
  KafkaLive live_;
  RecordReader reader_;
  Counts counts_;
};

test::KafkaBroker& broker() {
  static const auto made = [] {
    const auto jars = test::kafka_jars(test::kafka_version());
    auto out = std::make_unique<test::KafkaBroker>(*jars);
    if (!out->start()) give_up(out->log());
    return out;
  }();
  return *made;
}

void consume(benchmark::State& state, const std::string& codec) {
  const std::string topic = "bench-" + codec, address = broker().address();
  if (!broker().create_topic(topic, 1)) give_up("the topic was not made");
  produce(address, topic, codec);
  BareConsumer bare(address, topic);
  EngineConsumer engine(address, topic);
  const Counts counted = bare.read(), found = engine.read();
  size_t bytes = 0;
  for (const std::string& message : messages()) bytes += message.size();
  if (counted.messages != kMessages || counted.bytes != bytes) give_up("the yardstick did not see all");
  if (found.messages != kMessages || found.bytes != bytes || found.events != kMessages) give_up("not all was read");
  interleave(
      state, bytes, kMessages, [&] { bare.read(); }, [&] { engine.read(); }, Clock::Wall);
  state.counters["message_bytes"] = static_cast<double>(bytes) / kMessages;
}

}  // namespace
}  // namespace kubevigil::bench

int main(int argc, char** argv) {
  using namespace kubevigil;
  if (!test::kafka_jars(test::kafka_version())) {
    std::fprintf(stderr, "kafka_consume_bench: %s\n", test::kNoKafka);
    return test::is_ci() ? 1 : 0;
  }
  for (const std::string codec : {"none", "lz4", "zstd"}) {
    benchmark::RegisterBenchmark(("consume/" + codec).c_str(), bench::consume, codec)
        ->Iterations(bench::kPairs)
        ->UseManualTime()
        ->Unit(benchmark::kMillisecond);
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
