// KafkaTransport: each alert revision is one Kafka message.
//
//   key      the alert's dedup key, so that what is about one thing stays in one partition, in order
//   value    the record, as the encoding has it
//   headers  kubevigil-alert-id, kubevigil-revision (decimal), kubevigil-output (name of the output), level,
//   content-type
//
// Exactly once (KafkaPublisher with transactions): the alerts of one send() and the cursor, the journal's sequence of
// the last of them, are one transaction. Who reads with isolation.level=read_committed sees each revision once and in
// order, through any crash: a new client ends what the old one left, asks for the cursor, and passes over what lies up
// to it.
//
//   cursor   value: the sequence; metadata: "kubevigil/1" LIFE SINCE
//            LIFE: whose sequences these are (journal_lives.h)
//            SINCE: seconds since 1970 when this journal took over from another
//
// A cursor that is missing (Kafka forgets it, 7 days without a commit) or foreign (a standby took over, the data folder
// was lost or put back from an older copy; any other text) says nothing about us: then the topic itself is looked at
// (kafka_lookup.h), from when the alerts happened on, for all that happened before the take-over: later nobody but us
// has published. When they arrived here does not count: a copy that is a day old derives yesterday's alerts today.
// While there is nothing to send, the cursor is committed again each day.
//
// It opens when there is something to send, not before, and not again for the cursor alone: an instance that stands by,
// or was shut out, would shut out the one that sends. So a cursor is not committed again in a life that has sent
// nothing, or behind a failure; what a crash left open is ended by the broker (transaction.timeout.ms, a minute), or by
// the first send.
//
// The newer of two clients with one transactional id fences the older, whose sends are Retry from then on; it comes
// back after kFencedWait at the earliest, so that two that are both told to send do not chase each other.
//
// Without transactions: at least once, (id, revision) is the idempotency key.
//
// Refused is only what is refused for what it is, too large a message; a topic that is missing, a right that is not
// given are Retry. One thread, but cancel(). send() blocks at most `timeout` for each of opening, looking up,
// publishing. REQUIRES: messages in Framing::Apart; for exactly once with their places, growing, and none that failed
// passed by.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/env.h"
#include "engine/kafka/kafka_publisher.h"
#include "engine/run/journal_lives.h"
#include "engine/run/output.h"
#include "outputs/kafka_lookup.h"

namespace kubevigil {

inline constexpr std::string_view kKafkaIdHeader = "kubevigil-alert-id";
inline constexpr std::string_view kKafkaRevisionHeader = "kubevigil-revision";
inline constexpr std::string_view kKafkaOutputHeader = "kubevigil-output";

inline constexpr Duration kCursorAgain = Duration::hours(24);
inline constexpr Duration kFencedWait = Duration::minutes(1);

struct KafkaTransportOptions {
  std::string output;  // its name
  std::string where;   // for messages: "kafka HOST:PORT topic NAME"
  Duration timeout = Duration::seconds(30);
  // Exactly once:
  bool exactly_once = true;
  JournalLives lives = {};  // of the journal whose sequences are sent
};

class KafkaTransport : public Transport {
 public:
  KafkaTransport(KafkaTransportOptions options, std::unique_ptr<KafkaPublisher> publisher,
                 std::unique_ptr<KafkaLookup> lookup, const Env& env);

  Delivery send(const Message& message) override;
  Duration rest() override;
  void cancel() override;

 private:
  KafkaResult<void> open();
  std::optional<Timestamp> since_of(const KafkaCursor& cursor) const;
  void take_over(const std::optional<KafkaCursor>& found);
  KafkaResult<std::vector<bool>> published(const Message& message, Delivery& said);
  KafkaResult<void> publish(const Message& message, const std::vector<bool>& published);
  KafkaCursor cursor_at(uint64_t sequence) const;
  Delivery failed(const KafkaError& error) const;

  const KafkaTransportOptions options_;
  const std::unique_ptr<KafkaPublisher> publisher_;
  const std::unique_ptr<KafkaLookup> lookup_;  // null without transactions
  const Env& env_;
  bool is_open_ = false;
  uint64_t sent_end_ = 0;               // behind the highest sequence that a cursor of this life can have
  uint64_t cursor_ = 0;                 // everything up to it is published
  bool is_ours_ = false;                // the cursor in the topic
  Timestamp since_{};                   // of the take-over
  std::optional<KafkaCursor> foreign_;  // the one that was found then
  bool cut_said_ = false;               // of this take-over
  Duration next_rest_{};
};

}  // namespace kubevigil
