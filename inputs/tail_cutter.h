// TailCutter: the bytes of a live log into records, with the place from where a restart gives exactly the rest.
//
// That place is a mark and a count. The mark is the last end of a line where nothing was open: no document over several
// lines, no part of a CRI or docker line. The count says how many records and bad ones were handed out behind the mark.
// A restart feeds from the mark and leaves out so many; what is cut depends on the bytes behind the mark alone, not on
// how they arrive. Nothing open is waited for longer than limits::kTailHeldBytes or one change of files.
// One thread.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "engine/event/batch_builder.h"
#include "engine/event/part_joiner.h"
#include "engine/event/splitter.h"

namespace kubevigil {

class TailCutter final : public RecordSink {
 public:
  struct Mark {
    uint32_t number = 0;  // of the file
    uint64_t offset = 0;
    uint64_t line = 1;
    std::string last;  // bytes in front of the offset, at most kTailBytes
  };

  explicit TailCutter(uint64_t held_bytes);

  // The next batch, borrowed until close(): at most `most` records and bad ones, and about `bytes`.
  void open(Batch& batch, size_t most, size_t bytes);
  void close();
  bool full() const { return count_ >= most_ || builder_.held_bytes() >= bytes_; }
  size_t count() const { return count_; }

  // A restart: the first `given` records behind the mark that begin_file() makes are left out.
  void leave_out(uint64_t given) { leave_out_ = given; }
  void begin_file(uint32_t number, uint64_t offset, uint64_t line, std::string last);
  // Cuts up to the end of the first line in `bytes`, and returns how many that took.
  size_t feed(std::string_view bytes);
  // The file ends here; a line without its end is given as it is.
  void end_file();

  const Mark& mark() const { return mark_; }
  uint64_t given() const { return emitted_ - held_.size(); }  // behind the mark
  uint64_t given_up() const { return given_up_; }

 private:
  struct Held {
    std::string text;
    Piece piece;
    std::optional<BadRecord> bad;
  };
  void record(const Piece& piece) override;
  void bad(BadRecord bad) override;
  bool left_out();
  void end_line();
  void set_mark();

  Batch none_;
  BatchBuilder builder_;
  PartJoiner joiner_;
  std::unique_ptr<Splitter> splitter_;
  uint64_t held_bytes_;
  size_t most_ = 0;
  size_t bytes_ = 0;
  size_t count_ = 0;
  Mark mark_;
  Mark here_;                  // the end of what was fed
  std::optional<Mark> later_;  // becomes the mark when what is held was handed out
  uint64_t since_mark_ = 0;    // bytes
  uint64_t emitted_ = 0;       // behind the mark
  uint64_t leave_out_ = 0;
  uint64_t given_up_ = 0;
  std::deque<Held> held_;  // behind a full batch
};

}  // namespace kubevigil
