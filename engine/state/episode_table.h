// EpisodeTable: the open alerts. Opens an episode on the first match of a (rule, key), joins further matches until the
// dedup period, measured from the first, is over (DedupSpec::extend_to: measured from the last, up to that long). It
// closes with the first match after the period, or when the watermark has passed the period by so much that no match
// inside it can come any more (`delays`). At most limits::kOpenAlerts of limits::kOpenAlertBytes are open; then the
// oldest close early, which is counted.
#pragma once

#include <functional>
#include <set>
#include <utility>
#include <vector>

#include "engine/rule/rule.h"
#include "engine/state/archive.h"
#include "engine/state/episode.h"
#include "engine/state/key_index.h"
#include "engine/state/state_since.h"

namespace kubevigil {

class EpisodeTable {
 public:
  // Episodes that open before `open_from` are kept but not reported. `delays`: by rule, how long behind the watermark
  // its matches may come. `rules` and `since` must outlive the table.
  EpisodeTable(const RuleSet& rules, Timestamp open_from, std::vector<Duration> delays, const StateSince& since);

  // A match of a detection, or a firing of a correlation, with the key by which its alerts are grouped.
  void match(uint32_t rule, const Firing& firing, std::vector<EpisodeChange>& changes);
  // A firing did not hold: its episode ends as retracted, unless further matches have joined it meanwhile.
  void retract(uint32_t rule, const Firing& firing, std::vector<EpisodeChange>& changes);
  // The other stage of a long-running request that counted in this (rule, key). False: that episode is closed.
  bool set_duration(uint32_t rule, Hash128 key, const EventRef& event, Duration duration,
                    std::vector<EpisodeChange>& changes);
  void close_until(Timestamp watermark, std::vector<EpisodeChange>& changes);
  void close_all(std::vector<EpisodeChange>& changes) { close_until(Timestamp::max(), changes); }

  void close_oldest(std::vector<EpisodeChange>& changes);  // REQUIRES: one is open
  // Of the rules for which `lost` says so, in order of opening.
  void close_rules(const std::function<bool(uint32_t rule)>& lost, std::vector<EpisodeChange>& changes);

  size_t open() const { return episodes_.size(); }
  const Episode* find(uint64_t number) const;  // open and reported; null: none
  uint64_t closed_early() const { return closed_early_; }
  void archive(Archive& archive);
  // All episodes of a table with other rules; `places`: its rules in these. REQUIRES: every open episode's has one.
  void take_over(EpisodeTable& old, const std::vector<uint32_t>& places);

 private:
  struct Entry {
    Episode episode;
    Timestamp last_match;
    bool reported = true;
  };
  // The entry with its share of the three indices, which are half full on average.
  static constexpr size_t kEntryBytes = 2 * sizeof(Entry) + 192;
  using Closing = std::pair<Timestamp, uint64_t>;  // watermark at which it closes, Episode::number

  Hash128 id_of(uint32_t rule, Hash128 key) const;
  void insert(Hash128 id, Entry entry);
  void open(uint32_t rule, Hash128 id, const Firing& firing, std::vector<EpisodeChange>& changes);
  void close(Hash128 id, std::vector<EpisodeChange>& changes, EpisodeStatus status = EpisodeStatus::Closed);
  Timestamp end_of(const Entry& entry) const;
  Closing closing_of(const Entry& entry) const;
  // A match from so long before the opening is another episode: the opening event's time may be far off.
  Timestamp begin_of(const Episode& episode) const;
  static size_t bytes_of(const Entry& entry);

  const RuleSet& rules_;
  const Timestamp open_from_;
  const std::vector<Duration> delays_;
  const StateSince& since_;
  std::vector<uint64_t> rule_marks_;
  KeyIndex<Hash128, Entry> episodes_;  // by (rule, key)
  std::set<std::pair<Closing, Hash128>> closing_;
  std::set<std::pair<uint64_t, Hash128>> by_number_;
  size_t bytes_ = 0;
  uint64_t next_number_ = 0, closed_early_ = 0;
};

// UUIDv8 from the first 128 bits of SHA-256 over the length-prefixed parts "kv1", rule id, semantic hash, group key
// (cluster first) and anchor identity. Stable between runs: the id of an alert is a function of its input.
std::string alert_id(const Rule& rule, std::string_view key_bytes, Hash128 anchor);
// The thread that all episodes of one (rule, cluster, group) belong to: 32 hexadecimal digits.
std::string dedup_key(const Rule& rule, std::string_view key_bytes);

}  // namespace kubevigil
