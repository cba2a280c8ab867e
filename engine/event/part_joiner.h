// PartJoiner: container runtimes cut lines at 16 KiB; this stage joins the parts again. Between Splitter and
// BatchBuilder, one per source. One thread.
//
//   CRI     <RFC 3339> stdout P <part>      parts until one with the tag F; the joined line gets the tag F and the
//                                           first part's time and position
//   docker  {"log":"<part>","stream":"stdout","time":"..."}    a part is at least 16 KiB and does not end with "\n"
//
// Streams (stdout, stderr) may be interleaved. Parts that find no end are handed on as far as they go.
#pragma once

#include <algorithm>
#include <array>
#include <string>

#include "engine/base/limits.h"
#include "engine/event/record_sink.h"

namespace kubevigil {

class PartJoiner final : public RecordSink {
 public:
  explicit PartJoiner(RecordSink& next, size_t record_bytes = limits::kRecordBytes)
      : next_(next), record_bytes_(record_bytes) {}
  void record(const Piece& piece) override;
  void bad(BadRecord bad) override { next_.bad(std::move(bad)); }
  void finish();  // the source ends: hands on what waits
  bool idle() const {
    return std::all_of(waiting_.begin(), waiting_.end(), [](const Waiting& w) { return w.text.empty(); });
  }

 private:
  struct Waiting {
    std::string text;  // the record as it will be handed on, without its end
    std::string tail;  // docker: what stands behind the log string
    RecordPosition position;
  };
  bool cri(const Piece& piece);
  bool docker(const Piece& piece);
  void append(Waiting& waiting, std::string_view part);
  void flush(Waiting& waiting);

  RecordSink& next_;
  size_t record_bytes_;
  std::array<Waiting, 3> waiting_;  // CRI stdout, CRI stderr, docker
};

}  // namespace kubevigil
