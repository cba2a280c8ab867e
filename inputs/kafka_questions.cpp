#include "inputs/kafka_questions.h"

#include <algorithm>

namespace kubevigil {
namespace {

// Questions that took longer are followed by so many times their time without any.
constexpr Duration kLong = Duration{500'000};
constexpr int64_t kRests = 9;

}  // namespace

void KafkaQuestions::ask(KafkaConsumer& consumer, const std::vector<TopicPartition>& due, const Answer& answer) {
  const Duration began = env_.monotonic();
  if (due.size() > 1 && together_) {
    together_ = ask_together(consumer, due, answer);
  } else {
    ask_each(consumer, due, answer);
  }
  const Duration spent = env_.monotonic() - began;
  if (spent >= kLong) again_ = env_.monotonic() + Duration{spent.micros * kRests};
}

bool KafkaQuestions::ask_together(KafkaConsumer& consumer, const std::vector<TopicPartition>& due,
                                  const Answer& answer) {
  const auto ranges = consumer.ranges(due, kAsk);
  if (std::none_of(ranges.begin(), ranges.end(), [](const auto& range) { return range.has_value(); })) return false;
  for (size_t i = 0; i < due.size(); ++i) answer(due[i], ranges[i]);
  return true;
}

void KafkaQuestions::ask_each(KafkaConsumer& consumer, const std::vector<TopicPartition>& due, const Answer& answer) {
  const Duration began = env_.monotonic();
  for (const TopicPartition& at : due) {
    const auto range = consumer.range(at, kAsk);
    answer(at, range);
    if (!range || env_.monotonic() - began >= kAsk) return;
  }
}

}  // namespace kubevigil
