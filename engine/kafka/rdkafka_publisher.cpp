// KafkaPublisher over librdkafka 2.0.2.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>

#include "engine/base/env.h"
#include "engine/base/text.h"
#include "engine/kafka/kafka_client.h"
#include "engine/kafka/rdkafka_handle.h"

namespace kubevigil {
namespace {

using GroupMetadata =
    std::unique_ptr<rd_kafka_consumer_group_metadata_t, void (*)(rd_kafka_consumer_group_metadata_t*)>;

constexpr int kSlice = 200;  // milliseconds: how often cancel() is looked at
constexpr int kBreath = 20;
constexpr int kAbort = 2000;           // how long an abort is waited for: the next open() does it, too
constexpr int kAskingAtMost = 10'000;  // for the cursor

// A commit that took longer was perhaps sent twice, and the second request could end the transaction that comes next
// (https://issues.apache.org/jira/browse/KAFKA-17754): a new client's epoch shuts it out.
constexpr Duration kSlowCommit = Duration::seconds(1);

class Deadline {
 public:
  explicit Deadline(Duration most) : end_{system_env().monotonic().micros + most.micros} {}
  int left() const { return std::max(1, milliseconds(end_ - system_env().monotonic())); }
  bool is_over() const { return system_env().monotonic() >= end_; }

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

  KafkaResult<std::optional<KafkaCursor>> open(Duration most) override;
  KafkaResult<void> publish(std::span<const KafkaOut> messages, const KafkaCursor& cursor, Duration most) override;
  bool wants_open() const override { return handle_ == nullptr; }
  void cancel() override { cancelled_ = true; }

 private:
  bool is_transactional() const { return !options_.transactional_id.empty(); }
  TopicPartition cursor_place() const { return {options_.topic, 0}; }
  template <typename Call>
  KafkaResult<void> resumed(const Deadline& deadline, const std::string& doing, Call call);
  KafkaResult<std::optional<KafkaCursor>> committed(const Deadline& deadline) const;
  KafkaResult<void> transact(std::span<const KafkaOut> messages, const KafkaCursor& cursor, const Deadline& deadline);
  KafkaResult<void> produce(const KafkaOut& message);
  KafkaResult<void> settle(size_t messages, const Deadline& deadline);
  KafkaResult<void> commit(const KafkaCursor& cursor, const Deadline& deadline);
  static void on_report(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque);

  const KafkaPublisherOptions options_;
  std::atomic<bool> cancelled_ = false;
  RdKafkaHandle handle_;
  size_t delivered_ = 0;              // of this publish()
  std::optional<KafkaError> failed_;  // the first of it
  bool purged_ = false;               // it says that the transaction failed, and not why
  bool is_slow_ = false;              // the last commit was
};

// Calls that go on where they were when they are called again behind a time-out, in slices.
template <typename Call>
KafkaResult<void> RdKafkaPublisher::resumed(const Deadline& deadline, const std::string& doing, Call call) {
  for (;;) {
    if (cancelled_) return tl::unexpected(KafkaError{KafkaFault::Retry, doing + ": it was cancelled"});
    rd_kafka_error_t* error = call(std::min(deadline.left(), kSlice));
    const bool goes_on = error != nullptr && rd_kafka_error_is_retriable(error) != 0 && !deadline.is_over();
    auto done = checked(error, doing);
    if (!goes_on) return done;
    rd_kafka_poll(handle_.get(), kBreath);  // an answer that came at once is not asked for again at once
  }
}

void RdKafkaPublisher::on_report(rd_kafka_t*, const rd_kafka_message_t* message, void*) {
  auto* self = static_cast<RdKafkaPublisher*>(message->_private);
  if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
    ++self->delivered_;
  } else if (!self->failed_) {
    self->purged_ = message->err == RD_KAFKA_RESP_ERR__PURGE_QUEUE || message->err == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT;
    self->failed_ = kafka_error(message->err, "publishing to " + printable(self->options_.topic));
  }
}

KafkaResult<std::optional<KafkaCursor>> RdKafkaPublisher::open(Duration most) {
  const Deadline deadline(most);
  handle_.reset();
  std::map<std::string, std::string> ours = {
      {"enable.idempotence", "true"}, {"partitioner", "murmur2_random"}, {"allow.auto.create.topics", "false"}};
  if (is_transactional()) ours["transactional.id"] = options_.transactional_id;
  auto handle = open_rdkafka(RD_KAFKA_PRODUCER, options_.kafka, ours, {.report = on_report});
  if (!handle) return tl::unexpected(KafkaError{KafkaFault::Refused, handle.error().message});
  handle_ = std::move(*handle);
  if (!is_transactional()) return std::nullopt;
  // Before the cursor: this ends what an earlier life left open. Until then the cursor is not known.
  const auto begun = resumed(deadline, "beginning with transactions",
                             [&](int most_ms) { return rd_kafka_init_transactions(handle_.get(), most_ms); });
  if (!begun) return tl::unexpected(explained(handle_.get(), begun.error()));
  return committed(deadline);
}

KafkaResult<std::optional<KafkaCursor>> RdKafkaPublisher::committed(const Deadline& deadline) const {
  const auto asking = open_rdkafka(RD_KAFKA_CONSUMER, options_.kafka,
                                   {{"group.id", options_.cursor_group}, {"isolation.level", "read_committed"}});
  if (!asking) return tl::unexpected(KafkaError{KafkaFault::Refused, asking.error().message});
  const TopicPartition place = cursor_place();
  const RdKafkaList list = list_of(std::span(&place, 1));
  const std::string doing = "asking for the cursor of group " + printable(options_.cursor_group);
  if (const auto code = rd_kafka_committed(asking->get(), list.get(), std::min(deadline.left(), kAskingAtMost));
      code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return tl::unexpected(explained(asking->get(), kafka_error(code, doing)));
  }
  const rd_kafka_topic_partition_t& found = list->elems[0];
  if (found.err != RD_KAFKA_RESP_ERR_NO_ERROR) return tl::unexpected(kafka_error(found.err, doing));
  if (found.offset == RD_KAFKA_OFFSET_INVALID) return std::nullopt;
  const auto* metadata = static_cast<const char*>(found.metadata);
  return KafkaCursor{found.offset, metadata == nullptr ? "" : std::string(metadata, found.metadata_size)};
}

KafkaResult<void> RdKafkaPublisher::produce(const KafkaOut& message) {
  rd_kafka_headers_t* headers = rd_kafka_headers_new(message.headers.size());
  for (const KafkaHeader& h : message.headers) {
    rd_kafka_header_add(headers, h.name.data(), static_cast<ssize_t>(h.name.size()), h.value.data(),
                        static_cast<ssize_t>(h.value.size()));
  }
  // The macros of rd_kafka_producev are no standard C++. Copied: when the deadline ends first, librdkafka still has it.
  std::array<rd_kafka_vu_t, 7> parts{};
  parts[0].vtype = RD_KAFKA_VTYPE_TOPIC, parts[0].u.cstr = options_.topic.c_str();
  parts[1].vtype = RD_KAFKA_VTYPE_PARTITION, parts[1].u.i32 = RD_KAFKA_PARTITION_UA;
  parts[2].vtype = RD_KAFKA_VTYPE_KEY, parts[2].u.mem = {const_cast<char*>(message.key.data()), message.key.size()};
  parts[3].vtype = RD_KAFKA_VTYPE_VALUE;
  parts[3].u.mem = {const_cast<char*>(message.value.data()), message.value.size()};
  parts[4].vtype = RD_KAFKA_VTYPE_HEADERS, parts[4].u.headers = headers;
  parts[5].vtype = RD_KAFKA_VTYPE_MSGFLAGS, parts[5].u.i = RD_KAFKA_MSG_F_COPY;
  parts[6].vtype = RD_KAFKA_VTYPE_OPAQUE, parts[6].u.ptr = this;
  auto done = checked(rd_kafka_produceva(handle_.get(), parts.data(), parts.size()),
                      "publishing to " + printable(options_.topic));
  if (!done) rd_kafka_headers_destroy(headers);
  return done;
}

// Until all have their report.
KafkaResult<void> RdKafkaPublisher::settle(size_t messages, const Deadline& deadline) {
  const std::string doing = "publishing to " + printable(options_.topic);
  auto code = RD_KAFKA_RESP_ERR_NO_ERROR;
  do {
    code = rd_kafka_flush(handle_.get(), std::min(deadline.left(), kSlice));
  } while (code == RD_KAFKA_RESP_ERR__TIMED_OUT && !cancelled_ && !failed_ && !deadline.is_over());
  std::array<char, 512> reason{};
  if (const auto fatal = rd_kafka_fatal_error(handle_.get(), reason.data(), reason.size())) {  // why they were purged
    KafkaError error = kafka_error(fatal, doing);
    if (error.fault != KafkaFault::Fenced) error.fault = KafkaFault::Fatal;
    return tl::unexpected(std::move(error));
  }
  if (failed_ && purged_ && is_transactional()) {
    // In a transaction that is under way this is an error in any case: of one that failed, its own.
    if (auto why = checked(rd_kafka_begin_transaction(handle_.get()), doing); !why) return why;
  }
  if (failed_) return tl::unexpected(*failed_);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return tl::unexpected(kafka_error(code, doing));
  if (delivered_ == messages) return {};
  return tl::unexpected(
      KafkaError{KafkaFault::Retry, fmt::format("{}: {} of {} messages were taken", doing, delivered_, messages)});
}

KafkaResult<void> RdKafkaPublisher::commit(const KafkaCursor& cursor, const Deadline& deadline) {
  const KafkaPosition position{cursor_place(), cursor.value};
  const RdKafkaList list = list_of(std::span(&position, 1));
  if (!cursor.metadata.empty()) {  // the list frees it
    list->elems[0].metadata = ::strdup(cursor.metadata.c_str());
    list->elems[0].metadata_size = cursor.metadata.size();
  }
  const GroupMetadata group(rd_kafka_consumer_group_metadata_new(options_.cursor_group.c_str()),
                            rd_kafka_consumer_group_metadata_destroy);
  const auto sent =
      checked(rd_kafka_send_offsets_to_transaction(handle_.get(), list.get(), group.get(), deadline.left()),
              "sending the cursor");
  if (!sent) return sent;
  const Duration begun = system_env().monotonic();
  auto done = resumed(deadline, "committing a transaction",
                      [&](int most_ms) { return rd_kafka_commit_transaction(handle_.get(), most_ms); });
  is_slow_ = system_env().monotonic() - begun > kSlowCommit;
  return done;
}

KafkaResult<void> RdKafkaPublisher::transact(std::span<const KafkaOut> messages, const KafkaCursor& cursor,
                                             const Deadline& deadline) {
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

KafkaResult<void> RdKafkaPublisher::publish(std::span<const KafkaOut> messages, const KafkaCursor& cursor,
                                            Duration most) {
  if (!handle_) return tl::unexpected(KafkaError{KafkaFault::Retry, "a new client is needed"});
  const Deadline deadline(most);
  delivered_ = 0;
  failed_.reset();
  purged_ = false;
  auto done = transact(messages, cursor, deadline);
  if (done && is_slow_) handle_.reset();
  if (done) return done;
  done = tl::unexpected(explained(handle_.get(), done.error()));
  // Readers behind it wait for the end of a transaction: it is not left to the next open(), which may come late. A
  // brokers' time-out would end it, too.
  const bool hopeless = done.error().fault == KafkaFault::Fenced || done.error().fault == KafkaFault::Fatal;
  if (is_transactional() && !hopeless && !cancelled_) {
    static_cast<void>(checked(rd_kafka_abort_transaction(handle_.get(), std::min(deadline.left() + kAbort, kAbort)),
                              "aborting a transaction"));
  }
  handle_.reset();
  return done;
}

}  // namespace

std::unique_ptr<KafkaPublisher> make_kafka_publisher(KafkaPublisherOptions options) {
  return std::make_unique<RdKafkaPublisher>(std::move(options));
}

}  // namespace kubevigil
