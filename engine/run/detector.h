// Detector: the deterministic middle of `kubevigil serve`: judged batches in the journal's order go in, revisions of
// alerts come out. It owns all state: correlator, watermarks, open alerts. Its state and everything that comes out is a
// function of the rules and of the calls of process(), idle() and take_over(), in order: of no clock, thread or
// batch border, and a saved and loaded Detector goes on with the same bytes. One thread.
//
// Every event has one place in the order (Counters::correlator.events). One without a time of its own takes that of
// the event before it in its stream, else the arrival's. In alerts AlertEvent::file is the name of the stream.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/alert/alert.h"
#include "engine/alert/redaction.h"
#include "engine/base/limits.h"
#include "engine/base/result.h"
#include "engine/match/program.h"
#include "engine/run/judged_batch.h"
#include "engine/run/live_input.h"
#include "engine/run/watermarks.h"
#include "engine/state/correlator.h"

namespace kubevigil {

// What state is a function of, beside rules and input: the same in every life of the data folder, but for the bounds.
struct DetectorOptions {
  HashKey key;  // as the judges of the batches have it
  Redactor redactor = Redactor();
  size_t state_bytes = limits::kStateBytes;
  size_t duplicate_ids = limits::kLiveDuplicates;
  size_t alert_bytes = limits::kLiveAlertBytes;
};

// Since begin_counts(); what is open is as it is.
struct DetectorCounters {
  Correlator::Counters correlator;
  Tally tally;                                                  // files left out
  uint64_t opened = 0, updated = 0, closed = 0, retracted = 0;  // revisions
  uint64_t idle = 0;                                            // streams that went idle
  uint64_t streams_shared = 0;
  size_t open_alerts = 0;
};

struct DetectorRule {
  uint64_t opened = 0;
  std::array<uint64_t, kAuditLevels.size()> not_evaluable{};  // events, by audit level
};

class Detector {
 public:
  Detector(std::shared_ptr<const Program> program, DetectorOptions options);
  ~Detector();

  // The next batch; `judged` by `program` and the same key; `info` is its LiveBatch (Batch itself is not read). Settles
  // the times of its marks, counts its duplicates. Appends every revision to send, in order. Returns the name by which
  // idle() knows the stream.
  const std::string& process(const LiveBatch& info, JudgedBatch& judged, std::vector<Alert>& out);
  // The stream had nothing for its idle_after. Appends what follows from the watermark that it held back.
  void idle(std::string_view stream, std::vector<Alert>& out);

  // Rule reload: this one, made with the new rules and the same key and not used yet, takes all state of `old`, which
  // is of no use afterwards. Rules with the same id and the same meaning (Rule::semantic_hash) go on; the alerts of all
  // others close; new ones begin at the watermark.
  void take_over(Detector& old, std::vector<Alert>& out);

  // All state. load(): into one made with the same rules and options and not used yet; after an error it is not to be
  // used.
  std::string save();
  Result<void> load(std::string_view bytes);

  // What was counted so far, another life has counted already: before a snapshot was written, or before a crash behind
  // which the journal is processed again. Rules that take_over() keeps by their id go on counting.
  void begin_counts();
  const Program& program() const;
  DetectorCounters counters() const;
  const std::vector<DetectorRule>& rules() const;  // by RuleSet index
  OperatorStats operator_stats(uint32_t rule) const;
  const Watermarks& watermarks() const;
  // Events since the last call that were too late for correlations, by stream: for a self-alert.
  std::vector<LateData> take_late();
  // As Correlator has them; rules by their place in program().
  std::vector<KeyMaker> key_makers(uint32_t rule, size_t most) const;
  std::vector<KeyExplosion> take_explosions();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kubevigil
