// Record: one document cut out of an input, still as bytes. Batch: a run of records of one source with the
// memory they live in. Cutting (splitter, one thread per source) and reading (workers) meet here.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/event/event.h"

namespace kubevigil {

// A place in an input file: uncompressed byte offset and line (from 1) of the first byte of the record.
struct RecordPosition {
  uint32_t file = 0;  // index into the run's list of files
  uint64_t offset = 0;
  uint64_t line = 0;
};

inline bool position_before(const RecordPosition& a, const RecordPosition& b) {
  return a.file != b.file ? a.file < b.file : a.offset < b.offset;
}

struct Record {
  uint64_t begin = 0;  // in the batch's memory
  uint64_t size = 0;
  RecordPosition position;
  uint32_t wrapper = 0;  // index into Batch::wrappers; 0: none
  BodyDefect defect = BodyDefect::None;
  bool salvaged = false;  // found again after a torn line
};

// What the container around a list said (CloudWatch logGroup, Azure time, ...): the members that stood before the
// list, as a JSON object in which the list itself is null. Shared by the records of the list.
struct Wrapper {
  std::string json;
  std::shared_ptr<const Wrapper> outer;  // of the container around this one
};

enum class BadReason : uint8_t {
  NotJson,
  Torn,
  TooLong,
  NotAuditEvent,
  WrappedTooDeep,
  CutOff,
  Encoding,
  ForeignCluster,  // it says that it is of a cluster whose events do not come this way
  OtherLog,
};
std::string_view to_text(BadReason reason);

// A line or document that gave no event. `kept` is its beginning, for --bad-lines.
struct BadRecord {
  BadReason reason;
  RecordPosition position;
  std::string message;
  std::string kept;
  uint32_t before = 0;  // found while cutting: so many records of its batch stand before it
};

class Formats;

struct Batch {
  uint32_t source = 0;
  uint64_t sequence = 0;  // 0, 1, 2, ... within the source
  std::string memory;     // ends with kRecordPadding bytes of slack
  std::vector<Record> records;
  std::vector<std::shared_ptr<const Wrapper>> wrappers;  // number 0 is null
  std::vector<BadRecord> bad;                            // found while cutting
  uint64_t input_bytes = 0;  // bytes of the (compressed) file that this batch took, for progress
  // What the receiver knows of all records, whatever they say themselves. Live inputs set it; archives tell by shape.
  std::string cluster;                     // of every event; empty: as envelopes name it
  std::shared_ptr<const Formats> formats;  // what is taken (formats.h); null: any

  std::string_view text(const Record& r) const { return std::string_view(memory).substr(r.begin, r.size); }
};

}  // namespace kubevigil
