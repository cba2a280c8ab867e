// LiveConsumer: the one thread behind the queue. It takes judged batches in order through the LiveCore, and writes the
// journal: for each batch its input, then the alerts that follow from it. Between batches it says which streams are
// idle, journals self-alerts, and hands out snapshots.
//
// Idle: a stream that holds the watermark and had nothing for its idle_after, when everything there is was processed
// (all inputs have caught up, the queue is empty). After a start the time is counted from the start.
//
// Threads: the constructor starts one; status by all; the rest by one other. What it is given outlives it.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "engine/base/env.h"
#include "engine/base/log.h"
#include "engine/run/disk_reserve.h"
#include "engine/run/journal.h"
#include "engine/run/live_core.h"
#include "engine/run/live_queue.h"
#include "engine/run/live_snapshot.h"
#include "engine/run/self_alerts.h"

namespace kubevigil {

struct LiveWorld {
  Journal& journal;
  SnapshotStore& snapshots;
  const Outbox* outbox = nullptr;  // null: no sinks
  const Env& env;
  Log& log;
  SelfAlerts& self_alerts;
  LoadRules load_rules;
  // While recovery waits for an input that it has to read again, several times a second: its name, and why.
  std::function<void(const std::string&, const std::string&)> waiting = {};
  std::function<void(const std::set<std::string>&)> needed_rules = {};  // as SnapshotWorld::needed
  // On the consumer's thread, behind each batch: what it was and what follows from it.
  std::function<void(const LiveBatch&, const JudgedBatch&, std::span<const Alert>)> processed = {};
  const DiskReserve* reserve = nullptr;  // while it is not held, no snapshot takes the room that the journal needs
};

struct LiveOptions {
  size_t threads = 1;
  size_t bytes = limits::kBatchBytes;
  Duration snapshot_every = Duration::seconds(30);
  uint64_t snapshot_bytes = 256u << 20;  // of records since the last one: recovery reads them again
  std::string version;
  const std::atomic<int>* stop = nullptr;  // not zero: recovery gives up
};

// Counts are of this process, behind recovery: what the journal held was counted when it was written.
struct LiveRuleStatus {
  DetectorRule counts;
  OperatorStats state;           // correlations
  std::vector<KeyMaker> makers;  // once keys were given up: who made most of them lately
};

struct ConsumerStatus {
  std::shared_ptr<const LiveRules> rules;
  DetectorCounters detector;
  std::vector<LiveRuleStatus> rule_status;  // by RuleSet index
  std::vector<StreamReport> streams;
  Timestamp watermark = Timestamp::min();
  uint64_t batches = 0, records = 0, bad_records = 0, alerts = 0, self_alerts = 0;
  std::array<uint64_t, kBadReasons> bad{};  // bad_records by reason
  uint64_t swaps = 0;
  Timestamp last_batch;  // wall clock
};

class LiveConsumer {
 public:
  struct Parts {
    LiveQueue& queue;
    SnapshotThread& snapshots;
    std::function<bool()> caught_up;  // all of them
    std::function<void(const std::string&)> failed;
    // Recovery had entries to process again: the first snapshot is due at once. A program that dies again and again
    // within `snapshot_every` would else have more to recover each time.
    bool snapshot_due = false;
  };

  // `used`: hashes of bundles that the journal names behind the last snapshot.
  LiveConsumer(const LiveWorld& world, const LiveOptions& options, Parts parts, std::unique_ptr<LiveCore> core,
               std::set<std::string> used);
  ~LiveConsumer();  // the queue must be closed
  LiveConsumer(const LiveConsumer&) = delete;
  LiveConsumer& operator=(const LiveConsumer&) = delete;

  // Waits until the closed queue is empty. Then, unless something failed, self-alerts are ended and a last snapshot is
  // written, but not at the cost of the reserve; false: it could not be.
  bool finish();
  ConsumerStatus status() const;

 private:
  void run();
  bool take(LiveItem& item);
  void process(LiveItem& item);
  void swap(const LiveItem& item);
  void append(const std::vector<Alert>& alerts);
  void tick();
  void look_for_idle(Duration now);
  void say_late();
  void say_explosions();
  void say_gaps(const LiveBatch& info);
  void say_bad(const std::string& stream, const LiveItem& item);
  void take_self_alerts(std::vector<Alert> alerts);
  bool has_room() const { return world_.reserve == nullptr || world_.reserve->held(); }
  bool take_snapshot();
  void name_positions(uint64_t begin);
  std::vector<std::string> open_self_alerts() const;
  void publish();

  const LiveWorld& world_;
  const LiveOptions& options_;
  const Parts parts_;
  const std::unique_ptr<LiveCore> core_;
  std::set<std::string> used_;                          // since the last snapshot
  std::map<std::string, Duration, std::less<>> heard_;  // of active streams: when (monotonic)
  std::vector<Alert> out_;
  Duration ticked_{}, snapshot_at_{};
  uint64_t bytes_since_ = 0;  // the last snapshot
  uint64_t named_until_ = 0;  // end of the journal behind the positions that were named last
  bool failed_ = false;
  ConsumerStatus counts_;

  mutable std::mutex mutex_;
  ConsumerStatus status_;
  std::thread thread_;  // last
};

}  // namespace kubevigil
