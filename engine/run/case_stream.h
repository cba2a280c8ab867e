// One stream of records through reader, matcher and correlator, on one thread: what a case means. The same classes in
// the same order as in replay; only batches, merging and outputs are missing.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/match/program.h"
#include "engine/run/case_event.h"
#include "engine/state/episode.h"

namespace kubevigil {

struct StreamAlert {
  uint32_t rule = 0;  // index into RuleSet::rules
  Timestamp opened;
  Level level = Level::Medium;  // at the end: raised, if its count was high enough
  uint64_t count = 0;
  std::vector<std::pair<std::string, std::string>> group;
};

struct StreamOutcome {
  std::vector<StreamAlert> alerts;     // last revisions, in order of opening
  std::set<uint32_t> matched;          // detections that hit some event
  std::set<uint32_t> not_evaluable;    // detections that could not judge some event
  std::map<uint32_t, size_t> failing;  // of the watched detections: fewest parts of the condition not true of one event
  std::set<std::pair<std::string, size_t>> excepted;  // filter and number of each tuple that silenced something
  std::vector<std::string> unreadable;                // one line each
};

// What is measured beside the run; each costs more than the run itself.
struct StreamMeasures {
  std::span<const uint32_t> near;  // detections whose distance from matching is told: StreamOutcome::failing
  bool exceptions = false;         // StreamOutcome::excepted
};

// Alerts are given out in order of (opening, rule).
StreamOutcome run_stream(const std::shared_ptr<const Program>& program, std::span<const CaseRecord> records,
                         const StreamMeasures& measures = {});

// The elements of an episode's group key with their names; the cluster is left out.
std::vector<std::pair<std::string, std::string>> named_group(const Rule& rule, std::string_view key_bytes);

}  // namespace kubevigil
