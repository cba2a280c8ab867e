// What Kafka answers when it does not do what was asked, as far as it makes a difference to what we do next.
#pragma once

#include <cstdint>
#include <string>

#include "engine/base/result.h"

namespace kubevigil {

enum class KafkaFault : uint8_t {
  Retry,       // not now: no connection, a leader that moves, a time-out; the same again later
  Abort,       // of a transaction: abort it, and do it again
  Fenced,      // another one has taken over this transactional id, or this instance's place in the group
  Refused,     // not until somebody mends something: no permission, no such topic, a wrong property
  BadMessage,  // of a message: never as it is, for it is too large
  OutOfRange,  // the position is not in the partition any more, or not yet
  Fatal,       // this client can do nothing any more: a new one is to be made
};

struct KafkaError {
  KafkaFault fault = KafkaFault::Retry;
  std::string message;  // printable, without secrets
};

template <typename T>
using KafkaResult = tl::expected<T, KafkaError>;

}  // namespace kubevigil
