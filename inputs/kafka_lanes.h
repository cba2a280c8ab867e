// KafkaLanes: the partitions of one Kafka input, and which one is next. It finds partitions, decides where each begins,
// and has them read (kafka_fetch.h); what is in a message is not its affair (kafka_live.h).
//
// Where a partition begins that the journal does not know: at its first message; at a first start (nothing was placed)
// with KafkaStart::Newest behind its last one, and then Next::Starts is to be journaled first: a start again would else
// read the rest from its first message.
//
// Which is next. The one that is asked for (`only`, in recovery): messages of others that arrive meanwhile are kept, up
// to a bound. Else the one whose message arrived first; but a partition that gave nothing for so long that its stream
// may have been called idle speaks first, in the order of their messages' times and only up to the next one's, so that
// the watermark does not run away from one while another is being read. For those that are known to have something
// which has not arrived, kAwait is waited.
//
// Waits for answers (which partitions are there, what they hold) at most kAsk at a time, and a tenth of the time; for
// messages in wait() only. What is read again in recovery is given up (Next::Nothing) when the cluster says for kGone
// that it has no such partition, or that it ends in front; a cluster that says nothing, or does not show it to us, is
// waited for.
//
// One thread. What does not work is told by problem(), and tried again.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "inputs/kafka_fetch.h"
#include "inputs/kafka_questions.h"

namespace kubevigil {

struct KafkaLanesOptions {
  std::string name;                                   // "kafka/NAME"
  std::vector<std::string> topics = {};               // that are wanted,
  std::function<bool(const std::string&)> fits = {};  // and those that fit
  KafkaStart start = KafkaStart::Oldest;
  Duration quiet = Duration::seconds(75);  // a stream that had nothing for so long may be idle
  KafkaFetch::Bounds bounds = {};
};

struct KafkaNext {
  enum class Kind : uint8_t {
    Lane,     // it holds a message, or stands in front of a gap, or has a place to be kept
    Starts,   // starts() are to be journaled
    Nothing,  // all that there is was given; of `only`: it is not there
    Later,    // there may be more
  };
  Kind kind = Kind::Later;
  KafkaLane* lane = nullptr;
  Timestamp until = Timestamp::max();  // younger messages are for later: another partition comes first
};

struct KafkaLag {
  TopicPartition at;
  uint64_t messages = 0;
};

class KafkaLanes {
 public:
  // `env` outlives it. The consumer is opened when it is needed.
  KafkaLanes(KafkaLanesOptions options, KafkaReader reader, const Env& env);

  void place(const TopicPartition& at, const KafkaPlace& place);
  void forget_place(const TopicPartition& at);  // it begins as one that nobody knows
  void place_starts(KafkaStarts starts);

  KafkaNext next(const TopicPartition* only);
  const KafkaStarts& starts() const { return starts_; }
  void starts_given() { starts_due_ = false; }
  // The lane's first message was given whole.
  void drop_message(KafkaLane& lane);
  void pass_gap(KafkaLane& lane);
  // Its place goes into the journal without a message.
  void keep_place(KafkaLane& lane);
  // Something of it goes into the order.
  void spoke(KafkaLane& lane) {
    lane.spoke = env_.monotonic();
    lane.kept = true;
  }

  void wait(Duration most, const std::function<bool()>& stop) { fetch_.wait(most, stop); }
  std::string problem() const;
  // Is it one of those that are to be read?
  bool is_wanted(const std::string& topic) const;
  bool refused() const { return fetch_.refused(); }
  std::vector<KafkaLag> lag() const;
  std::vector<KafkaPosition> given() const;  // what comes next, of those that are placed

 private:
  KafkaLane& lane_of(const TopicPartition& at);
  void look_for_partitions(KafkaConsumer& consumer);
  void take_partitions(const std::vector<TopicPartition>& found);
  void look_anew();
  void look_at_problems(Duration now);
  void ask(KafkaConsumer& consumer, const TopicPartition& at, KafkaLane& lane);
  void answered(const TopicPartition& at, KafkaLane& lane, const KafkaResult<KafkaRange>& range);
  void ask_all(KafkaConsumer& consumer);
  bool is_gone(KafkaConsumer& consumer, const TopicPartition& at, KafkaLane& lane);
  void begin(const TopicPartition& at, KafkaLane& lane, const KafkaRange& range);
  void find_again(const TopicPartition& at, KafkaLane& lane, const KafkaRange& range);
  KafkaNext next_of(KafkaConsumer& first, const TopicPartition& at);
  bool is_fresh(const KafkaLane& lane) const;
  KafkaNext choose();
  KafkaNext rest() const;

  const KafkaLanesOptions options_;
  const Env& env_;
  const Duration began_;  // monotonic
  KafkaLaneMap lanes_;
  KafkaFetch fetch_;
  KafkaQuestions questions_;
  KafkaStarts starts_;
  bool first_ = true;  // nothing is placed, and no partitions were found
  bool starts_due_ = false;
  std::optional<Duration> found_, awaiting_;  // monotonic: partitions, last; since when lanes are awaited
  Duration look_again_{}, polled_{}, mend_again_{};
  std::string missing_;  // topics
  std::string waiting_;  // what is read again and does not come
};

}  // namespace kubevigil
