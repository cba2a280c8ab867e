#include "tests/support/chain_model.h"

#include <algorithm>

namespace kubevigil::model {
namespace {

bool shares(const std::set<std::pair<size_t, std::string>>& a, const std::set<std::pair<size_t, std::string>>& b,
            size_t link) {
  return std::any_of(a.begin(), a.end(), [&](const auto& value) { return value.first == link && b.contains(value); });
}

bool same_event(const ChainSeen& a, const ChainSeen& b) { return a.time == b.time && a.sequence == b.sequence; }

}  // namespace

// By match: over how few links it counts for each root. Matches of one event count alike.
std::vector<Chain::Depths> Chain::depths() const {
  std::vector<Depths> depths(seen_.size());
  for (size_t i = 0; i < seen_.size(); ++i) {
    if (!seen_[i].root.empty()) depths[i][seen_[i].root] = 0;
  }
  const auto improve = [&](size_t i, const std::string& root, size_t depth) {
    const auto [at, is_new] = depths[i].emplace(root, depth);
    if (!is_new && at->second <= depth) return false;
    at->second = depth;
    return true;
  };
  for (bool changed = true; changed;) {
    changed = false;
    for (size_t a = 0; a < seen_.size(); ++a) {
      for (size_t b = 0; b < seen_.size(); ++b) {
        const Depths from = depths[a];
        if (same_event(seen_[a], seen_[b])) {
          for (const auto& [root, depth] : from) changed = improve(b, root, depth) || changed;
          continue;
        }
        const Duration after = seen_[b].time - seen_[a].time;
        for (size_t l = 0; l < correlation_.chain.links.size(); ++l) {
          const Duration within = correlation_.chain.links[l].within;
          if (within.micros == 0 || after.micros < 0 || after > within) continue;
          if (!shares(seen_[a].linking, seen_[b].reached, l)) continue;
          for (const auto& [root, depth] : from) {
            if (depth < correlation_.chain.depth) changed = improve(b, root, depth + 1) || changed;
          }
        }
      }
    }
  }
  return depths;
}

std::map<std::string, std::vector<Chain::Hit>> Chain::hits() const {
  std::map<std::string, std::vector<Hit>> hits;
  const std::vector<Depths> counts = depths();
  for (size_t i = 0; i < seen_.size(); ++i) {
    if (seen_[i].stage == Stage::None) continue;
    for (const auto& [root, depth] : counts[i]) hits[root].push_back({seen_[i].time, seen_[i].stage, depth == 0, i});
  }
  return hits;
}

bool Chain::is_full(const std::vector<Hit>& hits, Timestamp end) const {
  const auto& required = correlation_.value_count.require_any;
  std::set<Stage> stages;
  bool has_required = required.empty();
  for (const Hit& hit : hits) {
    if (hit.time > end || hit.time <= end - correlation_.timespan) continue;
    stages.insert(hit.stage);
    const bool is_required = std::find(required.begin(), required.end(), to_text(hit.stage)) != required.end();
    has_required = has_required || (hit.own && is_required);
  }
  return has_required && correlation_.condition.holds(static_cast<double>(stages.size()));
}

size_t Chain::largest(const std::vector<Hit>& hits, const Hit& held) const {
  const Duration span = correlation_.chain.max_span;
  size_t most = 0;
  for (const Hit& last : hits) {
    const Timestamp after = last.time - span;
    if (held.time > last.time || held.time <= after) continue;
    const bool begun = std::any_of(hits.begin(), hits.end(), [&](const Hit& hit) {
      return hit.time <= last.time && hit.time - correlation_.timespan >= after && is_full(hits, hit.time);
    });
    if (!begun) continue;
    std::set<Stage> stages;
    for (const Hit& hit : hits) {
      if (hit.time > after && hit.time <= last.time) stages.insert(hit.stage);
    }
    most = std::max(most, stages.size());
  }
  return most;
}

std::map<std::string, size_t> Chain::add(const ChainSeen& match) {
  seen_.push_back(match);
  // What one match says of its event holds for the whole event.
  for (ChainSeen& other : seen_) {
    if (!same_event(other, match)) continue;
    other.linking.insert(match.linking.begin(), match.linking.end());
    seen_.back().linking.insert(other.linking.begin(), other.linking.end());
  }
  std::map<std::string, size_t> fired;
  auto now = hits();
  for (const auto& [root, counted] : now) {
    const auto& old = before_[root];
    for (const Hit& hit : counted) {
      const bool is_new =
          std::none_of(old.begin(), old.end(), [&](const Hit& known) { return known.match == hit.match; });
      if (!is_new) continue;
      if (const size_t size = largest(counted, hit); size > 0) fired[root] = std::max(fired[root], size);
    }
  }
  before_ = std::move(now);
  return fired;
}

}  // namespace kubevigil::model
