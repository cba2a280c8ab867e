#include "engine/state/episode_table.h"

#include <algorithm>

#include "engine/base/ids.h"
#include "engine/base/limits.h"
#include "engine/state/recent_list.h"
#include "engine/state/rule_places.h"

namespace kubevigil {
namespace {

// Keeps the first ones, and in the last place the newest.
void add_event(std::vector<EventRef>& events, const EventRef& event) {
  if (events.size() < limits::kSampleEvents) {
    events.push_back(event);
  } else {
    events.back() = event;
  }
}

void join(Episode& episode, const Firing& firing) {
  ++episode.count;
  ++episode.revision;
  episode.status = EpisodeStatus::Update;
  episode.measure = std::max(episode.measure, firing.count);
  episode.first_seen = std::min(episode.first_seen, firing.first_seen);
  episode.last_seen = std::max({episode.last_seen, firing.time, firing.last_seen});
  episode.approximate |= firing.approximate;
  episode.degraded |= firing.degraded;
  add_event(episode.events, firing.anchor);
  if (firing.trail) episode.trail = firing.trail;
  for (const std::string& value : firing.values) {
    const bool known = std::find(episode.values.begin(), episode.values.end(), value) != episode.values.end();
    if (!known && episode.values.size() < limits::kSampleEvents) episode.values.push_back(value);
  }
}

void archive_episode(Archive& archive, Episode& e) {
  archive(e.rule);
  archive(e.number);
  archive(e.alert_id);
  archive(e.dedup_key);
  archive(e.revision);
  archive(e.status);
  archive(e.key);
  archive(e.key_bytes);
  archive(e.opened);
  archive(e.first_seen);
  archive(e.last_seen);
  archive(e.count);
  archive(e.measure);
  archive.each(e.values, [&](std::string& value) { archive(value); });
  archive.each(e.events, [&](EventRef& event) { archive_event(archive, event); });
  archive_event(archive, e.anchor);
  archive_trail(archive, e.trail);
  archive(e.state_since);
  archive(e.duration_micros);
  archive(e.approximate);
  archive(e.degraded);
}

}  // namespace

std::string_view to_text(EpisodeStatus status) {
  switch (status) {
    case EpisodeStatus::Open:
      return "open";
    case EpisodeStatus::Update:
      return "update";
    case EpisodeStatus::Closed:
      return "closed";
    case EpisodeStatus::Retracted:
      return "retracted";
  }
  return "";
}

std::string alert_id(const Rule& rule, std::string_view key_bytes, Hash128 anchor) {
  return uuid_v8(length_prefixed({"kv1", rule.meta.id, rule.semantic_hash, key_bytes, to_hex(anchor)}));
}

std::string dedup_key(const Rule& rule, std::string_view key_bytes) {
  return sha256_hex(length_prefixed({"kv1-dedup", rule.meta.id, key_bytes})).substr(0, 32);
}

EpisodeTable::EpisodeTable(const RuleSet& rules, Timestamp open_from, std::vector<Duration> delays,
                           const StateSince& since)
    : rules_(rules), open_from_(open_from), delays_(std::move(delays)), since_(since) {
  for (const Rule& rule : rules.rules) rule_marks_.push_back(rule_mark(rule));
}

Hash128 EpisodeTable::id_of(uint32_t rule, Hash128 key) const {
  key.low ^= rule_marks_[rule];
  key.high += rule_marks_[rule];
  return key;
}

const Episode* EpisodeTable::find(uint64_t number) const {
  const auto at = by_number_.lower_bound({number, Hash128{}});
  if (at == by_number_.end() || at->first != number) return nullptr;
  const Entry& entry = episodes_.at(at->second);
  return entry.reported ? &entry.episode : nullptr;
}

Timestamp EpisodeTable::end_of(const Entry& entry) const {
  const DedupSpec& dedup = rules_.rules[entry.episode.rule].extension.dedup;
  const Timestamp opened = entry.episode.opened;
  if (!dedup.extend_to) return opened + dedup.period;
  return std::min(std::max(entry.last_match, opened) + dedup.period, opened + *dedup.extend_to);
}

EpisodeTable::Closing EpisodeTable::closing_of(const Entry& entry) const {
  return {end_of(entry) + delays_[entry.episode.rule], entry.episode.number};
}

Timestamp EpisodeTable::begin_of(const Episode& episode) const {
  return episode.opened - rules_.rules[episode.rule].extension.dedup.period;
}

size_t EpisodeTable::bytes_of(const Entry& entry) {
  const Episode& e = entry.episode;
  size_t bytes = kEntryBytes + e.alert_id.size() + e.dedup_key.size() + e.key_bytes.size();
  for (const std::string& value : e.values) bytes += sizeof(std::string) + value.size();
  return bytes + (e.trail ? e.trail->bytes() : 0) + e.events.size() * sizeof(EventRef);
}

void EpisodeTable::match(uint32_t rule, const Firing& firing, std::vector<EpisodeChange>& changes) {
  const Hash128 id = id_of(rule, firing.key);
  if (const auto at = episodes_.find(id); at != episodes_.end()) {
    Entry& entry = at->second;
    if (firing.time < end_of(entry) && firing.time >= begin_of(entry.episode)) {
      const size_t before = bytes_of(entry);
      const Closing closing = closing_of(entry);
      join(entry.episode, firing);
      entry.last_match = std::max(entry.last_match, firing.time);
      if (const Closing later = closing_of(entry); later != closing) {
        closing_.erase({closing, id});
        closing_.emplace(later, id);
      }
      bytes_ += bytes_of(entry) - before;
      if (entry.reported) changes.push_back({EpisodeChange::Kind::Joined, entry.episode});
      return;
    }
    close(id, changes);
  }
  open(rule, id, firing, changes);
}

void EpisodeTable::open(uint32_t rule, Hash128 id, const Firing& firing, std::vector<EpisodeChange>& changes) {
  while (episodes_.size() >= limits::kOpenAlerts || (bytes_ > limits::kOpenAlertBytes && !episodes_.empty())) {
    close_oldest(changes);
  }
  Entry entry;
  Episode& e = entry.episode;
  e.rule = rule;
  e.number = next_number_++;
  e.alert_id = alert_id(rules_.rules[rule], firing.key_bytes, firing.anchor.identity);
  e.dedup_key = dedup_key(rules_.rules[rule], firing.key_bytes);
  e.key = firing.key;
  e.key_bytes = firing.key_bytes;
  e.opened = entry.last_match = firing.time;
  e.last_seen = std::max(firing.time, firing.last_seen);
  e.first_seen = firing.first_seen;
  e.count = 1;
  e.measure = firing.count;
  e.values = firing.values;
  e.events = firing.events;
  e.anchor = firing.anchor;
  e.trail = firing.trail;
  e.state_since = since_.of(rule, e.key_bytes);
  e.approximate = firing.approximate;
  e.degraded = firing.degraded;
  entry.reported = e.opened >= open_from_;
  if (entry.reported) changes.push_back({EpisodeChange::Kind::Opened, e});
  insert(id, std::move(entry));
}

void EpisodeTable::insert(Hash128 id, Entry entry) {
  closing_.emplace(closing_of(entry), id);
  by_number_.emplace(entry.episode.number, id);
  bytes_ += bytes_of(entry);
  episodes_.emplace(id, std::move(entry));
}

bool EpisodeTable::set_duration(uint32_t rule, Hash128 key, const EventRef& event, Duration duration,
                                std::vector<EpisodeChange>& changes) {
  const auto at = episodes_.find(id_of(rule, key));
  if (at == episodes_.end()) return false;
  Episode& episode = at->second.episode;
  const size_t before = bytes_of(at->second);
  ++episode.revision;
  episode.status = EpisodeStatus::Update;
  episode.duration_micros = std::max(episode.duration_micros, duration.micros);
  episode.first_seen = std::min(episode.first_seen, event.time);
  episode.last_seen = std::max(episode.last_seen, event.time);
  add_event(episode.events, event);
  bytes_ += bytes_of(at->second) - before;
  if (at->second.reported) changes.push_back({EpisodeChange::Kind::Joined, episode});
  return true;
}

void EpisodeTable::retract(uint32_t rule, const Firing& firing, std::vector<EpisodeChange>& changes) {
  const Hash128 id = id_of(rule, firing.key);
  const auto at = episodes_.find(id);
  if (at == episodes_.end()) return;
  const Episode& episode = at->second.episode;
  if (episode.count == 1 && episode.anchor.identity == firing.anchor.identity) {
    close(id, changes, EpisodeStatus::Retracted);
  }
}

void EpisodeTable::close(Hash128 id, std::vector<EpisodeChange>& changes, EpisodeStatus status) {
  const auto at = episodes_.find(id);
  Entry entry = std::move(at->second);
  episodes_.erase(at);
  bytes_ -= bytes_of(entry);
  Episode& episode = entry.episode;
  closing_.erase({closing_of(entry), id});
  by_number_.erase({episode.number, id});
  episode.status = status;
  episode.state_since = since_.of(episode.rule, episode.key_bytes);  // an earlier event may have come late
  ++episode.revision;
  if (entry.reported) changes.push_back({EpisodeChange::Kind::Closed, std::move(episode)});
}

void EpisodeTable::close_until(Timestamp watermark, std::vector<EpisodeChange>& changes) {
  while (!closing_.empty() && closing_.begin()->first.first <= watermark) close(closing_.begin()->second, changes);
}

void EpisodeTable::close_oldest(std::vector<EpisodeChange>& changes) {
  ++closed_early_;
  close(by_number_.begin()->second, changes);
}

void EpisodeTable::close_rules(const std::function<bool(uint32_t rule)>& lost, std::vector<EpisodeChange>& changes) {
  std::vector<Hash128> ids;
  for (const auto& [number, id] : by_number_) {
    if (lost(episodes_.at(id).episode.rule)) ids.push_back(id);
  }
  for (const Hash128& id : ids) close(id, changes);
}

void EpisodeTable::take_over(EpisodeTable& old, const std::vector<uint32_t>& places) {
  for (const auto& [number, id] : old.by_number_) {
    Entry entry = std::move(old.episodes_.at(id));
    entry.episode.rule = places[entry.episode.rule];
    insert(id, std::move(entry));  // ids do not depend on where a rule stands
  }
  next_number_ = old.next_number_;
  closed_early_ = old.closed_early_;
}

void EpisodeTable::archive(Archive& archive) {
  std::vector<std::pair<Hash128, Entry>> entries;
  if (archive.is_saving()) {
    for (const auto& [number, id] : by_number_) entries.emplace_back(id, episodes_.at(id));
  }
  archive.each(entries, [&](auto& item) {
    archive(item.first);
    archive(item.second.last_match);
    archive(item.second.reported);
    archive_episode(archive, item.second.episode);
    if (item.second.episode.rule >= rules_.rules.size()) archive.fail();
  });
  archive(next_number_);
  archive(closed_early_);
  if (archive.is_saving()) return;
  episodes_.clear();
  bytes_ = 0;
  closing_.clear();
  by_number_.clear();
  if (archive.failed()) return;
  for (auto& [id, entry] : entries) insert(id, std::move(entry));
}

}  // namespace kubevigil
