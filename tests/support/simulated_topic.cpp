#include "tests/support/simulated_topic.h"

#include <algorithm>
#include <set>

#include "engine/base/hash.h"

namespace kubevigil::test {
namespace {

const std::string kName = "alerts";

tl::unexpected<KafkaError> failure(const std::string& step, KafkaFault fault = KafkaFault::Retry) {
  return tl::unexpected(KafkaError{fault, step + " failed"});
}

}  // namespace

class SimulatedPublisher : public KafkaPublisher {
 public:
  SimulatedPublisher(SimulatedTopic& topic, std::string id, const TopicScript& script, const Env& env)
      : topic_(topic), id_(std::move(id)), script_(script), env_(env) {}

  KafkaResult<std::optional<KafkaCursor>> open(Duration) override {
    epoch_ = 0;
    if (id_.empty()) return std::nullopt;
    SimulatedTopic::Holder& holder = topic_.holders_[id_];
    const TopicFault fault = script_.fault("init");
    if (fault == TopicFault::Fails) return failure("init");
    // A late commit has arrived by now, or never does.
    topic_.end(holder, holder.commit_is_late && script_.fault("late") == TopicFault::None
                           ? SimulatedTopic::State::Committed
                           : SimulatedTopic::State::Aborted);
    const uint64_t epoch = ++holder.epoch;
    if (fault != TopicFault::None || script_.fault("committed") != TopicFault::None) return failure("committed");
    epoch_ = epoch;
    return topic_.cursor_;
  }

  KafkaResult<void> publish(std::span<const KafkaOut> messages, const KafkaCursor& cursor, Duration) override {
    if (!id_.empty() && epoch_ == 0) return failure("nothing is open, so publish");
    auto done = id_.empty() ? produce(messages, 0) : transact(messages, cursor);
    if (!done) epoch_ = 0;
    return done;
  }

 private:
  KafkaResult<void> transact(std::span<const KafkaOut> messages, const KafkaCursor& cursor) {
    SimulatedTopic::Holder& holder = topic_.holders_[id_];
    if (holder.epoch != epoch_) return failure("begin", KafkaFault::Fenced);
    if (script_.fault("begin") != TopicFault::None) return failure("begin");
    holder.transaction = topic_.transactions_.empty() ? 1 : topic_.transactions_.rbegin()->first + 1;
    SimulatedTopic::Transaction& transaction = topic_.transactions_[holder.transaction];
    if (auto done = produce(messages, holder.transaction); !done) return done;
    if (holder.epoch != epoch_) return failure("offsets", KafkaFault::Fenced);
    const TopicFault offsets = script_.fault("offsets");
    if (offsets != TopicFault::Fails) transaction.cursor = cursor;
    if (offsets != TopicFault::None) return failure("offsets");
    const TopicFault commit = script_.fault("commit");
    holder.commit_is_late = commit == TopicFault::FailsLate;
    if (commit == TopicFault::None || commit == TopicFault::FailsOut) {
      topic_.end(holder, SimulatedTopic::State::Committed);
    }
    if (commit != TopicFault::None) return failure("commit");
    return {};
  }

  KafkaResult<void> produce(std::span<const KafkaOut> messages, uint64_t transaction) {
    for (const KafkaOut& message : messages) {
      const TopicFault fault = script_.fault("produce");
      if (fault == TopicFault::Fails) return failure("produce");
      if (message.value.size() > topic_.most_bytes_) return failure("produce", KafkaFault::BadMessage);
      TopicRecord record{std::string(message.key), std::string(message.value), {}, env_.now(), transaction};
      for (const KafkaHeader& h : message.headers) record.headers.emplace(h.name, h.value);
      const size_t partition = siphash(message.key).low % topic_.partitions_.size();
      topic_.partitions_[partition].push_back(std::move(record));
      if (fault != TopicFault::None) return failure("produce");
    }
    return {};
  }

  SimulatedTopic& topic_;
  const std::string id_;
  const TopicScript& script_;
  const Env& env_;
  uint64_t epoch_ = 0;  // 0: not open
};

class SimulatedConsumer : public KafkaConsumer {
 public:
  SimulatedConsumer(SimulatedTopic& topic, const TopicScript& script) : topic_(topic), script_(script) {}

  KafkaResult<std::vector<TopicPartition>> partitions(const std::function<bool(const std::string&)>& wanted,
                                                      Duration) override {
    if (script_.fault("partitions") != TopicFault::None) return failure("partitions");
    std::vector<TopicPartition> out;
    for (size_t p = 0; wanted(kName) && p < topic_.partitions_.size(); ++p) {
      out.push_back({kName, static_cast<int32_t>(p)});
    }
    return out;
  }
  KafkaResult<void> assign(std::span<const KafkaPosition> positions) override {
    positions_.assign(positions.begin(), positions.end());
    said_.clear();
    return {};
  }
  KafkaResult<KafkaStep> poll(KafkaMessage& message, Duration) override {
    if (script_.fault("poll") != TopicFault::None) return failure("poll");
    for (KafkaPosition& position : positions_) {
      const auto partition = static_cast<size_t>(position.at.partition);
      message = {};
      message.at = position.at;
      while (static_cast<size_t>(position.offset) < topic_.stable_end(partition)) {
        const TopicRecord& record = topic_.partitions_[partition][static_cast<size_t>(position.offset++)];
        if (!topic_.is_committed(record)) continue;
        fill(record, message);
        return KafkaStep::Message;
      }
      if (said_.insert(position.at).second) return KafkaStep::End;
    }
    return KafkaStep::Nothing;
  }
  KafkaResult<bool> is_there(const TopicPartition& at, Duration) override {
    return at.topic == kName && static_cast<size_t>(at.partition) < topic_.partitions_.size();
  }
  KafkaResult<KafkaRange> range(const TopicPartition& at, Duration) override {
    return KafkaRange{0, static_cast<int64_t>(topic_.stable_end(static_cast<size_t>(at.partition)))};
  }
  KafkaResult<std::vector<KafkaPosition>> positions_at(std::span<const TopicPartition> partitions, Timestamp time,
                                                       Duration) override {
    std::vector<KafkaPosition> out;
    for (const TopicPartition& at : partitions) {
      const auto& records = topic_.partitions_[static_cast<size_t>(at.partition)];
      const auto first = std::find_if(records.begin(), records.end(), [&](const auto& r) { return r.time >= time; });
      out.push_back({at, first - records.begin()});
    }
    return out;
  }
  void pause(std::span<const TopicPartition>) override {}
  void resume(std::span<const TopicPartition>) override {}

 private:
  static void fill(const TopicRecord& record, KafkaMessage& message) {
    message.key = record.key, message.value = record.value;
    message.has_key = message.has_value = true;
    message.time = record.time;
    for (const auto& [name, value] : record.headers) message.headers.push_back({name, value});
  }

  SimulatedTopic& topic_;
  const TopicScript& script_;
  std::vector<KafkaPosition> positions_;
  std::set<TopicPartition> said_;  // at their end
};

std::unique_ptr<KafkaPublisher> SimulatedTopic::publisher(const std::string& transactional_id,
                                                          const TopicScript& script, const Env& env) {
  return std::make_unique<SimulatedPublisher>(*this, transactional_id, script, env);
}

std::unique_ptr<KafkaConsumer> SimulatedTopic::consumer(const TopicScript& script) {
  return std::make_unique<SimulatedConsumer>(*this, script);
}

void SimulatedTopic::end(Holder& holder, State state) {
  if (holder.transaction != 0) {
    Transaction& transaction = transactions_[holder.transaction];
    transaction.state = state;
    if (state == State::Committed) cursor_ = transaction.cursor;
  }
  holder.transaction = 0;
  holder.commit_is_late = false;
}

bool SimulatedTopic::is_committed(const TopicRecord& record) const {
  return record.transaction == 0 || transactions_.at(record.transaction).state == State::Committed;
}

// The first message of a transaction that is open.
size_t SimulatedTopic::stable_end(size_t partition) const {
  const auto& records = partitions_[partition];
  const auto open = std::find_if(records.begin(), records.end(), [&](const TopicRecord& r) {
    return r.transaction != 0 && transactions_.at(r.transaction).state == State::Open;
  });
  return static_cast<size_t>(open - records.begin());
}

std::vector<TopicRecord> SimulatedTopic::committed(size_t partition) const {
  std::vector<TopicRecord> out;
  for (size_t i = 0; i < stable_end(partition); ++i) {
    if (is_committed(partitions_[partition][i])) out.push_back(partitions_[partition][i]);
  }
  return out;
}

}  // namespace kubevigil::test
