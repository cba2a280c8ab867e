// EventRef: enough to find an event again, and to name it in an alert.
#pragma once

#include <array>
#include <cstdint>

#include "engine/base/hash.h"
#include "engine/base/timestamp.h"
#include "engine/event/record.h"

namespace kubevigil {

struct EventRef {
  RecordPosition position;
  uint32_t inner = 0;
  uint32_t size = 0;
  Timestamp time;
  Hash128 identity;
  std::array<uint8_t, 16> audit_id{};  // binary UUID; zero when auditID is none
};

}  // namespace kubevigil
