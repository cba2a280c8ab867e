// StateSince: since when, in event time, the state behind the alerts of correlations has been kept. Each cluster has a
// state of its own, unless the rule is across-clusters; so it is
//
//   the earliest event of the cluster that correlations could count: neither late nor more than the lateness behind
//   where its source stands,
//   or the watermark at which the rule, or its present meaning, came with a reload, if that is later,
//   or, where a baseline (baseline.h) knows the cluster, what the baseline says.
//
// The earliest event is the same in any order of arrival within the lateness, once all have come. Of clusters beyond
// kClusters nothing is known. One owner, one thread.
#pragma once

#include <cstdint>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/rule/rule.h"
#include "engine/state/archive.h"

namespace kubevigil {

class StateSince {
 public:
  static constexpr size_t kClusters = 1024;
  // What a baseline says: by cluster (EventMark::cluster), sorted.
  using Beginnings = std::vector<std::pair<uint64_t, Timestamp>>;

  // `rules` must outlive it.
  StateSince(const RuleSet& rules, Duration lateness)
      : rules_(rules), lateness_(lateness), states_(rules.rules.size()) {}

  // An event of `cluster`, whose source stands at `robust_time`; nothing before `oldest` counts. True: the cluster's
  // first event.
  bool see(uint64_t cluster, Timestamp time, Timestamp robust_time, Timestamp oldest);
  // Of the state behind an alert of `rule` with this group key; min: of a detection, or not known.
  Timestamp of(uint32_t rule, std::string_view key_bytes) const;
  std::vector<uint64_t> clusters() const;  // seen so far

  Beginnings beginnings(uint32_t rule) const;
  void load_beginnings(uint32_t rule, const Beginnings& beginnings);

  void archive(Archive& archive);
  // What the old one knows. `places`: where the rules stood there; kNoRule: begins at `watermark`.
  void take_over(const StateSince& old, const std::vector<uint32_t>& places, Timestamp watermark);

 private:
  struct RuleState {
    Timestamp began = Timestamp::min();      // min: with the run
    std::map<uint64_t, Timestamp> baseline;  // by cluster
  };
  Timestamp in_cluster(const RuleState& state, uint64_t cluster) const;
  Timestamp in_any(const RuleState& state) const;

  const RuleSet& rules_;
  const Duration lateness_;
  std::vector<RuleState> states_;           // by rule
  std::map<uint64_t, Timestamp> earliest_;  // by cluster; max: none of its events counted
  Timestamp earliest_of_all_ = Timestamp::max();
};

}  // namespace kubevigil
