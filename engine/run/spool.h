// Spool: raw webhook bodies on the disk before the sender gets its 200. A body comes in chunks of any size, is
// compressed in blocks of 256 KiB (zstd level 1) and appended to one log with all others; it is there when its commit
// is durable, and only whole. Bytes: spool_format.h in segment_format.h. Reading: spool_reader.h.
//
//   auto body = spool.begin({cluster, credential, peer, now}, content_length);   // refused: 429 or 503, see
//   SpoolRefusal body->write(chunk) ...                                                      // an error: the same, the
//   body is void body->commit([](const SpoolResult<uint64_t>& sequence) { ... 200 ... });      // on the writing
//   thread, once durable
//
// Promise: after commit's `done` got a sequence, the body is read back byte for byte, in the order of sequences, after
// any crash or loss of power, until trim() has passed it. A body that was not committed is never read. A commit whose
// answer nobody heard may be there: the sender tries again, and the duplicate is the engine's to recognise.
//
// Memory: one block and its frame an open body, and limits::kCommitQueueBytes for all. Budget: bytes on the disk,
// queued, and announced by open bodies; asked in begin(), before the body is read.
//
// Errors: disk faults as in segment_log.h. Broken: answer 503, stop, exit, recover at a restart.
//
// Threads: Spool by all (trim by one at a time); a SpoolBody by one at a time. Disk and reserve outlive the spool; the
// spool outlives its bodies and readers.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "engine/base/limits.h"
#include "engine/run/group_commit.h"
#include "engine/run/segment_log.h"
#include "engine/run/spool_format.h"

namespace kubevigil {

struct SpoolOptions {
  std::string folder;
  uint64_t budget = limits::kSpoolBytes;
  uint64_t body_bytes = limits::kSpoolBodyBytes;
  uint64_t segment_bytes = 64u << 20;     // an eighth of the budget where that is less
  size_t block_bytes = kSpoolBlockBytes;  // raw bytes of a block; not more than that
  uint64_t secret = 0;                    // random, a new one at each start (Env::random)
  DiskReserve* reserve = nullptr;         // never used up by bodies; none is taken while it is not held
  GroupCommitOptions commit;
};

enum class SpoolRefusal : uint8_t {
  Budget,    // 429, Retry-After: 3
  DiskFull,  // 429, Retry-After: 3
  TooLong,   // 413: over SpoolOptions::body_bytes
  Broken,    // 503: the disk failed; nothing is taken until a restart
};
struct SpoolError {
  SpoolRefusal reason = SpoolRefusal::Broken;
  std::string message;
};
template <typename T>
using SpoolResult = tl::expected<T, SpoolError>;

// How far a reader has come. Kept in journal and snapshot as two numbers.
struct SpoolPosition {
  uint64_t after = 0;  // the sequence of the last body (or gap) that was read
  uint64_t scan = 0;   // the sequence where the first block of a later body may be
  bool operator==(const SpoolPosition&) const = default;
};

struct SpoolCounts {
  uint64_t bodies = 0;     // committed
  uint64_t raw_bytes = 0;  // of these
  uint64_t aborted = 0;
  uint64_t refused_budget = 0, refused_disk = 0, refused_long = 0, refused_broken = 0;
  uint64_t open = 0;  // now
};

class Spool;

// What the bodies of a spool share with its writer, who may answer after the body is gone.
struct SpoolAccount {
  std::atomic<uint64_t> announced = 0;  // bytes that open bodies may still bring
  std::atomic<uint64_t> open = 0;
  std::mutex mutex;  // of what follows
  SpoolCounts counts;
  bool started = false;          // a start record was submitted and not refused
  std::vector<uint64_t> aborts;  // not written yet: the disk was full
};

class SpoolBody {
 public:
  using Done = std::function<void(const SpoolResult<uint64_t>&)>;

  ~SpoolBody();  // without commit(): nothing of it will be read
  SpoolBody(const SpoolBody&) = delete;
  SpoolBody& operator=(const SpoolBody&) = delete;

  // May wait for the disk. After an error only the destructor may be called.
  SpoolResult<void> write(std::string_view chunk);
  // Once, and last. `done`: see GroupCommit; the SpoolBody may be gone by then.
  void commit(Done done);
  // Waits; the body's sequence.
  SpoolResult<uint64_t> commit();
  // Of what was written so far.
  uint64_t raw_bytes() const { return raw_bytes_; }
  uint32_t raw_crc() const { return raw_crc_; }

 private:
  friend class Spool;
  struct State : CommitChain {
    std::mutex mutex;
    std::optional<DiskError> error;
  };

  SpoolBody(Spool& spool, uint64_t id, SpoolSource source, uint64_t announced);
  SpoolResult<void> check_reserve();
  SpoolResult<void> write_block();
  SpoolResult<std::string> compressed();  // buffer_ as a frame
  SpoolResult<void> announce(uint64_t bytes);

  Spool& spool_;
  const uint64_t id_;
  SpoolSource source_;
  uint64_t announced_;
  std::shared_ptr<State> state_ = std::make_shared<State>();
  std::string buffer_;
  uint64_t raw_bytes_ = 0;
  uint32_t raw_crc_ = 0;
  uint32_t blocks_ = 0;
  bool finished_ = false;
};

class Spool {
 public:
  static DiskResult<std::unique_ptr<Spool>> open(Disk& disk, SpoolOptions options);

  // `expected`: the announced length, when there is one.
  SpoolResult<std::unique_ptr<SpoolBody>> begin(SpoolSource source, std::optional<uint64_t> expected);
  // Forgets bodies that lie behind it. It must be durable elsewhere that they are not needed any more.
  DiskResult<void> trim(const SpoolPosition& position) { return log_->trim(position.scan); }

  uint64_t bytes() const { return log_->bytes(); }
  SpoolCounts counts() const;
  // What recovery found; each is worth a log line, and a Gap an `input_gap` alert.
  const std::vector<LogDamage>& damage() const { return log_->damage(); }
  const SegmentLog& log() const { return *log_; }
  // For readers that wait: see GroupCommit::wait_past and interrupt.
  bool wait_past(uint64_t sequence) { return commit_->wait_past(sequence); }
  void interrupt() { commit_->interrupt(); }
  GroupCommit& commit() { return *commit_; }
  const GroupCommit& commit() const { return *commit_; }

 private:
  friend class SpoolBody;
  Spool(Disk& disk, SpoolOptions options) : disk_(disk), options_(std::move(options)) {}
  SpoolResult<void> admit(uint64_t bytes);
  void submit(SpoolKind kind, std::string payload, GroupCommit::Done done, std::shared_ptr<CommitChain> chain);
  void submit_overdue();
  void abort(uint64_t body);

  Disk& disk_;
  const SpoolOptions options_;
  const std::shared_ptr<SpoolAccount> account_ = std::make_shared<SpoolAccount>();
  uint64_t first_id_ = 0;
  std::atomic<uint64_t> next_id_ = 0;
  std::unique_ptr<SegmentLog> log_;
  std::unique_ptr<GroupCommit> commit_;  // last: it answers while it ends
};

SpoolError spool_error(const DiskError& error);

}  // namespace kubevigil
