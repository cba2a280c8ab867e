// What is behind TailInput (tail_input.h has the contract): which file is read, and when the next one is due.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "inputs/folder_watch.h"
#include "inputs/tail_cutter.h"
#include "inputs/tail_input.h"
#include "inputs/tail_order.h"

namespace kubevigil {

class TailInput::Follower {
 public:
  explicit Follower(TailOptions options);

  const std::string& name() const { return options_.path; }
  TailStep poll(TailBatch& batch, size_t most_pieces);
  void wait(Duration most);
  std::optional<TailPosition> position() const;
  TailCounters counters() const;
  const std::string& problem() const { return problem_; }
  std::string path_of_current() const { return file_ ? file_->path() : ""; }

 private:
  // A file that was begun: what a position says about it beside the offset.
  struct Begun {
    FileIdentity file;
    Predecessor before;
  };
  enum class Next : uint8_t { Read, GoOn, Wait };

  Next step();   // one read, or one decision; Wait: nothing to do now
  bool begin();  // the first file of this life
  void go_on_from(const TailPosition& position, const LogFolder& folder);
  bool begin_at(const LogFolder& folder, size_t index);
  bool at_end();             // of what stands in the file now; true: there is something to do
  bool cut_in_place();       // false: cannot say now how to go on
  bool read_copies_first();  // of the live file, when its beginning was read
  bool leave();              // for the next file of the set
  bool is_live() const;
  void adopt(std::unique_ptr<TailedFile> file, Predecessor before);
  void gap(TailGap::Kind kind, const std::string& path, uint32_t number, uint64_t from);
  std::optional<LogFolder> look();
  void measure_lag();

  TailOptions options_;
  FolderWatch watch_;
  TailCutter cutter_;
  std::unique_ptr<TailedFile> file_;
  uint32_t number_ = 0;
  Predecessor before_;
  Begun last_;        // the file before: a mark may still stand in it
  std::string read_;  // buffer
  size_t cut_ = 0;    // of it
  size_t filled_ = 0;
  int ends_seen_ = 0;           // polls that found the end since the successor was seen
  bool end_seen_now_ = false;   // in this poll
  int missed_ = 0;              // looks that did not find the file in the set
  uint64_t behind_ = 0;         // bytes of files behind the present one
  std::optional<TailGap> gap_;  // ends the batch
  TailCounters counters_;
  std::string problem_;
  std::optional<TailPosition> reported_;
};

}  // namespace kubevigil
