// Journal: which records of which inputs were processed in which order, and what came of it. Its order is the run's:
// whoever reads the same inputs in this order derives the same alerts (recovery at a start, `replay --journal DIR`).
// A SegmentLog named "journal" with one writing thread; entries below.
//
// What the composer does:
//   * one thread, the correlator's: append(JournalInput) for each run of records of one source, in the order in which
//     they reached the correlator; append(JournalControl) where something else had an effect on state (a source went
//     idle, rules were swapped); append(JournalAlert) for each revision, behind the input that caused it;
//   * sinks read alerts with a JournalReader: it shows durable entries only, so no alert leaves before it is on disk;
//   * at a start: read from the snapshot's position to the end, process exactly these inputs again, and compare the
//     alerts; then go on behind the last position of each source;
//   * trim behind the older snapshot and the slowest outbox cursor, whichever is less.
//
// Errors. A full disk first uses up the reserve (stop taking inputs when DiskReserve::held() is false). When there is
// no room even so, or the disk breaks, the journal is closed: broken() says why, no later entry is written (the order
// would have a hole), alerts already durable stay deliverable. Stop, and recover at a restart.
//
// Records (numbers little-endian; a text is a u32 length and its bytes):
//   kind 1 input    text source, text from, text to, u64 records, i64 taken (microseconds since 1970)
//   kind 2 control  text name, text source, text detail, i64 time
//   kind 3 alert    text id, u32 revision, text body
//
// Threads: append and flush by one; the rest by all. Disk and reserve outlive the journal, it its readers.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "engine/base/timestamp.h"
#include "engine/run/group_commit.h"
#include "engine/run/log_reader.h"
#include "engine/run/segment_log.h"

namespace kubevigil {

// `records` records of one source, one behind the other. Positions are the connector's own words; nobody else reads
// them.
struct JournalInput {
  std::string source;
  std::string from;  // in front of the first
  std::string to;    // behind the last
  uint64_t records = 0;
  Timestamp taken;  // wall clock at arrival: a re-run asks no clock
  bool operator==(const JournalInput&) const = default;
};

struct JournalControl {
  std::string name;  // "idle", "rules", ...: the composer's
  std::string source;
  std::string detail;
  Timestamp time;
  bool operator==(const JournalControl&) const = default;
};

struct JournalAlert {
  std::string id;
  uint32_t revision = 0;
  std::string body;  // what sinks encode from
  bool operator==(const JournalAlert&) const = default;
};

using JournalEntry = std::variant<JournalInput, JournalControl, JournalAlert>;

struct JournalOptions {
  std::string folder;
  uint64_t secret = 0;  // random, a new one at each start (Env::random)
  uint64_t segment_bytes = 64u << 20;
  DiskReserve* reserve = nullptr;
  GroupCommitOptions commit;
};

class Journal {
 public:
  static DiskResult<std::unique_ptr<Journal>> open(Disk& disk, JournalOptions options);

  // Written soon; waits only when limits::kCommitQueueBytes are queued.
  void append(const JournalEntry& entry);
  // Waits until everything appended is durable.
  DiskResult<void> flush();
  std::optional<DiskError> broken() const;

  // Forgets entries before this sequence (whole segments of them).
  DiskResult<void> trim(uint64_t before) { return log_->trim(before); }
  uint64_t first_sequence() const { return log_->first_sequence(); }
  uint64_t durable_end() const { return log_->durable_end(); }
  uint64_t bytes() const { return log_->bytes(); }
  // What recovery found: log lines; a Gap means that state and alerts in it are lost (`input_gap`, state degraded).
  const std::vector<LogDamage>& damage() const { return log_->damage(); }
  const SegmentLog& log() const { return *log_; }
  bool wait_past(uint64_t sequence) { return commit_->wait_past(sequence); }
  void interrupt() { commit_->interrupt(); }
  bool wait_past(uint64_t sequence, Duration most, const std::atomic<bool>& stop) {
    return commit_->wait_past(sequence, most, stop);
  }
  void wake() { commit_->wake(); }

 private:
  struct State : CommitChain {
    std::mutex mutex;
    std::condition_variable changed;
    uint64_t waiting = 0;
    std::optional<DiskError> error;
  };

  Journal() = default;

  const std::shared_ptr<State> state_ = std::make_shared<State>();
  bool own_thread_ = true;
  std::unique_ptr<SegmentLog> log_;
  std::unique_ptr<GroupCommit> commit_;  // last: it answers while it ends
};

// Durable entries from a sequence on. One thread.
class JournalReader {
 public:
  JournalReader(const Journal& journal, uint64_t from) : reader_(journal.log(), from) {}

  enum class Step : uint8_t { Entry, Gap, End };
  DiskResult<Step> next();
  const JournalEntry& entry() const { return entry_; }
  uint64_t sequence() const { return sequence_; }  // of entry()
  const LogDamage& gap() const { return reader_.gap(); }
  uint64_t position() const { return reader_.position(); }  // the sequence that comes next
  uint64_t unknown_records() const { return unknown_; }     // of a kind that this program does not write

 private:
  LogReader reader_;
  JournalEntry entry_;
  uint64_t sequence_ = 0;
  uint64_t unknown_ = 0;
};

struct JournalRecord {
  uint32_t kind = 0;
  std::string payload;
};
JournalRecord encode_entry(const JournalEntry& entry);
std::optional<JournalEntry> decode_entry(uint32_t kind, std::string_view payload);  // nullopt: no such entry

}  // namespace kubevigil
