#include "engine/state/new_value_operator.h"

#include <algorithm>
#include <map>
#include <set>

#include "engine/match/group_key.h"
#include "engine/state/key_bytes.h"
#include "engine/state/key_table.h"

namespace kubevigil {
namespace {

constexpr size_t kClusters = 1024;  // with a start of their own; further ones learn with the run's first event

struct LastSeen {
  Timestamp time = Timestamp::min();    // the last
  Timestamp first = Timestamp::min();   // since it was new
  Timestamp before = Timestamp::min();  // the last before it was new again
  size_t heap_bytes() const { return 0; }
  void archive(Archive& archive) {
    archive(time);
    archive(first);
    archive(before);
  }
};

// One key of the table for each (group key, value). Both are keyed hashes, so a sum with odd factors keeps them apart.
Hash128 pair_key(Hash128 group, Hash128 value) {
  return {group.high * 0x9e3779b97f4a7c15ULL + value.high, group.low * 0xc2b2ae3d27d4eb4fULL + value.low};
}

class NewValueOperator final : public Operator {
 public:
  NewValueOperator(const Rule& rule, const OperatorLimits& limits)
      : correlation_(rule.correlation()),
        across_clusters_(rule.extension.across_clusters),
        learn_until_(limits.learn_until),
        lateness_(limits.lateness),
        pairs_(limits.bytes, limits.keys),
        groups_(limits.bytes / 4, limits.keys) {
    for (const auto& tuple : correlation_.new_value.seed) {
      std::string bytes;
      for (const std::string& text : tuple) append_group_text(bytes, text);
      seed_.insert(std::move(bytes));
    }
  }

  bool on_match(const Match& match, std::vector<Firing>& out) override {
    ++stats_.matches;
    if (all_null(match.value_bytes)) return false;
    const Hash128 key = pair_key(match.key, match.value);
    const auto role = correlation_.inputs[match.input].role;
    if (role == CorrelationInput::Role::ForgetOn) {
      forget(key);
      return false;
    }
    const bool new_group = correlation_.new_value.new_key_learns && remember(groups_, match.key, match.time).is_new;
    const uint64_t made = pairs_.made();
    const Remembered remembered = remember(pairs_, key, match.time);
    if (!remembered.is_new && !remembered.is_earlier) return false;  // its cluster has a start: it has come before
    const bool learning = is_learning(match);
    const bool is_made = pairs_.made() != made;
    if (role != CorrelationInput::Role::Member || learning || new_group) return is_made;
    if (seed_.contains(match.value_bytes)) return is_made;
    ++stats_.firings;
    out.push_back(firing(match, remembered.degraded));
    return is_made;
  }

  void on_watermark(Timestamp watermark, std::vector<Firing>&) override {
    watermark_ = std::max(watermark_, watermark);
  }

  void on_cluster(uint64_t cluster, Timestamp time) override {
    first_event_ = std::min(first_event_, time);
    starts_.try_emplace(cluster, time);
  }

  void shrink(size_t bytes) override {
    pairs_.shrink(bytes > groups_.bytes() ? bytes - groups_.bytes() : 0, expired());
    groups_.shrink(bytes, expired());
  }
  size_t bytes() const override { return pairs_.bytes() + groups_.bytes(); }

  OperatorStats stats() const override {
    OperatorStats stats = stats_;
    stats.evictions = pairs_.evictions() + groups_.evictions();
    stats.keys = pairs_.size();
    stats.bytes = bytes();
    const bool learning = std::any_of(starts_.begin(), starts_.end(),
                                      [&](const auto& start) { return learns_at(start.second, watermark_); });
    stats.state = learning ? RuleState::Learning : RuleState::Ready;
    if (pairs_.size() == 0) stats.state = RuleState::Cold;
    return stats;
  }

  void archive(Archive& archive) override {
    pairs_.archive(archive);
    groups_.archive(archive);
    std::vector<std::pair<uint64_t, Timestamp>> starts(starts_.begin(), starts_.end());
    archive.each(starts, [&](auto& start) {
      archive(start.first);
      archive(start.second);
    });
    if (!archive.is_saving()) starts_ = {starts.begin(), starts.end()};
    archive(first_event_);
    archive(watermark_);
    archive(stats_.matches);
    archive(stats_.firings);
  }

  void end_learning() override {
    stats_ = {};
    first_event_ = Timestamp::min();
    for (auto& [cluster, start] : starts_) start = Timestamp::min();
  }

 private:
  struct Remembered {
    bool is_new, is_earlier, degraded;
  };
  struct Expired {
    Timestamp oldest;
    bool operator()(const LastSeen& seen) const { return seen.time <= oldest; }
  };

  Expired expired() const {
    const bool never = correlation_.timespan.micros == 0 || watermark_ == Timestamp::min();
    return {never ? Timestamp::min() : watermark_ - correlation_.timespan - lateness_};
  }

  bool is_over(Timestamp seen, Timestamp time) const {
    if (seen == Timestamp::min()) return true;
    return correlation_.timespan.micros > 0 && time - seen >= correlation_.timespan;
  }

  // New is also what comes late from before the first sighting.
  Remembered remember(KeyTable<LastSeen>& table, Hash128 key, Timestamp time) {
    const auto slot = table.at(key, expired());
    LastSeen& seen = table[slot];
    Remembered result{is_over(seen.time, time), false, table.degraded(slot)};
    if (result.is_new) {
      seen.before = seen.time;
      seen.first = seen.time = time;
    } else if (time >= seen.first) {
      seen.time = std::max(seen.time, time);
    } else if (is_over(seen.before, time)) {
      seen.first = time;
      result.is_earlier = true;
    } else {
      seen.before = std::max(seen.before, time);
    }
    table.settle(slot, expired());
    return result;
  }

  void forget(Hash128 key) {
    const auto slot = pairs_.find(key);
    if (slot != pairs_.kNone) pairs_.erase(slot);
  }

  bool learns_at(Timestamp start, Timestamp time) const {
    if (learn_until_ != Timestamp::min()) return time < learn_until_;
    if (correlation_.new_value.learn.micros == 0) return false;  // also for what arrives late, from before the start
    return start != Timestamp::min() && time - start < correlation_.new_value.learn;
  }

  bool is_learning(const Match& match) {
    if (across_clusters_) return learns_at(first_event_, match.time);
    const auto elements = tuple_elements(match.key_bytes);
    const std::string_view cluster = elements.empty() ? std::string_view{} : string_element(elements.front());
    const uint64_t hash = siphash(cluster).low;
    if (starts_.size() >= kClusters && !starts_.contains(hash)) return learns_at(first_event_, match.time);
    const auto start = starts_.try_emplace(hash, match.time).first;
    return learns_at(start->second, match.time);
  }

  Firing firing(const Match& match, bool degraded) const {
    Firing firing;
    firing.time = firing.first_seen = match.time;
    firing.key = match.key;
    firing.key_bytes = match.key_bytes;
    firing.count = 1;
    firing.values = {std::string(match.value_bytes)};
    firing.events = {match.event};
    firing.anchor = match.event;
    firing.degraded = degraded;
    return firing;
  }

  const Correlation& correlation_;
  const bool across_clusters_;
  const Timestamp learn_until_;
  const Duration lateness_;
  std::set<std::string, std::less<>> seed_;
  KeyTable<LastSeen> pairs_, groups_;  // by (group, value); by group, only with new-key: learn
  std::map<uint64_t, Timestamp> starts_;
  Timestamp first_event_ = Timestamp::max();
  Timestamp watermark_ = Timestamp::min();
  OperatorStats stats_;
};

}  // namespace

std::unique_ptr<Operator> make_new_value_operator(const Rule& rule, const OperatorLimits& limits) {
  return std::make_unique<NewValueOperator>(rule, limits);
}

}  // namespace kubevigil
