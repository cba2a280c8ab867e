// Outbox: how far each sink has delivered the journal's alerts, on the disk. One cursor a sink: the sequence of the
// last journal entry that it is done with (delivered, filtered out, or in its dead-letter file). At-least-once: after a
// crash a sink may be sent again what it got since its last durable cursor; the alert's id makes that harmless.
//
//   JournalReader reader(journal, outbox.cursor("slack") + 1);
//   ... deliver the alert ...; outbox.delivered("slack", reader.sequence());
//
// A sink that is down keeps its cursor, and with it the journal from there on: it delays nobody else. Trim the journal
// at most to oldest() + 1.
//
// A SegmentLog named "outbox"; each record is the whole table, and the newest one counts:
//   kind 1 cursors   u32 sinks, for each: text name, u64 sequence, text place, u64 microseconds of failing (text: u32
//                    length and its bytes)
//
// How long a sink has been failing counts over restarts, so that it gives up in the end wherever the program is
// restarted often.
//
// The place is Transport::position(): where a file ends that has everything up to the sequence. It becomes durable with
// the sequence or not at all, so that after a crash the file is cut where redelivery begins.
//
// Errors: when the disk is full a cursor is not written, and the next one is (of new sinks: see keep_begins); when it
// breaks, broken() says so, sinks may go on, and all is sent again after the restart. After damage a cursor may be an
// older one, never a newer.
//
// Threads: all. Disk outlives the outbox.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/run/group_commit.h"
#include "engine/run/segment_log.h"

namespace kubevigil {

struct OutboxOptions {
  std::string folder;
  std::vector<std::string> sinks;  // as configured; cursors of others are kept until forget_dropped()
  uint64_t new_sinks_begin =
      0;                // their cursor: the journal's durable_end() - 1 for what comes, 0 for all that is there
  uint64_t secret = 0;  // random, a new one at each start (Env::random)
  uint64_t segment_bytes = 1u << 20;
  DiskReserve* reserve = nullptr;
  GroupCommitOptions commit;
};

struct SinkCursor {
  uint64_t sequence = 0;
  std::string place;   // at most kPlaceBytes
  Duration failing{};  // without a break, when it was told last; while the program ran
  bool operator==(const SinkCursor&) const = default;
};
inline constexpr size_t kPlaceBytes = 256;  // a longer one is not kept

class Outbox {
 public:
  using Cursors = std::map<std::string, SinkCursor, std::less<>>;

  static DiskResult<std::unique_ptr<Outbox>> open(Disk& disk, OutboxOptions options);
  // Writes where new sinks begin, unless open() could: on a full disk that is not possible. Before anything goes into
  // the journal, else the next start has them begin behind it. One thread.
  DiskResult<void> keep_begins();

  uint64_t cursor(std::string_view sink) const;    // 0 for a sink that was not named
  std::string place(std::string_view sink) const;  // of the cursor; "" when none was given
  // Moves the sink's cursor forward, or gives it another place; durable soon. Smaller sequences are ignored.
  void delivered(std::string_view sink, uint64_t sequence, std::string_view place = {});
  Duration failing(std::string_view sink) const;
  void set_failing(std::string_view sink, Duration failing);  // durable soon
  // Waits until the cursors of now are durable.
  DiskResult<void> flush();
  // The smallest cursor on the disk, from which alerts are sent again after a crash; nullopt: there are no sinks,
  // nothing holds the journal back.
  std::optional<uint64_t> oldest() const;

  // What open() found of sinks that are not configured any longer: the alerts behind these cursors are owed to nobody
  // now, and hold no journal back. They are found again at each start until somebody has told of them for good.
  const Cursors& dropped() const { return dropped_; }
  // With the next table.
  void forget_dropped();

  std::optional<DiskError> broken() const { return commit_->broken(); }
  const std::vector<LogDamage>& damage() const { return log_->damage(); }

 private:
  Outbox() = default;
  DiskResult<bool> load(const OutboxOptions& options);
  std::string table() const;
  void submit();
  uint64_t smallest() const;

  bool forgotten_ = false;
  Cursors dropped_;           // as open() found it
  bool begins_kept_ = false;  // what open() decided is on the disk
  std::atomic<uint64_t> durable_oldest_ = 0;
  mutable std::mutex mutex_;  // of what follows
  Cursors cursors_;
  std::unique_ptr<SegmentLog> log_;
  bool own_thread_ = true;
  std::unique_ptr<GroupCommit> commit_;  // last: it answers while it ends
};

// The table of a record; nullopt: none.
std::optional<Outbox::Cursors> decode_cursors(std::string_view payload);

}  // namespace kubevigil
