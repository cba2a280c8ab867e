// A Kafka cluster in memory behind KafkaConsumer: partitions with retention, and faults by a seed. What it delivers
// when, and in which order among partitions, follows from the seed and from nothing else.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "engine/base/env.h"
#include "engine/kafka/kafka_consumer.h"

namespace kubevigil::test {

// Moves by a little with each look, and by what is waited.
class KafkaEnv final : public Env {
 public:
  Timestamp now() const override { return Timestamp{kStart + monotonic().micros}; }
  Duration monotonic() const override { return {micros_ += 10}; }
  size_t peak_memory() const override { return 0; }
  uint64_t random() const override { return 7; }
  void advance(Duration by) { micros_ += by.micros; }

 private:
  static constexpr int64_t kStart = 1'800'000'000'000'000;
  mutable int64_t micros_ = 1'000'000;
};

struct StoredMessage {
  std::string value;
  std::optional<std::string> key = {};
  std::vector<std::pair<std::string, std::string>> headers = {};
  bool tombstone = false;
  Timestamp time{0};
};

class SimulatedKafka {
 public:
  SimulatedKafka(KafkaEnv& env, uint64_t seed) : env_(env), random_(seed) {}

  void create(const TopicPartition& at) { partitions_[at]; }
  void remove(const TopicPartition& at) { partitions_.erase(at); }
  int64_t add(const TopicPartition& at, StoredMessage message) {
    Partition& partition = partitions_[at];
    partition.messages.emplace(partition.end, std::move(message));
    return partition.end++;
  }
  // A mark of a transaction: an offset without a message.
  void add_mark(const TopicPartition& at) { ++partitions_[at].end; }
  void remove_before(const TopicPartition& at, int64_t offset) {
    Partition& partition = partitions_[at];
    partition.first = std::max(partition.first, offset);
    partition.messages.erase(partition.messages.begin(), partition.messages.lower_bound(offset));
  }
  void make_anew(const TopicPartition& at) { partitions_[at] = {}; }

  // Of one in so many polls and questions each; 0: never.
  struct Faults {
    unsigned nothing = 0;  // has not arrived yet
    unsigned retry = 0;    // a leader moves, a connection breaks
    unsigned fatal = 0;    // the client is of no use any more
  };
  Faults faults;
  bool away = false;                              // nobody answers
  std::set<TopicPartition> hidden;                // not shown to us: without the right Describe
  std::set<TopicPartition> leaderless;            // questions for them wait as long as they may,
  Duration waited{};                              // in all
  std::set<TopicPartition> refused;               // not given to us: without the right Read; said once
  uint64_t assigned = 0, paused = 0, opened = 0;  // how often
  uint64_t delivered = 0;                         // messages

  std::unique_ptr<KafkaConsumer> consumer() { return ++opened, std::make_unique<Consumer>(*this); }

 private:
  struct Partition {
    int64_t first = 0, end = 0;
    std::map<int64_t, StoredMessage> messages;
  };

  class Consumer final : public KafkaConsumer {
   public:
    explicit Consumer(SimulatedKafka& cluster) : cluster_(cluster) {}

    KafkaResult<std::vector<TopicPartition>> partitions(const std::function<bool(const std::string&)>& wanted,
                                                        Duration most) override {
      if (auto error = cluster_.fault(most)) return tl::unexpected(*error);
      std::vector<TopicPartition> out;
      for (const auto& [at, partition] : cluster_.partitions_) {
        if (wanted(at.topic) && !cluster_.hidden.contains(at)) out.push_back(at);
      }
      return out;
    }
    KafkaResult<void> assign(std::span<const KafkaPosition> positions) override {
      ++cluster_.assigned;
      reads_.clear();
      for (const KafkaPosition& p : positions) reads_[p.at] = {.next = p.offset};
      return {};
    }
    KafkaResult<KafkaStep> poll(KafkaMessage& message, Duration most) override;
    KafkaResult<bool> is_there(const TopicPartition& at, Duration most) override {
      if (auto error = cluster_.fault(most)) return tl::unexpected(*error);
      if (cluster_.hidden.contains(at)) return tl::unexpected(KafkaError{KafkaFault::Refused, "not for you"});
      return cluster_.partitions_.contains(at);
    }
    KafkaResult<KafkaRange> range(const TopicPartition& at, Duration most) override {
      if (auto error = cluster_.fault(most)) return tl::unexpected(*error);
      if (cluster_.leaderless.contains(at)) return tl::unexpected(cluster_.wait_for_leader(most));
      const auto found = cluster_.partitions_.find(at);
      if (found == cluster_.partitions_.end()) return tl::unexpected(KafkaError{KafkaFault::Refused, "no partition"});
      return KafkaRange{found->second.first, found->second.end};
    }
    std::vector<KafkaResult<KafkaRange>> ranges(std::span<const TopicPartition> partitions, Duration most) override {
      for (const TopicPartition& at : partitions) {
        if (!cluster_.leaderless.contains(at)) continue;
        return {partitions.size(), tl::unexpected(cluster_.wait_for_leader(most))};
      }
      return KafkaConsumer::ranges(partitions, most);
    }
    std::optional<int64_t> newest(const TopicPartition& at) const override {
      const auto found = cluster_.partitions_.find(at);
      if (found == cluster_.partitions_.end()) return std::nullopt;
      return found->second.end;
    }
    void pause(std::span<const TopicPartition> partitions) override {
      ++cluster_.paused;
      for (const TopicPartition& at : partitions) reads_.at(at).paused = true;
    }
    void resume(std::span<const TopicPartition> partitions) override {
      for (const TopicPartition& at : partitions) reads_.at(at).paused = false;
    }

   private:
    struct Read {
      int64_t next = 0;
      bool paused = false, end_said = false, lost = false, refusal_said = false;
    };
    std::optional<KafkaResult<KafkaStep>> poll_one(const TopicPartition& at, Read& read, KafkaMessage& message);

    SimulatedKafka& cluster_;
    std::map<TopicPartition, Read> reads_;
  };

  KafkaError wait_for_leader(Duration most) {
    env_.advance(most);
    waited = waited + most;
    return {KafkaFault::Retry, "no leader"};
  }
  bool one_in(unsigned n) { return n > 0 && random_() % n == 0; }
  std::optional<KafkaError> fault(Duration most) {
    if (away) env_.advance(most);
    if (away || one_in(faults.retry)) return KafkaError{KafkaFault::Retry, "the broker does not answer"};
    if (one_in(faults.fatal)) return KafkaError{KafkaFault::Fatal, "the client is broken"};
    return std::nullopt;
  }

  KafkaEnv& env_;
  std::mt19937_64 random_;
  std::map<TopicPartition, Partition> partitions_;
};

inline KafkaResult<KafkaStep> SimulatedKafka::Consumer::poll(KafkaMessage& message, Duration most) {
  message = {};
  if (auto error = cluster_.fault(most)) return tl::unexpected(*error);
  if (!reads_.empty() && !cluster_.one_in(cluster_.faults.nothing)) {
    auto at = reads_.begin();
    std::advance(at, static_cast<std::ptrdiff_t>(cluster_.random_() % reads_.size()));
    for (size_t i = 0; i < reads_.size(); ++i) {
      if (auto step = poll_one(at->first, at->second, message)) return std::move(*step);
      if (++at == reads_.end()) at = reads_.begin();
    }
  }
  cluster_.env_.advance(most);
  return KafkaStep::Nothing;
}

inline std::optional<KafkaResult<KafkaStep>> SimulatedKafka::Consumer::poll_one(const TopicPartition& at, Read& read,
                                                                                KafkaMessage& message) {
  const auto found = cluster_.partitions_.find(at);
  if (found == cluster_.partitions_.end() || read.paused || read.lost) return std::nullopt;
  if (cluster_.leaderless.contains(at)) return std::nullopt;
  const Partition& partition = found->second;
  message.at = at;
  if (cluster_.refused.contains(at)) {
    if (std::exchange(read.refusal_said, true)) return std::nullopt;
    return tl::unexpected(KafkaError{KafkaFault::Refused, "reading " + to_text(at) + ": not for you"});
  }
  if (read.next < partition.first || read.next > partition.end) {
    read.lost = true;
    return tl::unexpected(KafkaError{KafkaFault::OutOfRange, "offset out of range"});
  }
  const auto stored = partition.messages.lower_bound(read.next);
  if (stored == partition.messages.end()) {
    message.offset = read.next = partition.end;
    if (std::exchange(read.end_said, true)) return std::nullopt;
    return KafkaStep::End;
  }
  ++cluster_.delivered;
  auto owner = std::make_shared<StoredMessage>(stored->second);
  message.offset = stored->first;
  read.next = stored->first + 1;
  read.end_said = false;
  message.time = owner->time;
  message.value = owner->value;
  message.has_value = !owner->tombstone;
  message.has_key = owner->key.has_value();
  if (owner->key) message.key = *owner->key;
  for (const auto& [name, value] : owner->headers) message.headers.push_back({name, value, false});
  message.owner = std::move(owner);
  return KafkaStep::Message;
}

}  // namespace kubevigil::test
