#include "engine/state/chain_operator.h"

#include <algorithm>
#include <map>

#include "engine/base/limits.h"
#include "engine/match/group_key.h"
#include "engine/state/chain_actors.h"
#include "engine/state/chain_links.h"
#include "engine/state/chain_root.h"
#include "engine/state/key_table.h"

namespace kubevigil {
namespace {

using Role = CorrelationInput::Role;
using Recent = std::map<ChainOrder, RecentEvent>;

ChainTerms terms_of(const Correlation& correlation) {
  ChainTerms terms{correlation.timespan, std::max(correlation.chain.max_span, correlation.timespan),
                   correlation.condition.deciding_count(), 0};
  for (const std::string& name : correlation.value_count.require_any) {
    if (const auto stage = parse_stage(name)) terms.required |= stage_bit(*stage);
  }
  return terms;
}

// What can no longer matter.
struct OldRoots {
  Timestamp from;
  bool operator()(const ChainRoot& root) const { return root.last < from; }
};
struct OldValues {
  const ChainSpec& spec;
  Timestamp from;
  bool operator()(const LinkedValue& value) const {
    if (from == Timestamp::min() || value.sources.empty()) return false;
    return value.sources.back().at.time + spec.links[value.link].within < from;
  }
};

class ChainOperator final : public Operator {
 public:
  ChainOperator(const Rule& rule, const OperatorLimits& limits)
      : correlation_(rule.correlation()),
        spec_(correlation_.chain),
        terms_(terms_of(correlation_)),
        lateness_(limits.lateness),
        recent_budget_(limits.bytes / 8),
        reader_(correlation_, rule.extension.across_clusters, limits.key),
        roots_(limits.bytes / 2, limits.keys),
        values_(limits.bytes / 8 * 3, limits.keys) {}

  bool on_match(const Match& match, std::vector<Firing>& out) override {
    const CorrelationInput& input = correlation_.inputs[match.input];
    const bool is_event = !input.group.empty();  // else a firing, which does not say who
    if (is_event) see_actor(match, input);
    if (input.role == Role::Actor) return false;
    ++stats_.matches;
    const uint64_t made = roots_.made() + values_.made();
    fired_.clear();
    const auto at = recent_event(match, is_event);
    if (at == recent_.end()) return false;
    if (input.role == Role::Link) {
      size_t cut = 0;
      add_links(at, reader_.linking(match.key_bytes, match.value_bytes, input.link, cut));
      stats_.approximate_keys += cut;
    } else {
      add_hit(at, ChainReader::hit(match.value_bytes));
    }
    spread();
    bound_recent();
    for (const Fired& fired : fired_) give_out(match, fired, out);
    return roots_.made() + values_.made() != made;
  }

  void on_watermark(Timestamp watermark, std::vector<Firing>&) override {
    if (watermark <= watermark_) return;
    watermark_ = watermark;
    actors_.forget_before(watermark_);
    while (!recent_.empty() && recent_.begin()->first.time < horizon()) forget_oldest();
  }

  void shrink(size_t bytes) override {
    const auto excess = [&] { return this->bytes() > bytes ? this->bytes() - bytes : 0; };
    values_.shrink(values_.bytes() - std::min(values_.bytes(), excess()), old_values());
    roots_.shrink(roots_.bytes() - std::min(roots_.bytes(), excess()), old_roots());
    while (!recent_.empty() && excess() > 0) push_out_oldest();
  }
  size_t bytes() const override { return roots_.bytes() + values_.bytes() + recent_bytes_ + actors_.bytes(); }

  OperatorStats stats() const override {
    OperatorStats stats = stats_;
    stats.evictions = roots_.evictions() + values_.evictions();
    stats.lost = roots_.lost();
    stats.keys = roots_.size() + values_.size();
    stats.bytes = bytes();
    return stats;
  }

  void archive(Archive& archive) override {
    roots_.archive(archive);
    values_.archive(archive);
    actors_.archive(archive);
    archive_recent(archive);
    archive(watermark_);
    archive(stats_.matches);
    archive(stats_.firings);
    archive(stats_.approximate_keys);
  }

 private:
  struct Fired {
    Hash128 root;
    ChainSpan span;
  };

  Timestamp horizon() const { return watermark_ == Timestamp::min() ? watermark_ : watermark_ - lateness_; }
  Timestamp latest() const { return watermark_ == Timestamp::min() ? Timestamp::max() : watermark_ + lateness_; }
  OldRoots old_roots() const { return {horizon() == Timestamp::min() ? horizon() : horizon() - terms_.max_span}; }
  OldValues old_values() const { return {spec_, horizon()}; }

  void see_actor(const Match& match, const CorrelationInput& input) {
    const bool keep = input.remember.micros > 0;
    const Timestamp until = keep ? match.time + input.remember + lateness_ + lateness_ : Timestamp::min();
    if (!actors_.see(match, until)) ++stats_.approximate_keys;
  }

  Recent::iterator recent_event(const Match& match, bool is_event);
  void join(Recent::iterator at, const ChainEvent& read);
  void add_links(Recent::iterator at, const std::vector<ChainValue>& values);
  void add_hit(Recent::iterator at, ChainHit hit);
  void reach_by(Recent::iterator at, const ChainValue& value, const LinkSource& source);
  void reach(Recent::iterator at, const Reach& next);
  void publish(const Recent::iterator& at, const ChainValue& made);
  void count(const Recent::iterator& at, const Reach& reach, const ChainHit& hit);
  void spread();
  void give_out(const Match& match, const Fired& fired, std::vector<Firing>& out);
  void recount(RecentEvent& event, size_t before) { recent_bytes_ += event.bytes() - before; }
  void forget_oldest() {
    recent_bytes_ -= recent_.begin()->second.bytes();
    recent_.erase(recent_.begin());
  }
  // An event inside the lateness: a link or a hit that comes late misses it.
  void push_out_oldest() {
    ++stats_.approximate_keys;
    forget_oldest();
  }
  void bound_recent();
  void archive_recent(Archive& archive);

  const Correlation& correlation_;
  const ChainSpec& spec_;
  const ChainTerms terms_;
  const Duration lateness_;
  const size_t recent_budget_;
  const ChainReader reader_;
  KeyTable<ChainRoot> roots_;
  KeyTable<LinkedValue> values_;  // by ChainValue::key
  ChainActors actors_;
  Recent recent_;  // inside the lateness
  size_t recent_bytes_ = 0;
  Timestamp watermark_ = Timestamp::min();
  OperatorStats stats_;
  // Of the match at hand
  std::vector<Fired> fired_;
  std::vector<ChainOrder> spreading_;  // events that count for further roots: what they link to does, too
};

// The event of the match; when it is new, with the roots that it counts for. end(): nobody knows whose it is.
Recent::iterator ChainOperator::recent_event(const Match& match, bool is_event) {
  const ChainOrder order{match.time, match.sequence};
  if (const auto known = recent_.find(order); known != recent_.end()) return known;
  std::string_view key = match.key_bytes, values = match.value_bytes;
  if (!is_event) {
    const ChainActor* actor = actors_.find(match.event.identity);
    if (actor == nullptr) {
      ++stats_.approximate_keys;
      return recent_.end();
    }
    key = actor->key_bytes;
    values = actor->value_bytes;
  }
  ChainEvent read = reader_.event(key, values);
  stats_.approximate_keys += read.cut;
  const auto at = recent_.try_emplace(order).first;
  RecentEvent& event = at->second;
  event.event = match.event;
  event.root_bytes = read.root_bytes;
  event.inside = read.inside;
  for (const ChainValue& value : read.reached) event.reached.push_back(value.key);
  std::sort(event.reached.begin(), event.reached.end());
  recent_bytes_ += event.bytes();
  join(at, read);
  add_links(at, read.linking);
  return at;
}

void ChainOperator::join(Recent::iterator at, const ChainEvent& read) {
  if (read.rooted) reach(at, {read.root, 0, {}, read.root_bytes});
  for (const ChainValue& value : read.reached) {
    const auto slot = values_.find(value.key);
    if (slot == values_.kNone) continue;
    const std::vector<LinkSource> sources = values_[slot].sources;  // a copy: what is reached may link to it, too
    for (const LinkSource& source : sources) {
      const Duration after = at->first.time - source.at.time;
      if (after.micros < 0 || after > spec_.links[value.link].within) continue;
      reach_by(at, value, source);
    }
  }
}

// The event makes links.
void ChainOperator::add_links(Recent::iterator at, const std::vector<ChainValue>& values) {
  RecentEvent& event = at->second;
  for (const ChainValue& value : values) {
    if (std::find(event.linking.begin(), event.linking.end(), value) != event.linking.end()) continue;
    const size_t before = event.bytes();
    event.linking.push_back(value);
    recount(event, before);
    if (!event.reaches.empty()) publish(at, value);
  }
  if (!values.empty()) spreading_.push_back(at->first);
}

void ChainOperator::add_hit(Recent::iterator at, ChainHit hit) {
  RecentEvent& event = at->second;
  const auto same = [&](const ChainHit& known) { return known.rule == hit.rule; };
  if (std::none_of(event.hits.begin(), event.hits.end(), same)) {
    const size_t before = event.bytes();
    event.hits.push_back(hit);
    recount(event, before);
  }
  for (const Reach& reach : event.reaches) count(at, reach, hit);
}

// The event is reached over a link: it counts for all that the source counts for.
void ChainOperator::reach_by(Recent::iterator at, const ChainValue& value, const LinkSource& source) {
  for (const Reach& from : source.reaches) {
    if (from.depth >= spec_.depth) continue;
    const Reach next{from.root, static_cast<uint8_t>(from.depth + 1), value.key, from.root_bytes};
    const auto slot = roots_.at(next.root, old_roots());
    roots_[slot].key_bytes = next.root_bytes;
    roots_[slot].add_link({value.key, from.via, false, {value.link, source.from, value.value, source.event}}, latest());
    roots_.settle(slot, old_roots());
    reach(at, next);
  }
}

// The event counts for a root, perhaps by a shorter way than it did.
void ChainOperator::reach(Recent::iterator at, const Reach& next) {
  RecentEvent& event = at->second;
  const auto same = [&](const Reach& known) { return known.root == next.root; };
  const auto known = std::find_if(event.reaches.begin(), event.reaches.end(), same);
  const bool is_new = known == event.reaches.end();
  if (!is_new && known->depth <= next.depth) return;
  if (is_new && event.reaches.size() >= spec_.fan_out) {
    ++stats_.approximate_keys;
    return;
  }
  const size_t before = event.bytes();
  if (is_new) {
    event.reaches.push_back(next);
  } else {
    *known = next;
  }
  recount(event, before);
  for (size_t i = 0; is_new && i < event.hits.size(); ++i) count(at, next, event.hits[i]);
  for (const ChainValue& made : event.linking) publish(at, made);
  if (!event.linking.empty()) spreading_.push_back(at->first);
}

// Whoever is reached by `made` counts for all roots that the event counts for.
void ChainOperator::publish(const Recent::iterator& at, const ChainValue& made) {
  const RecentEvent& event = at->second;
  const auto slot = values_.at(made.key, old_values());
  LinkedValue& linked = values_[slot];
  linked.link = made.link;
  linked.value = made.value;
  if (LinkSource* known = linked.find(at->first)) {
    known->reaches = event.reaches;
  } else {
    LinkSource source{at->first, event.event, std::string(reader_.who(event.root_bytes)), event.reaches};
    if (!linked.add(std::move(source), spec_.links[made.link].within, horizon())) ++stats_.approximate_keys;
  }
  values_.settle(slot, old_values());
}

// What the events that have gained roots or links reach among those that came before them but happened behind them.
void ChainOperator::spread() {
  while (!spreading_.empty()) {
    const auto at = recent_.find(spreading_.back());
    spreading_.pop_back();
    if (at == recent_.end()) continue;
    for (auto later = recent_.lower_bound({at->first.time, 0}); later != recent_.end(); ++later) {
      if (later == at) continue;
      const Duration after = later->first.time - at->first.time;
      for (const ChainValue& made : at->second.linking) {
        if (after > spec_.links[made.link].within || !later->second.is_reached_by(made.key)) continue;
        const LinkSource source{at->first, at->second.event, std::string(reader_.who(at->second.root_bytes)),
                                at->second.reaches};
        reach_by(later, made, source);
      }
    }
  }
}

void ChainOperator::count(const Recent::iterator& at, const Reach& reach, const ChainHit& hit) {
  if (hit.stage == Stage::None) return;
  const RecentEvent& event = at->second;
  const auto slot = roots_.at(reach.root, old_roots());
  ChainRoot& root = roots_[slot];
  root.key_bytes = reach.root_bytes;
  const bool own = reach.depth == 0;
  const Timestamp time = at->first.time;
  const std::string by = own ? std::string() : std::string(reader_.who(event.root_bytes));
  root.add_hit({hit.rule, hit.stage, hit.level, by, time, event.event}, terms_.max_span, latest());
  for (const ChainValue& value : event.inside) {
    const TrailLink shown{value.link, std::string(reader_.who(event.root_bytes)), value.value, event.event};
    root.add_link({value.key, reach.via, false, shown}, latest());
    root.use(value.key);
  }
  root.use(reach.via);
  const ChainSpan span = root.tally.add(time, hit.stage, own, terms_, horizon());
  roots_.settle(slot, old_roots());
  if (span.stages == 0) return;
  const auto fired = std::find_if(fired_.begin(), fired_.end(), [&](const Fired& f) { return f.root == reach.root; });
  if (fired == fired_.end()) {
    fired_.push_back({reach.root, span});
  } else if (span.size() >= fired->span.size()) {
    fired->span = span;
  }
}

void ChainOperator::give_out(const Match& match, const Fired& fired, std::vector<Firing>& out) {
  const ChainSpan& span = fired.span;
  const auto slot = roots_.find(fired.root);
  if (slot == roots_.kNone) return;
  const ChainRoot& root = roots_[slot];
  Firing& firing = out.emplace_back();
  ++stats_.firings;
  firing.time = firing.first_seen = match.time;
  firing.key = fired.root;
  firing.key_bytes = root.key_bytes;
  firing.count = static_cast<double>(span.size());
  for (size_t s = 1; s < kStageNames.size(); ++s) {
    if ((span.stages & stage_bit(static_cast<Stage>(s))) != 0)
      append_group_text(firing.values.emplace_back(), kStageNames[s]);
  }
  Trail trail = root.trail(span.end, terms_.max_span);
  firing.last_seen = span.end;
  firing.anchor = match.event;
  for (const TrailHit& hit : trail.hits) {
    firing.first_seen = std::min(firing.first_seen, hit.time);
    const bool known = !firing.events.empty() && firing.events.back().identity == hit.event.identity;
    if (!known) firing.events.push_back(hit.event);
  }
  if (firing.events.size() > limits::kSampleEvents) {
    firing.events.erase(firing.events.begin() + 1, firing.events.end() - (limits::kSampleEvents - 1));
  }
  firing.trail = std::make_shared<const Trail>(std::move(trail));
  firing.approximate = root.tally.approximate();
  firing.degraded = roots_.degraded(slot);
}

void ChainOperator::bound_recent() {
  while (recent_.size() > limits::kChainEvents || (recent_bytes_ > recent_budget_ && recent_.size() > 1)) {
    push_out_oldest();
  }
}

void ChainOperator::archive_recent(Archive& archive) {
  std::vector<std::pair<ChainOrder, RecentEvent>> items(recent_.begin(), recent_.end());
  archive.each(items, [&](auto& item) {
    item.first.archive(archive);
    item.second.archive(archive);
  });
  if (archive.is_saving()) return;
  recent_.clear();
  recent_bytes_ = 0;
  for (auto& [order, event] : items) {
    recent_bytes_ += event.bytes();
    recent_.emplace(order, std::move(event));
  }
}

}  // namespace

std::unique_ptr<Operator> make_chain_operator(const Rule& rule, const OperatorLimits& limits) {
  return std::make_unique<ChainOperator>(rule, limits);
}

}  // namespace kubevigil
