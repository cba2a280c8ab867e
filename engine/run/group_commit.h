// GroupCommit: many producers, one log, one sync for all who wait. One thread writes: it takes everything that was
// submitted while the last sync ran, writes it, syncs once, and tells everybody. There is no timer: an idle log answers
// after one sync, a busy one after two at most.
//
// Order: records are in the log in the order in which they were submitted. A CommitChain ties records together: when
// one of them could not be written, none behind it is, so that the last one stands for all.
//
// Errors: Full hits one record (and its chain); others may still fit. Any other error is everybody's who waits or comes
// later, until a restart (segment_log.h).
//
// Bounds: limits::kCommitQueueBytes of payload wait at most; beyond, submit waits for the disk.
//
// Threads: all of submit, append, wait_past, interrupt by anyone. `done` is called on the writing thread, one at a
// time, in the order of submission; it must be short, and must neither wait for this object nor destroy it. It may
// submit.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "engine/base/limits.h"
#include "engine/base/timestamp.h"
#include "engine/run/segment_log.h"

namespace kubevigil {

// Shared by the records that belong together. Set once, by the writer or by the owner, who gives up.
struct CommitChain {
  std::atomic<bool> failed = false;
};

struct GroupCommitOptions {
  bool own_thread = true;  // without: pump() does the work, and append() calls it; for tests and tools
  size_t queue_bytes = limits::kCommitQueueBytes;
};

struct GroupCommitCounts {
  uint64_t rounds = 0;   // writes that ended with a sync
  uint64_t records = 0;  // durable
  uint64_t bytes = 0;    // of payload, durable
  uint64_t failed = 0;   // records
};

class GroupCommit {
 public:
  // The record's sequence, once it is durable, or why it is not.
  using Done = std::function<void(const DiskResult<uint64_t>&)>;

  // Becomes the log's one writer. The log outlives it.
  explicit GroupCommit(SegmentLog& log, GroupCommitOptions options = {});
  // Writes and syncs what was submitted, then ends. Nobody may be in a call.
  ~GroupCommit();
  GroupCommit(const GroupCommit&) = delete;
  GroupCommit& operator=(const GroupCommit&) = delete;

  void submit(uint32_t kind, std::string payload, Done done, std::shared_ptr<CommitChain> chain = nullptr);
  // Submits and waits until it is durable.
  DiskResult<uint64_t> append(uint32_t kind, std::string payload);
  // Half of the queue is free. Threads that each ask, then submit one record, never wait in submit as long as that half
  // has room for a record of every one of them: wait_until_roomy is for the one among them that may wait.
  bool is_roomy() const;
  void wait_until_roomy();
  // One round; false: nothing waited.
  bool pump();

  // Waits until a record behind `sequence` is durable; false: there is none, but interrupt() was called.
  bool wait_past(uint64_t sequence);
  void interrupt();
  // The same, but no longer than `most`, nor once `stop` is true: set it, then call wake().
  bool wait_past(uint64_t sequence, Duration most, const std::atomic<bool>& stop);
  void wake();

  GroupCommitCounts counts() const;
  size_t queued_bytes() const;  // and those that are being written
  // Set as soon as the log is dead.
  std::optional<DiskError> broken() const;

 private:
  struct Waiting {
    uint32_t kind = 0;
    std::string payload;
    Done done;
    std::shared_ptr<CommitChain> chain;
  };

  void run();
  bool half_is_free() const { return queued_bytes_ <= options_.queue_bytes / 2; }  // under mutex_
  DiskResult<uint64_t> write(const Waiting& record);
  void finish(std::vector<Waiting>& round, std::vector<DiskResult<uint64_t>>& results);

  SegmentLog& log_;
  const GroupCommitOptions options_;
  std::mutex pumping_;  // one round at a time

  mutable std::mutex mutex_;  // of what follows
  std::condition_variable work_, room_, durable_;
  std::vector<Waiting> queue_;
  size_t queued_bytes_ = 0;  // queue and current round
  GroupCommitCounts counts_;
  std::optional<DiskError> broken_;
  bool stopping_ = false;
  bool interrupted_ = false;
  std::thread thread_;
};

}  // namespace kubevigil
