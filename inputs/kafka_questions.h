// KafkaQuestions: asks what partitions hold. All in one question; where a partition without a leader keeps that from
// being answered, one by one. A question waits at most kAsk, and those that take long take a tenth of the time: what is
// known is read meanwhile. One thread; `env` outlives it.
#pragma once

#include <functional>
#include <vector>

#include "engine/base/env.h"
#include "engine/kafka/kafka_consumer.h"

namespace kubevigil {

class KafkaQuestions {
 public:
  static constexpr Duration kAsk = Duration::seconds(2);
  using Answer = std::function<void(const TopicPartition&, const KafkaResult<KafkaRange>&)>;

  explicit KafkaQuestions(const Env& env) : env_(env) {}

  // False: questions rest.
  bool may_ask() const { return env_.monotonic() >= again_; }
  // Gives the answers that there are, errors, too. Of some there may be none: they are asked with the next ones.
  void ask(KafkaConsumer& consumer, const std::vector<TopicPartition>& due, const Answer& answer);
  // All in one may be answered by now.
  void try_together() { together_ = true; }

 private:
  bool ask_together(KafkaConsumer& consumer, const std::vector<TopicPartition>& due, const Answer& answer);
  void ask_each(KafkaConsumer& consumer, const std::vector<TopicPartition>& due, const Answer& answer);

  const Env& env_;
  bool together_ = true;
  Duration again_{};  // monotonic
};

}  // namespace kubevigil
