// Snapshots of a live run: what stands in one beside the state, and the thread that writes them while the run goes on.
//
// A snapshot is LiveCore::save(), and a note:
//   text version of the program, u32 rule bundles, for each: text hash (the first is the present one, the others were
//   in force since the snapshot before), u64 journal sequence, i64 time, u32 inputs, for each: text name, text
//   position, u32 self-alerts that are open, for each: text of it as in the journal; an older note ends in front of
//   these (numbers little-endian; a text is a u32 length and its bytes)
// It holds what follows from all journal entries before that sequence, and all of them were durable when it was taken.
//
// Behind each snapshot, when two are kept: the journal is trimmed behind the older one and the slowest sink, inputs may
// forget what is in front of the older one's positions, and bundles that nothing names any more go.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "engine/base/env.h"
#include "engine/run/journal.h"
#include "engine/run/outbox.h"
#include "engine/run/snapshot_store.h"

namespace kubevigil {

struct LiveNote {
  std::string version;
  std::vector<std::string> rules;
  uint64_t journal = 0;
  Timestamp time;
  std::map<std::string, std::string> positions;
  std::vector<std::string> open_self_alerts;  // JSON
  bool operator==(const LiveNote&) const = default;
};
std::string encode_note(const LiveNote& note);
std::optional<LiveNote> decode_note(std::string_view bytes);

struct SnapshotCounters {
  uint64_t written = 0, failed = 0;
  uint64_t bytes = 0;   // of the last one
  Duration took{};      // to write it
  Timestamp time;       // of its state
  std::string problem;  // why the last one failed; "": it did not
};

// All outlive the writer. The functions are called on its thread.
struct SnapshotWorld {
  SnapshotStore& store;
  Journal& journal;
  const Outbox* outbox = nullptr;  // null: no sinks
  const Env& env;
  std::function<void(const LiveNote& older)> forget;                // inputs
  std::function<void(const std::set<std::string>& hashes)> needed;  // rule bundles; others may go
};

class SnapshotThread {
 public:
  explicit SnapshotThread(SnapshotWorld world);
  ~SnapshotThread();  // writes what it was given
  SnapshotThread(const SnapshotThread&) = delete;
  SnapshotThread& operator=(const SnapshotThread&) = delete;

  // False: the last one is still being written.
  bool ready() const;
  // REQUIRES: ready().
  void write(LiveNote note, std::string state);
  // Waits until ready; true when the last one was written.
  bool finish();
  SnapshotCounters counters() const;

 private:
  void run();
  void store(const LiveNote& note, const std::string& state);
  void trim(const LiveNote& newest);

  const SnapshotWorld world_;
  mutable std::mutex mutex_;  // of what follows
  std::condition_variable changed_;
  std::optional<std::pair<LiveNote, std::string>> given_;
  bool writing_ = false, stop_ = false;
  SnapshotCounters counters_;
  std::thread thread_;
};

}  // namespace kubevigil
