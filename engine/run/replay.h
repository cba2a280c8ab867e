// Replay: archived logs through a Program. Inputs are read and matched by N threads (read_ahead.h), put into the run's
// one order (merge.h), and correlated on the caller's thread; each alert is handed out once, in order of opening.
//
// Guarantee: the alerts, their bytes and everything in ReplayReport are the same for any number of threads and any
// batch size, unless the run was stopped from outside. A strict run is the run over the input up to the first bad
// record in the run's one order, which is that of the event in front of it. Memory: ReadAheadOptions::bytes_in_flight
// and one batch an open source, alert_order.h, and the state budget of the operators.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/alert/alert_builder.h"
#include "engine/base/env.h"
#include "engine/base/limits.h"
#include "engine/match/match_profile.h"
#include "engine/match/program.h"
#include "engine/run/input.h"
#include "engine/run/judged_batch.h"
#include "engine/run/merge.h"
#include "engine/state/correlator.h"

namespace kubevigil {

struct ReplayOptions {
  TimeRange range;     // --from, --to
  Duration warm_up{};  // events so long before range.from feed state, but open nothing
  Timestamp learn_until = Timestamp::min();
  std::optional<std::string> baseline;  // learned state, the bytes of baseline.h
  std::string cluster;                  // name for sources that do not tell
  size_t threads = 1;
  size_t bytes_in_flight = limits::kBatchBytes;
  size_t state_bytes = limits::kStateBytes;
  size_t bad_kept = limits::kBadLinesKept;
  bool strict = false;   // stop at the first bad line
  bool profile = false;  // ReplayReport::profile is wanted
  Redactor redactor = Redactor();
  HashKey key;
};

struct ReplayProgress {
  uint64_t bytes = 0, total_bytes = 0;  // of the files as they are on disk; total 0: unknown
  uint64_t events = 0;
  std::array<uint64_t, kLevelNames.size()> alerts{};  // opened so far, by level
  Duration elapsed{};
};

struct ReplayHooks {
  std::function<void(const Alert&)> alert;
  std::function<void(const ReplayProgress&)> progress;  // about ten times a second
  const std::atomic<int>* stop = nullptr;               // not zero: finish early
  std::function<void()> give_up;  // a strict run ends: inputs that still wait for bytes (a pipe) are to end, too
};

struct SourceReport {
  std::string name;
  SourcePace pace;
};

struct RuleReport {
  uint32_t rule = 0;
  uint64_t alerts = 0;
  Level level = Level::Informational;                         // the rule's, or what an alert of it was raised to
  std::array<uint64_t, kAuditLevels.size()> not_evaluable{};  // events, by audit level
  OperatorStats state;                                        // correlations
  std::vector<KeyMaker> explosions;                           // who made too many keys (engine/state/key_makers.h)
};

struct ActorReport {
  std::string username;
  uint64_t alerts = 0;
  Level highest = Level::Informational;
};

// Everything that the summary and --stats-json say; files by RecordPosition::file.
struct ReplayReport {
  std::vector<InputFile> files;
  std::vector<SourceReport> sources;  // in the order of the inputs
  Tally tally;
  std::vector<BadRecord> bad;  // the first ones by file and offset, at most bad_kept
  uint64_t bad_total = 0;
  Correlator::Counters correlator;
  std::vector<RuleReport> rules;    // by RuleSet index
  std::vector<ActorReport> actors;  // most alerts first, at most 10
  std::array<uint64_t, kLevelNames.size()> alerts{};
  uint64_t bytes_read = 0;                                      // of the files as they are on disk
  uint64_t alerts_early = 0;                                    // given out before they closed
  Timestamp first = Timestamp::max(), last = Timestamp::min();  // robust times
  bool stopped = false;                                         // by `stop`
  bool strict_stop = false;                                     // by the first bad line
  std::vector<std::string> baseline_notes;  // rules that the given baseline does not know, one line each
  std::string learned;                      // the state of the rules that learn, for a baseline
  std::optional<MatchProfile> profile;      // of all workers, if it was asked for
};

// `inputs` are read to their end (or to the stop). The only error is a baseline that cannot be used. REQUIRES:
// hooks.alert.
Result<ReplayReport> replay(std::vector<std::unique_ptr<Input>>& inputs, std::shared_ptr<const Program> program,
                            const ReplayOptions& options, const ReplayHooks& hooks, const Env& env);

}  // namespace kubevigil
