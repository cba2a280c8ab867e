// EventReader: one native audit event (JSON text) into an Event. simdjson on-demand; one per worker.
//
// One pass over the members of the event, in whatever order they stand: v1, v1beta1 and v1alpha1 alike, unknown
// members skipped. A member of an unexpected type never fails the read: a scalar where a list belongs is a list of
// one, an object where a scalar belongs counts as present, anything else is left out.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/event/event.h"

namespace kubevigil {

// Bytes that must be readable (not necessarily zero) behind the record: simdjson's padding.
inline constexpr size_t kRecordPadding = 64;

enum class ReadProblem : uint8_t {
  NotJson,        // the text is not one JSON object, or the envelope part of it is broken, or more follows
  NotAuditEvent,  // JSON, but no auditID and stage: perhaps a wrapper
};
struct ReadError {
  ReadProblem problem = ReadProblem::NotJson;
  std::string message;
  size_t offset = 0;  // byte in the record, where known
};

enum class ReadWay : uint8_t {
  Fastest,  // compact_reader.h where it can
  General,  // simdjson for every record: for tests and benchmarks
};

class EventReader {
 public:
  explicit EventReader(ReadWay way = ReadWay::Fastest);
  ~EventReader();
  EventReader(const EventReader&) = delete;
  EventReader& operator=(const EventReader&) = delete;

  // `record` must have kRecordPadding readable bytes behind it. On success the event borrows from `record`
  // and from this reader until the next call. A defect inside a body never fails the read (event.defect); a body
  // that is said twice, which no API server writes, counts as a defect (Grammar).
  tl::expected<void, ReadError> read(std::string_view record, const RecordOrigin& origin, Event& event);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Name of the simdjson kernel in use ("icelake", "haswell", ...); "fallback" would be several times slower.
std::string simdjson_kernel();

}  // namespace kubevigil
