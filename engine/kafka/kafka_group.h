// KafkaGroup: one consumer group, of which one instance at a time is a member: all members call themselves the same
// (group.instance.id), so the broker throws out the one that was there when another joins (KIP-345). Who holds the
// group reads the partitions by KafkaConsumer; what the group assigns is not read. Implemented over librdkafka
// (rdkafka_group.cpp) and, for tests, in memory (tests/support/simulated_group.h).
//
// Threads: one. No call waits longer than it was told. Errors: KafkaResult; behind Fenced and Fatal it is of no use any
// more.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "engine/base/timestamp.h"
#include "engine/kafka/kafka_error.h"
#include "engine/kafka/kafka_message.h"
#include "engine/kafka/kafka_options.h"

namespace kubevigil {

struct KafkaGroupOptions {
  KafkaOptions kafka;
  std::string group;
  std::vector<std::string> topics;  // names, and patterns that begin with '^'; what displays of lag show for the group
};

struct KafkaMember {
  std::string client_id, host;  // as the broker says; not escaped
};

class KafkaGroup {
 public:
  virtual ~KafkaGroup() = default;
  virtual KafkaResult<std::vector<KafkaMember>> members(Duration most) = 0;
  // Begins to join.
  virtual KafkaResult<void> join() = 0;
  // Is this instance the member now? To be asked again and again, or the broker takes it for dead
  // (max.poll.interval.ms). Fenced: another one has joined. Fatal: the broker took this one for dead; look who is there
  // before joining again.
  virtual KafkaResult<bool> poll(Duration most) = 0;
  // For displays of lag: what comes next. Does not wait for the answer; poll() fails if the group is another's.
  virtual void commit(std::span<const KafkaPosition> positions) = 0;
};

}  // namespace kubevigil
