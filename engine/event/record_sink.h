// RecordSink: where cut records go. Splitter -> PartJoiner -> BatchBuilder, or the reader when it cuts again.
#pragma once

#include <string>
#include <string_view>

#include "engine/event/record.h"

namespace kubevigil {

// One record as it was found; its text is borrowed for the call.
struct Piece {
  std::string_view text;
  RecordPosition position;
  std::shared_ptr<const Wrapper> wrapper = nullptr;  // null: a record of its own
  BodyDefect defect = BodyDefect::None;
  bool salvaged = false;
};

class RecordSink {
 public:
  virtual ~RecordSink() = default;
  virtual void record(const Piece& piece) = 0;
  virtual void bad(BadRecord bad) = 0;
};

inline constexpr size_t kKeptBytes = 1024;  // of a bad record

}  // namespace kubevigil
