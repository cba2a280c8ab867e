// KafkaConsumer over librdkafka 2.0.2. What that version forbids (reference: its release notes up to 2.14): batch
// consume beside pause, seek or assign loses messages (mended in 2.1.0), so it is polled one by one; a partition that
// is not paused must not be resumed (2.4.0), so what is paused is known here.
//
// Partitions are started and stopped each, without a group and its assignment: a second rd_kafka_assign() while the
// first one still stops its partitions, or the end of the handle then, can end the program ("rktp_started" failed;
// https://github.com/confluentinc/librdkafka/issues/5573, in all versions up to 2.15.0). rd_kafka_consume_stop waits.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "engine/base/limits.h"
#include "engine/base/text.h"
#include "engine/kafka/kafka_client.h"
#include "engine/kafka/rdkafka_handle.h"

namespace kubevigil {
namespace {

// Of the headers, as they lie in librdkafka's message.
std::vector<KafkaHeader> headers_of(const rd_kafka_message_t* message) {
  std::vector<KafkaHeader> out;
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return out;
  const size_t count = rd_kafka_header_cnt(headers);
  if (count > limits::kKafkaHeaders) return out;
  out.reserve(count);
  const char* name = nullptr;
  const void* value = nullptr;
  size_t size = 0;
  for (size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++i) {
    out.push_back({name, {static_cast<const char*>(value), value == nullptr ? 0 : size}, value == nullptr});
  }
  return out;
}

TopicPartition place_of(const rd_kafka_message_t* message) {
  return {message->rkt == nullptr ? "" : rd_kafka_topic_name(message->rkt), message->partition};
}

// The texts move into a block of the message's own.
void keep_texts(KafkaMessage& message) {
  size_t size = message.key.size() + message.value.size();
  for (const KafkaHeader& header : message.headers) size += header.name.size() + header.value.size();
  auto block = std::make_shared_for_overwrite<char[]>(size);
  char* next = block.get();
  const auto keep = [&next](std::string_view& text) {
    char* const begin = std::exchange(next, std::copy(text.begin(), text.end(), next));
    text = {begin, text.size()};
  };
  keep(message.key);
  keep(message.value);
  for (KafkaHeader& header : message.headers) keep(header.name), keep(header.value);
  message.owner = std::move(block);
}

// librdkafka's message is not kept: it holds the whole answer of the broker in which it came, and a handle does not end
// (rd_kafka_destroy waits for ever) while one of its messages lives.
void fill(KafkaMessage& out, const rd_kafka_message_t* message) {
  out.at = place_of(message);
  out.offset = message->offset;
  rd_kafka_timestamp_type_t type{};
  const int64_t time = rd_kafka_message_timestamp(message, &type);
  const bool is_known = type != RD_KAFKA_TIMESTAMP_NOT_AVAILABLE && time >= 0;
  constexpr int64_t kLast = Timestamp::max().micros / 1000;  // the producer says what it likes
  out.time = is_known ? Timestamp{std::min(time, kLast) * 1000} : Timestamp::min();
  out.has_key = message->key != nullptr, out.has_value = message->payload != nullptr;
  out.key = {static_cast<const char*>(message->key), out.has_key ? message->key_len : 0};
  out.value = {static_cast<const char*>(message->payload), out.has_value ? message->len : 0};
  out.headers = headers_of(message);
  keep_texts(out);
}

struct RdKafkaOwned {
  void operator()(rd_kafka_topic_t* topic) const { rd_kafka_topic_destroy(topic); }
  void operator()(rd_kafka_queue_t* queue) const { rd_kafka_queue_destroy(queue); }
  void operator()(rd_kafka_message_t* message) const { rd_kafka_message_destroy(message); }
};

class RdKafkaConsumer final : public KafkaConsumer {
 public:
  explicit RdKafkaConsumer(RdKafkaHandle handle)
      : handle_(std::move(handle)), queue_(rd_kafka_queue_new(handle_.get())) {}
  ~RdKafkaConsumer() override { stop(); }
  RdKafkaConsumer(const RdKafkaConsumer&) = delete;
  RdKafkaConsumer& operator=(const RdKafkaConsumer&) = delete;

  KafkaResult<std::vector<TopicPartition>> partitions(const std::function<bool(const std::string&)>& wanted,
                                                      Duration most) override;
  KafkaResult<void> assign(std::span<const KafkaPosition> positions) override;
  KafkaResult<KafkaStep> poll(KafkaMessage& message, Duration most) override;
  KafkaResult<bool> is_there(const TopicPartition& at, Duration most) override;
  KafkaResult<KafkaRange> range(const TopicPartition& at, Duration most) override;
  std::vector<KafkaResult<KafkaRange>> ranges(std::span<const TopicPartition> partitions, Duration most) override;
  std::optional<int64_t> newest(const TopicPartition& at) const override;
  KafkaResult<std::vector<KafkaPosition>> positions_at(std::span<const TopicPartition> partitions, Timestamp time,
                                                       Duration most) override;
  void pause(std::span<const TopicPartition> partitions) override;
  void resume(std::span<const TopicPartition> partitions) override;

 private:
  rd_kafka_topic_t* topic(const std::string& name);
  KafkaResult<void> ask_offsets(std::vector<KafkaPosition>& positions, Duration most);
  void stop();

  const RdKafkaHandle handle_;
  const std::unique_ptr<rd_kafka_queue_t, RdKafkaOwned> queue_;  // messages of all that is read
  std::map<std::string, std::unique_ptr<rd_kafka_topic_t, RdKafkaOwned>> topics_;
  std::vector<TopicPartition> reads_;
  std::set<TopicPartition> paused_;
};

rd_kafka_topic_t* RdKafkaConsumer::topic(const std::string& name) {
  auto& made = topics_[name];
  if (made == nullptr) made.reset(rd_kafka_topic_new(handle_.get(), name.c_str(), nullptr));
  return made.get();
}

// Waits for each: nothing of it comes any more.
void RdKafkaConsumer::stop() {
  for (const TopicPartition& at : reads_) rd_kafka_consume_stop(topic(at.topic), at.partition);
  reads_.clear();
  // What was paused and is stopped would else stay paused.
  const std::vector<TopicPartition> paused(paused_.begin(), paused_.end());
  resume(paused);
}

KafkaResult<std::vector<TopicPartition>> RdKafkaConsumer::partitions(
    const std::function<bool(const std::string&)>& wanted, Duration most) {
  const rd_kafka_metadata_t* found = nullptr;
  const auto code = rd_kafka_metadata(handle_.get(), 1, nullptr, &found, milliseconds(most));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
    return tl::unexpected(explained(handle_.get(), kafka_error(code, "asking for topics")));
  const std::unique_ptr<const rd_kafka_metadata_t, RdKafkaEnd> metadata(found);
  std::vector<TopicPartition> out;
  for (int t = 0; t < metadata->topic_cnt; ++t) {
    const rd_kafka_metadata_topic_t& topic = metadata->topics[t];
    if (!wanted(topic.topic)) continue;
    if (topic.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return tl::unexpected(kafka_error(topic.err, "topic " + printable(topic.topic)));
    }
    for (int p = 0; p < topic.partition_cnt; ++p) out.push_back({topic.topic, topic.partitions[p].id});
  }
  std::sort(out.begin(), out.end());
  return out;
}

KafkaResult<void> RdKafkaConsumer::assign(std::span<const KafkaPosition> positions) {
  stop();
  for (const KafkaPosition& from : positions) {
    rd_kafka_topic_t* const made = topic(from.at.topic);
    if (made == nullptr || rd_kafka_consume_start_queue(made, from.at.partition, from.offset, queue_.get()) != 0) {
      return tl::unexpected(kafka_error(rd_kafka_last_error(), "beginning to read " + to_text(from.at)));
    }
    reads_.push_back(from.at);
  }
  return {};
}

KafkaResult<KafkaStep> RdKafkaConsumer::poll(KafkaMessage& message, Duration most) {
  message = {};
  const std::unique_ptr<rd_kafka_message_t, RdKafkaOwned> polled(
      rd_kafka_consume_queue(queue_.get(), milliseconds(most)));
  if (polled == nullptr) return KafkaStep::Nothing;
  if (polled->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    fill(message, polled.get());
    return KafkaStep::Message;
  }
  message.at = place_of(polled.get());
  message.offset = polled->offset;
  if (polled->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) return KafkaStep::End;
  const char* said = rd_kafka_message_errstr(polled.get());
  KafkaError error = kafka_error(polled->err, message.at.topic.empty() ? "reading" : "reading " + to_text(message.at));
  if (said != nullptr) error.message += ": " + printable(said);
  return tl::unexpected(std::move(error));
}

KafkaResult<bool> RdKafkaConsumer::is_there(const TopicPartition& at, Duration most) {
  const std::string doing = "asking for the topic " + printable(at.topic);
  rd_kafka_topic_t* const made = topic(at.topic);
  if (made == nullptr) return tl::unexpected(kafka_error(rd_kafka_last_error(), doing));
  const rd_kafka_metadata_t* found = nullptr;
  auto code = rd_kafka_metadata(handle_.get(), 0, made, &found, milliseconds(most));
  const std::unique_ptr<const rd_kafka_metadata_t, RdKafkaEnd> metadata(found);
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR && found->topic_cnt == 1) code = found->topics[0].err;
  if (code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) return false;
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return tl::unexpected(explained(handle_.get(), kafka_error(code, doing)));
  }
  for (int p = 0; found->topic_cnt == 1 && p < found->topics[0].partition_cnt; ++p) {
    if (found->topics[0].partitions[p].id == at.partition) return true;
  }
  return false;
}

KafkaResult<KafkaRange> RdKafkaConsumer::range(const TopicPartition& at, Duration most) {
  return std::move(ranges(std::span(&at, 1), most).front());
}

// rd_kafka_query_watermark_offsets waits longer than it is told when brokers are away. A question for the offset of a
// time asks the same with the times that the protocol gives to the first and to the last (ListOffsets, KIP-79).
std::vector<KafkaResult<KafkaRange>> RdKafkaConsumer::ranges(std::span<const TopicPartition> partitions,
                                                             Duration most) {
  std::vector<KafkaResult<KafkaRange>> out(partitions.size(), KafkaRange{});
  const Duration each{most.micros / 2};
  for (const auto& [time, offset] :
       {std::pair{RD_KAFKA_OFFSET_BEGINNING, &KafkaRange::first}, {RD_KAFKA_OFFSET_END, &KafkaRange::end}}) {
    std::vector<KafkaPosition> asked;
    for (const TopicPartition& at : partitions) asked.push_back({at, time});
    const RdKafkaList list = list_of(asked);
    const auto code = rd_kafka_offsets_for_times(handle_.get(), list.get(), milliseconds(each));
    for (size_t i = 0; i < out.size(); ++i) {
      if (!out[i]) continue;
      const rd_kafka_topic_partition_t& found = list->elems[i];
      auto own = code != RD_KAFKA_RESP_ERR_NO_ERROR ? code : found.err;
      if (own == RD_KAFKA_RESP_ERR_NO_ERROR && found.offset < 0) own = RD_KAFKA_RESP_ERR__TIMED_OUT;  // left as it was
      if (own == RD_KAFKA_RESP_ERR_NO_ERROR) {
        (*out[i]).*offset = found.offset;
      } else {
        const std::string doing = "asking what " + to_text(partitions[i]) + " holds";
        out[i] = tl::unexpected(explained(handle_.get(), kafka_error(own, doing)));
      }
    }
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) break;
  }
  return out;
}

std::optional<int64_t> RdKafkaConsumer::newest(const TopicPartition& at) const {
  int64_t first = RD_KAFKA_OFFSET_INVALID, end = RD_KAFKA_OFFSET_INVALID;
  const auto code = rd_kafka_get_watermark_offsets(handle_.get(), at.topic.c_str(), at.partition, &first, &end);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR || end < 0) return std::nullopt;
  return end;
}

// Of all partitions at once; each offset is a time on the way in.
KafkaResult<void> RdKafkaConsumer::ask_offsets(std::vector<KafkaPosition>& positions, Duration most) {
  const RdKafkaList list = list_of(positions);
  const auto code = rd_kafka_offsets_for_times(handle_.get(), list.get(), milliseconds(most));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
    return tl::unexpected(explained(handle_.get(), kafka_error(code, "asking for offsets of a time")));
  for (size_t i = 0; i < positions.size(); ++i) {
    const rd_kafka_topic_partition_t& found = list->elems[i];
    if (found.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      return tl::unexpected(kafka_error(found.err, "asking for an offset in " + to_text(positions[i].at)));
    }
    positions[i].offset = found.offset;
  }
  return {};
}

// The ends come first: where nothing is as young, what comes while we ask lies behind them.
KafkaResult<std::vector<KafkaPosition>> RdKafkaConsumer::positions_at(std::span<const TopicPartition> partitions,
                                                                      Timestamp time, Duration most) {
  const Duration each{most.micros / 2};
  std::vector<KafkaPosition> ends, out;
  for (const TopicPartition& at : partitions) {
    ends.push_back({at, RD_KAFKA_OFFSET_END});
    out.push_back({at, time.micros / 1000});
  }
  if (const auto asked = ask_offsets(ends, each); !asked) return tl::unexpected(asked.error());
  if (const auto asked = ask_offsets(out, each); !asked) return tl::unexpected(asked.error());
  for (size_t i = 0; i < out.size(); ++i) {
    if (out[i].offset < 0) out[i].offset = ends[i].offset;
  }
  return out;
}

void RdKafkaConsumer::pause(std::span<const TopicPartition> partitions) {
  std::vector<TopicPartition> fresh;
  for (const TopicPartition& at : partitions) {
    if (paused_.insert(at).second) fresh.push_back(at);
  }
  if (!fresh.empty()) rd_kafka_pause_partitions(handle_.get(), list_of(fresh).get());
}

void RdKafkaConsumer::resume(std::span<const TopicPartition> partitions) {
  std::vector<TopicPartition> ours;
  for (const TopicPartition& at : partitions) {
    if (paused_.erase(at) > 0) ours.push_back(at);
  }
  if (!ours.empty()) rd_kafka_resume_partitions(handle_.get(), list_of(ours).get());
}

}  // namespace

Result<std::unique_ptr<KafkaConsumer>> open_kafka_consumer(const KafkaOptions& options) {
  auto handle = open_rdkafka(RD_KAFKA_CONSUMER, options,
                             {{"enable.auto.commit", "false"},
                              {"enable.auto.offset.store", "false"},
                              {"auto.offset.reset", "error"},
                              {"enable.partition.eof", "true"},
                              {"isolation.level", "read_committed"},
                              {"allow.auto.create.topics", "false"}});
  if (!handle) return fail(handle.error().message);
  return std::make_unique<RdKafkaConsumer>(std::move(*handle));
}

}  // namespace kubevigil
