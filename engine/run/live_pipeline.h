// LivePipeline: the middle of `kubevigil serve`, from inputs to the journal.
//
//   LivePipeline pipeline(world, options);
//   pipeline.recover(rules)     state and positions of the last life (live_recovery.h)
//   pipeline.start()            one thread an input, N judges, one consumer
//   ... swap_rules, set_paused, status; failure() is set when it has to end ...
//   pipeline.stop()             what was taken in is processed, a last snapshot is written
//
//   inputs --LiveIntake--> LiveQueue (N judges) --> LiveConsumer: LiveCore -> Journal; SnapshotThread beside
//
// Exactly once: what a batch does to the state, and the alerts that follow from it, are there after any crash exactly
// if its entry in the journal is; what was taken in and not journaled is read again. Alerts leave through the journal
// only. Memory: LiveOptions::bytes of batches, the Detector's budgets, and the state once more while it is being saved.
//
// Threads: recover, start and stop by one; the rest by all. Everything in LiveWorld outlives it.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "engine/base/env.h"
#include "engine/base/log.h"
#include "engine/run/live_consumer.h"
#include "engine/run/live_intake.h"
#include "engine/run/live_recovery.h"
#include "engine/run/live_snapshot.h"

namespace kubevigil {

// About a second old at most.
struct LiveStatus {
  std::vector<IntakeStatus> inputs;
  bool paused = false;
  size_t queued_bytes = 0, queued_batches = 0;
  ConsumerStatus consumer;
  SnapshotCounters snapshots;
};

class LivePipeline {
 public:
  LivePipeline(LiveWorld world, LiveOptions options);
  ~LivePipeline();  // without stop(): as after a crash
  LivePipeline(const LivePipeline&) = delete;
  LivePipeline& operator=(const LivePipeline&) = delete;

  // `present`: the rules of now. Their bundle must be durable. An input of the last life that they lack is found as
  // InputGap, once; when it is back, it goes on where it stood.
  Result<RecoveryReport> recover(std::shared_ptr<const LiveRules> present);
  Result<void> start();
  // Ends intake, processes what is queued, and writes a last snapshot. The error says what could not be written.
  Result<void> stop();

  // Between two batches, soon. Their bundle must be durable.
  void swap_rules(std::shared_ptr<const LiveRules> rules);
  // While paused nothing is taken in; what is queued is processed.
  void set_paused(bool paused) { gate_.set_open(!paused); }
  // Why it cannot go on (a broken journal, an input that cannot be read); "": it can. Stop, and recover at a restart.
  std::string failure() const;
  LiveStatus status() const;

 private:
  LiveInput* reader_of(const std::string& source) const;  // null: there is none
  void find_removed_inputs();
  Result<void> seek_inputs();
  std::set<std::string> begin_journal();
  void start_snapshots();
  void fail_with(const std::string& problem);

  const LiveWorld world_;
  const LiveOptions options_;
  std::shared_ptr<const LiveRules> present_;
  std::unique_ptr<Recovered> recovered_;
  LiveInputs inputs_;
  IntakeGate gate_;
  std::unique_ptr<SnapshotThread> snapshots_;
  std::unique_ptr<LiveQueue> queue_;
  std::unique_ptr<LiveConsumer> consumer_;
  std::vector<std::unique_ptr<LiveIntake>> intakes_;
  mutable std::mutex mutex_;
  std::string failure_;
};

}  // namespace kubevigil
