// One life of `serve`'s middle on a simulated disk, as engine/app composes it: spool, pipeline, journal, snapshots,
// outbox, rules and a file sink below one folder. A client posts bodies into the spool as the receiver does.
#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/run/disk_reserve.h"
#include "engine/run/journal_check.h"
#include "engine/run/live_pipeline.h"
#include "engine/run/rule_bundle.h"
#include "engine/run/self_alerts.h"
#include "engine/run/sink.h"
#include "engine/run/spool_input.h"
#include "tests/support/simulated_disk.h"

namespace kubevigil::test {

// The machine's clock, so many times as fast, and a wall clock that tests set.
class FastEnv : public Env {
 public:
  Timestamp now() const override { return {wall.load()}; }
  Duration monotonic() const override { return {system_env().monotonic().micros * 100}; }
  size_t peak_memory() const override { return 0; }

  std::atomic<int64_t> wall;
};

struct LiveProgramOptions {
  uint64_t seed = 1;
  uint64_t reserve_bytes = 0;  // 0: none is kept
  Duration idle_after = Duration::hours(1000);
  std::string version = "1";
};

class LiveProgram {
 public:
  // Null: the disk did not let it start; `problem` says why.
  static std::unique_ptr<LiveProgram> start(Disk& disk, FastEnv& env, const LiveProgramOptions& options,
                                            std::string& problem);
  // Runs what is on the disk again from its oldest entry on; "" or why it could not.
  static std::string run_again(Disk& disk, FastEnv& env, JournalCheck& check, RecoveryReport& report);
  // Without stop(): as after a crash.
  ~LiveProgram();

  // True: answered, so it is safe. False: to be sent again.
  bool post(const std::string& body, Timestamp arrival, const std::string& peer = "10.0.0.9");
  // The sequence of the last body that was answered.
  uint64_t answered() const { return answered_; }
  // Waits until all answered bodies are processed and their alerts delivered; false: it failed, or not within a minute.
  bool settle();
  // An orderly end; "" or why it was none.
  std::string stop();
  // As serve does while the reserve is not held: true while nothing is taken in.
  bool look_at_disk();
  // Rules of the same meaning under another hash.
  bool swap_rules(uint64_t number);

  std::string failure() const { return pipeline_->failure(); }
  const RecoveryReport& recovery() const { return recovery_; }
  LiveStatus status() const { return pipeline_->status(); }
  const std::vector<LogDamage>& damage() const { return damage_; }
  // What was found of damage and loss, at the start and since; "" when all was as it was written.
  std::string reported() const;
  SpoolRefusal refusal() const { return refusal_; }

 private:
  LiveProgram(Disk& disk, FastEnv& env, const LiveProgramOptions& options);
  std::string open();
  std::string open_files();
  std::string open_pipeline();
  std::string open_sink();
  Result<LiveRules> rules_of(const RuleBundle& bundle);
  LoadRules load_rules();

  Disk& disk_;
  FastEnv& env_;
  const LiveProgramOptions options_;
  mutable std::mutex mutex_;  // of what follows
  std::condition_variable changed_;
  uint64_t processed_ = 0;  // sequence of the last body
  std::string lines_;
  std::set<std::string> kept_;  // bundles, in this life

  Log log_;
  SelfAlerts self_alerts_;
  std::vector<LogDamage> damage_;
  RecoveryReport recovery_;
  uint64_t answered_ = 0;
  SpoolRefusal refusal_{};
  std::unique_ptr<DiskReserve> reserve_;
  std::unique_ptr<RuleStore> rules_;
  std::unique_ptr<Spool> spool_;
  std::unique_ptr<Journal> journal_;
  std::unique_ptr<Outbox> outbox_;
  std::unique_ptr<SnapshotStore> snapshots_;
  std::unique_ptr<LivePipeline> pipeline_;
  std::unique_ptr<Sink> sink_;
};

// What the file sink's files hold, in order: (id, revision) and the whole line.
struct Delivered {
  std::string id, rule_id, line;
  uint32_t revision = 0;
};
std::vector<Delivered> delivered(const SimulatedDisk& disk);

// The rules of these programs: a detection, counts over it with groups, an order of steps, an absence.
extern const char* const kLiveRules;
// Bodies of a recorded stream: EventLists of a few events each, in order of time, so many seconds ahead.
std::vector<std::string> recorded_stream(uint64_t seed, size_t bodies, int64_t ahead = 0);

}  // namespace kubevigil::test
