#include "engine/state/state_since.h"

#include <algorithm>

#include "engine/base/hash.h"
#include "engine/state/key_bytes.h"
#include "engine/state/rule_places.h"

namespace kubevigil {
namespace {

// As EventMark::cluster has it.
uint64_t cluster_of(std::string_view key_bytes) {
  const auto elements = tuple_elements(key_bytes);
  return siphash(elements.empty() ? std::string_view{} : string_element(elements.front())).low;
}

void archive_times(Archive& archive, std::map<uint64_t, Timestamp>& times) {
  std::vector<std::pair<uint64_t, Timestamp>> items(times.begin(), times.end());
  archive.each(items, [&](auto& item) {
    archive(item.first);
    archive(item.second);
  });
  if (!archive.is_saving()) times = {items.begin(), items.end()};
}

}  // namespace

bool StateSince::see(uint64_t cluster, Timestamp time, Timestamp robust_time, Timestamp oldest) {
  const bool no_time_yet = robust_time == Timestamp::min();
  auto known = earliest_.find(cluster);
  const bool is_new = known == earliest_.end();
  if (no_time_yet || (is_new && earliest_.size() >= kClusters)) return false;
  if (is_new) known = earliest_.emplace(cluster, Timestamp::max()).first;
  const bool counts = time >= oldest && time >= robust_time - lateness_;
  if (!counts) return is_new;
  known->second = std::min({known->second, time, robust_time});  // a clock that is ahead says nothing
  earliest_of_all_ = std::min(earliest_of_all_, known->second);
  return is_new;
}

Timestamp StateSince::in_cluster(const RuleState& state, uint64_t cluster) const {
  if (const auto at = state.baseline.find(cluster); at != state.baseline.end()) return at->second;
  const auto at = earliest_.find(cluster);
  if (at == earliest_.end() || at->second == Timestamp::max()) return Timestamp::min();
  return std::max(state.began, at->second);
}

Timestamp StateSince::in_any(const RuleState& state) const {
  Timestamp first = Timestamp::max();
  if (earliest_of_all_ != Timestamp::max()) first = std::max(state.began, earliest_of_all_);
  for (const auto& [cluster, since] : state.baseline) first = std::min(first, since);
  return first == Timestamp::max() ? Timestamp::min() : first;
}

Timestamp StateSince::of(uint32_t rule, std::string_view key_bytes) const {
  if (rules_.rules[rule].is_detection()) return Timestamp::min();
  const RuleState& state = states_[rule];
  return rules_.rules[rule].extension.across_clusters ? in_any(state) : in_cluster(state, cluster_of(key_bytes));
}

std::vector<uint64_t> StateSince::clusters() const {
  std::vector<uint64_t> out;
  for (const auto& [cluster, time] : earliest_) out.push_back(cluster);
  return out;
}

StateSince::Beginnings StateSince::beginnings(uint32_t rule) const {
  const RuleState& state = states_[rule];
  std::map<uint64_t, Timestamp> out = state.baseline;
  for (const uint64_t cluster : clusters()) {
    const Timestamp since = in_cluster(state, cluster);
    if (since != Timestamp::min()) out.emplace(cluster, since);
  }
  return {out.begin(), out.end()};
}

void StateSince::load_beginnings(uint32_t rule, const Beginnings& beginnings) {
  states_[rule].baseline = {beginnings.begin(), beginnings.end()};
}

void StateSince::archive(Archive& archive) {
  archive_times(archive, earliest_);
  archive(earliest_of_all_);
  for (RuleState& state : states_) {
    archive(state.began);
    archive_times(archive, state.baseline);
  }
}

void StateSince::take_over(const StateSince& old, const std::vector<uint32_t>& places, Timestamp watermark) {
  earliest_ = old.earliest_;
  earliest_of_all_ = old.earliest_of_all_;
  for (size_t r = 0; r < states_.size(); ++r) {
    if (places[r] == kNoRule) {
      states_[r].began = watermark;
    } else {
      states_[r] = old.states_[places[r]];
    }
  }
}

}  // namespace kubevigil
