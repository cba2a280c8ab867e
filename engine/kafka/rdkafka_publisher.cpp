// KafkaPublisher over librdkafka 2.0.2.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "engine/base/env.h"
#include "engine/base/text.h"
#include "engine/kafka/kafka_client.h"
#include "engine/kafka/rdkafka_handle.h"

namespace kubevigil {
namespace {

using RdKafkaGroup = std::unique_ptr<rd_kafka_consumer_group_metadata_t, void (*)(rd_kafka_consumer_group_metadata_t*)>;

class Deadline {
 public:
  explicit Deadline(Duration most) : end_{system_env().monotonic().micros + most.micros} {}
  int left() const { return std::max(1, milliseconds(end_ - system_env().monotonic())); }

 private:
  Duration end_;
};

// nullptr: no error.
KafkaResult<void> checked(rd_kafka_error_t* error, const std::string& doing) {
  if (error == nullptr) return {};
  const std::unique_ptr<rd_kafka_error_t, RdKafkaEnd> owned(error);
  return tl::unexpected(kafka_error(error, doing));
}

class RdKafkaPublisher final : public KafkaPublisher {
 public:
  explicit RdKafkaPublisher(KafkaPublisherOptions options) : options_(std::move(options)) {}

  KafkaResult<std::optional<int64_t>> open(Duration most) override;
  KafkaResult<void> publish(std::span<const KafkaOut> messages, int64_t cursor, Duration most) override;

 private:
  bool is_transactional() const { return !options_.transactional_id.empty(); }
  TopicPartition cursor_place() const { return {options_.topic, 0}; }
  KafkaResult<std::optional<int64_t>> committed(const Deadline& deadline) const;
  KafkaResult<void> produce(const KafkaOut& message);
  KafkaResult<void> settle(size_t messages, const Deadline& deadline);
  KafkaResult<void> commit(int64_t cursor, const Deadline& deadline);
  static void on_report(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque);

  const KafkaPublisherOptions options_;
  RdKafkaHandle handle_;
  size_t delivered_ = 0;              // of this publish()
  std::optional<KafkaError> failed_;  // the first of it
};

void RdKafkaPublisher::on_report(rd_kafka_t*, const rd_kafka_message_t* message, void*) {
  auto* self = static_cast<RdKafkaPublisher*>(message->_private);
  if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    ++self->delivered_;
  } else if (!self->failed_) {
    self->failed_ = kafka_error(message->err, "publishing to " + printable(self->options_.topic));
  }
}

KafkaResult<std::optional<int64_t>> RdKafkaPublisher::open(Duration most) {
  const Deadline deadline(most);
  handle_.reset();
  std::map<std::string, std::string> ours = {
      {"enable.idempotence", "true"}, {"partitioner", "murmur2_random"}, {"allow.auto.create.topics", "false"}};
  if (is_transactional()) ours["transactional.id"] = options_.transactional_id;
  auto handle = open_rdkafka(RD_KAFKA_PRODUCER, options_.kafka, ours, on_report);
  if (!handle) return tl::unexpected(KafkaError{KafkaFault::Refused, handle.error().message});
  handle_ = std::move(*handle);
  if (!is_transactional()) return std::nullopt;
  // Before the cursor: this ends what an earlier life left open. Until then the cursor is not known.
  const auto begun = checked(rd_kafka_init_transactions(handle_.get(), deadline.left()), "beginning with transactions");
  if (!begun) return tl::unexpected(begun.error());
  return committed(deadline);
}

KafkaResult<std::optional<int64_t>> RdKafkaPublisher::committed(const Deadline& deadline) const {
  const auto asking = open_rdkafka(RD_KAFKA_CONSUMER, options_.kafka,
                                   {{"group.id", options_.cursor_group}, {"isolation.level", "read_committed"}});
  if (!asking) return tl::unexpected(KafkaError{KafkaFault::Refused, asking.error().message});
  const TopicPartition place = cursor_place();
  const RdKafkaList list = list_of(std::span(&place, 1));
  const std::string doing = "asking for the cursor of group " + printable(options_.cursor_group);
  if (const auto code = rd_kafka_committed(asking->get(), list.get(), deadline.left());
      code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return tl::unexpected(kafka_error(code, doing));
  }
  const rd_kafka_topic_partition_t& found = list->elems[0];
  if (found.err != RD_KAFKA_RESP_ERR_NO_ERROR) return tl::unexpected(kafka_error(found.err, doing));
  if (found.offset == RD_KAFKA_OFFSET_INVALID) return std::nullopt;
  return found.offset;
}

KafkaResult<void> RdKafkaPublisher::produce(const KafkaOut& message) {
  rd_kafka_headers_t* headers = rd_kafka_headers_new(message.headers.size());
  for (const KafkaHeader& h : message.headers) {
    rd_kafka_header_add(headers, h.name.data(), static_cast<ssize_t>(h.name.size()), h.value.data(),
                        static_cast<ssize_t>(h.value.size()));
  }
  // Copied: when the deadline ends first, librdkafka still has it.
  const auto code = rd_kafka_producev(
      handle_.get(), RD_KAFKA_V_TOPIC(options_.topic.c_str()), RD_KAFKA_V_PARTITION(RD_KAFKA_PARTITION_UA),
      RD_KAFKA_V_KEY(message.key.data(), message.key.size()),
      RD_KAFKA_V_VALUE(const_cast<char*>(message.value.data()), message.value.size()), RD_KAFKA_V_HEADERS(headers),
      RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_OPAQUE(this), RD_KAFKA_V_END);
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return {};
  rd_kafka_headers_destroy(headers);
  return tl::unexpected(kafka_error(code, "publishing to " + printable(options_.topic)));
}

// Until all have their report.
KafkaResult<void> RdKafkaPublisher::settle(size_t messages, const Deadline& deadline) {
  const auto code = rd_kafka_flush(handle_.get(), deadline.left());
  std::array<char, 512> reason{};
  if (const auto fatal =
          rd_kafka_fatal_error(handle_.get(), reason.data(), reason.size())) {  // why messages were purged
    KafkaError error = kafka_error(fatal, "publishing to " + printable(options_.topic));
    if (error.fault != KafkaFault::Fenced) error.fault = KafkaFault::Fatal;
    return tl::unexpected(std::move(error));
  }
  if (failed_) return tl::unexpected(*failed_);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return tl::unexpected(kafka_error(code, "waiting for the brokers"));
  if (delivered_ == messages) return {};
  return tl::unexpected(
      KafkaError{KafkaFault::Retry, fmt::format("{} of {} messages were taken", delivered_, messages)});
}

KafkaResult<void> RdKafkaPublisher::commit(int64_t cursor, const Deadline& deadline) {
  const KafkaPosition position{cursor_place(), cursor};
  const RdKafkaList list = list_of(std::span(&position, 1));
  const RdKafkaGroup group(rd_kafka_consumer_group_metadata_new(options_.cursor_group.c_str()),
                           rd_kafka_consumer_group_metadata_destroy);
  const auto sent =
      checked(rd_kafka_send_offsets_to_transaction(handle_.get(), list.get(), group.get(), deadline.left()),
              "sending the cursor");
  if (!sent) return sent;
  return checked(rd_kafka_commit_transaction(handle_.get(), deadline.left()), "committing a transaction");
}

KafkaResult<void> RdKafkaPublisher::publish(std::span<const KafkaOut> messages, int64_t cursor, Duration most) {
  const Deadline deadline(most);
  delivered_ = 0;
  failed_.reset();
  if (is_transactional()) {
    if (auto begun = checked(rd_kafka_begin_transaction(handle_.get()), "beginning a transaction"); !begun)
      return begun;
  }
  for (const KafkaOut& message : messages) {
    if (auto done = produce(message); !done) return done;
  }
  if (auto settled = settle(messages.size(), deadline); !settled) return settled;
  return is_transactional() ? commit(cursor, deadline) : KafkaResult<void>{};
}

}  // namespace

std::unique_ptr<KafkaPublisher> make_kafka_publisher(KafkaPublisherOptions options) {
  return std::make_unique<RdKafkaPublisher>(std::move(options));
}

}  // namespace kubevigil
