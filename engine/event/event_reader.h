// EventReader: one native audit event (JSON text) into an Event. simdjson on-demand; one per worker.
#pragma once

#include <memory>
#include <string_view>

#include "engine/base/result.h"
#include "engine/event/event.h"

namespace kubevigil {

// Bytes that must be readable (not necessarily zero) behind the record: simdjson's padding.
inline constexpr size_t kRecordPadding = 64;

enum class ReadProblem : uint8_t {
  NotJson,        // the text is not one JSON object, or the envelope part of it is broken
  NotAuditEvent,  // JSON, but no auditID and stage: perhaps a wrapper
};
struct ReadError {
  ReadProblem problem;
  std::string message;
  size_t offset = 0;  // byte in the record, where known
};

class EventReader {
 public:
  EventReader();
  ~EventReader();
  EventReader(const EventReader&) = delete;
  EventReader& operator=(const EventReader&) = delete;

  // `record` must have kRecordPadding readable bytes behind it. On success the event borrows from `record`
  // and from this reader until the next call. A defect inside a body never fails the read (event.defect).
  tl::expected<void, ReadError> read(std::string_view record, const RecordOrigin& origin, Event& event);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kubevigil
