// A Kafka topic in memory, with transactions: what brokers keep over the crashes of clients. And clients of it behind
// our own interfaces, which fail, are fenced, and die, as a script says at each of their steps.
//
// As on a real broker: messages of an open transaction hold readers back, those of an aborted one are never seen; the
// end of a transaction may be done though its client was told that it failed, or arrive late, but not behind a newer
// client with the same transactional id; a cursor that is part of an open transaction is not seen.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/env.h"
#include "engine/kafka/kafka_consumer.h"
#include "engine/kafka/kafka_publisher.h"

namespace kubevigil::test {

struct TopicRecord {
  std::string key, value;
  std::map<std::string, std::string> headers;
  Timestamp time;
  uint64_t transaction = 0;  // 0: none
};

// What happens at a step of a client.
enum class TopicFault : uint8_t {
  None,
  Fails,     // the step is not done; the client is told so
  FailsOut,  // the step is done, and the client is told that it failed
  FailsLate  // of a commit: told that it failed, and done later, if no newer client comes first
};
struct TopicScript {
  // Asked at each step, with its name ("begin", "produce", "offsets", "commit", "init", "committed", "poll",
  // "partitions"); may throw: the client dies there.
  std::function<TopicFault(const std::string& step)> fault = [](const std::string&) { return TopicFault::None; };
};

class SimulatedTopic {
 public:
  explicit SimulatedTopic(size_t partitions, size_t most_bytes = 1'000'000)
      : partitions_(partitions), most_bytes_(most_bytes) {}

  // Both borrow the topic, the script and the clock.
  std::unique_ptr<KafkaPublisher> publisher(const std::string& transactional_id, const TopicScript& script,
                                            const Env& env);
  std::unique_ptr<KafkaConsumer> consumer(const TopicScript& script);

  // As offsets.retention.minutes.
  void forget_cursor() { cursor_.reset(); }
  const std::optional<KafkaCursor>& cursor() const { return cursor_; }
  // What a read_committed reader gets of a partition now.
  std::vector<TopicRecord> committed(size_t partition) const;
  size_t partitions() const { return partitions_.size(); }

 private:
  friend class SimulatedPublisher;
  friend class SimulatedConsumer;
  enum class State : uint8_t { Open, Committed, Aborted };
  struct Transaction {
    State state = State::Open;
    std::optional<KafkaCursor> cursor;
  };
  struct Holder {  // of a transactional id
    uint64_t epoch = 0;
    uint64_t transaction = 0;  // open; 0: none
    bool commit_is_late = false;
  };
  void end(Holder& holder, State state);
  size_t stable_end(size_t partition) const;
  bool is_committed(const TopicRecord& record) const;

  std::vector<std::vector<TopicRecord>> partitions_;
  const size_t most_bytes_;
  std::map<uint64_t, Transaction> transactions_;
  std::map<std::string, Holder> holders_;
  std::optional<KafkaCursor> cursor_;
};

}  // namespace kubevigil::test
