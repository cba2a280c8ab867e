// Baseline: what the new_value operators of a run have learned, as a file for later runs (`kubevigil baseline build`,
// `replay --baseline`). Bytes, little-endian, in this order:
//
//   magic "KVBASE02" (8 bytes)
//   sha256  64 hexadecimal digits over everything behind them
//   count   LEB128: operators; for each
//     rule id, semantic hash   each LEB128 length and bytes
//     clusters                 LEB128 number; for each its hash (EventMark::cluster, LEB128) and since when it was
//                              learned from (zigzag LEB128): the state_since of alerts
//     state                    LEB128 length and bytes: what Operator::archive writes
//
// Loading ends the learning period of the clusters that the baseline knows.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/state/correlator.h"

namespace kubevigil {

std::string save_baseline(const RuleSet& rules, Correlator& correlator);

struct LoadedBaseline {
  size_t loaded = 0;               // rules that know their usual values now
  std::vector<std::string> notes;  // rules left out: not loaded in this run, or another meaning since
};

// Errors (not a baseline, cut off, changed on disk) leave the correlator as it was.
// REQUIRES: no event was handed to the correlator yet.
Result<LoadedBaseline> load_baseline(std::string_view bytes, const RuleSet& rules, Correlator& correlator);

}  // namespace kubevigil
