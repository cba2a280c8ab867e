// LiveRules: what a stretch of a live run is a function of, beside its input: compiled rules, how state is kept, and
// how inputs are read. Made from a RuleBundle (rule_bundle.h), whose hash names it in journal and snapshots.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/match/program.h"
#include "engine/run/detector.h"
#include "engine/run/live_input.h"

namespace kubevigil {

using LiveInputs = std::vector<std::unique_ptr<LiveInput>>;

// The input of which that JournalInput::source is a lane; null: none of these.
inline LiveInput* owner_of(const LiveInputs& inputs, std::string_view source) {
  const auto found = std::find_if(inputs.begin(), inputs.end(), [&](const auto& i) { return i->owns(source); });
  return found == inputs.end() ? nullptr : found->get();
}

// The one that reads the lane now; null: none does.
inline LiveInput* reader_of(const LiveInputs& inputs, std::string_view source) {
  LiveInput* const owner = owner_of(inputs, source);
  return owner != nullptr && owner->reads(source) ? owner : nullptr;
}

struct LiveRules {
  std::string hash;
  std::shared_ptr<const Program> program;
  DetectorOptions detector;
  // False: their alerts have texts of another length than under the same hash then (what was in plain words is redacted
  // now), so that a bound on memory may bite elsewhere: recovery compares nothing.
  bool as_then = true;
  // The inputs as these settings read them, each where its own options say that it begins.
  std::function<LiveInputs()> open_inputs;
};

// By hash, as a journal names them. The error says what is missing.
using LoadRules = std::function<Result<LiveRules>(const std::string& hash)>;

}  // namespace kubevigil
