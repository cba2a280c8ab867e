// SendGate: whether this instance may send now, for those of which two run and one sends (lease.h). All threads.
#pragma once

#include <optional>
#include <string_view>

#include "engine/base/timestamp.h"

namespace kubevigil {

class SendGate {
 public:
  virtual ~SendGate() = default;
  // Asked before each message.
  virtual bool may_send() const = 0;
  // This instance sends: everything up to this arrival time was delivered by the sink.
  virtual void delivered(std::string_view sink, Timestamp up_to) = 0;
  // The other one sends: alerts that arrived here before this moment are its to have delivered, and need not be kept.
  // nullopt: nothing is known.
  virtual std::optional<Timestamp> settled(std::string_view sink) const = 0;
};

}  // namespace kubevigil
