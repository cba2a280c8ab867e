// KafkaLookup: which alerts of an output are in its topic already. Asked when the cursor does not say how far we are:
// it has expired, or is another data folder's. Never does such an output begin at zero.
//
//   while (lookup.read(oldest, most) is false) ...later...;    lookup.holds(alert.id, alert.revision)
//
// `oldest` is when the first of the alerts happened: whoever has published them did it later, however long ago that is.
// Read is what is committed, from there less kLookupMargin on (times of the topic are those of its producers or
// brokers), up to what each partition holds now, limits::kKafkaLookup messages at most; is_cut() says when there was
// more. It is read once and kept, 16 bytes an alert, as long as it is asked for. Counted are messages with our headers
// (kafka_transport.h) and this output's name. Whoever may write to the topic could so keep alerts from being published
// at that one time: give the right to kubevigil alone. Not seen is what stands behind a transaction of another producer
// that is still open.
//
// One thread, but cancel(). Errors: KafkaResult, and read() can be called again.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/base/env.h"
#include "engine/base/hash.h"
#include "engine/base/limits.h"
#include "engine/kafka/kafka_consumer.h"

namespace kubevigil {

// What clocks of API servers, instances and brokers may differ by.
inline constexpr Duration kLookupMargin = Duration::minutes(10);
inline constexpr Duration kLookupKept = Duration::hours(1);  // behind the last question

class KafkaLookup {
 public:
  using Open = std::function<Result<std::unique_ptr<KafkaConsumer>>()>;

  // Reads `most` messages. `env` must outlive it.
  KafkaLookup(Open open, std::string topic, std::string output, const Env& env, size_t most = limits::kKafkaLookup)
      : open_(std::move(open)), topic_(std::move(topic)), output_(std::move(output)), env_(env), most_(most) {}

  // False: not all is read within `most`; it goes on there. Nothing is done when it was read from there on already.
  KafkaResult<bool> read(Timestamp oldest, Duration most);
  bool holds(std::string_view id, uint32_t revision) const;
  // The topic holds other messages than were read so far: somebody else has published.
  void forget();
  // Now and then, while nothing is asked: gives the memory back.
  void rest();
  bool is_cut() const { return messages_ >= most_; }
  size_t messages() const { return messages_; }
  void cancel() { cancelled_ = true; }

 private:
  Timestamp where_to_begin(Timestamp from) const;
  KafkaResult<void> begin(Timestamp from, Duration end);
  void take(const KafkaMessage& message);

  const Open open_;
  const std::string topic_, output_;
  const Env& env_;
  const size_t most_;
  std::atomic<bool> cancelled_ = false;
  std::unique_ptr<KafkaConsumer> consumer_;  // null: not reading
  std::set<TopicPartition> unread_;          // that have not come to their end
  std::optional<Timestamp> from_;            // read, or being read, from there on
  Duration asked_{};
  size_t messages_ = 0;
  std::vector<Hash128> found_;  // sorted once all is read
};

}  // namespace kubevigil
