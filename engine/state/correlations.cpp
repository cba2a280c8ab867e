#include "engine/state/correlations.h"

#include <algorithm>

#include "engine/base/limits.h"
#include "engine/state/chained_feeds.h"
#include "engine/state/rule_places.h"

namespace kubevigil {
namespace {

constexpr Duration kChainLateness = Duration::minutes(15);

struct Delays {
  std::vector<Duration> lateness;  // by rule: how long behind the watermark a match may come
  std::vector<Duration> firing;    // ... and its firings, when it is a correlation
};

// Matches come as late as events do; firings as late as the match that completes them. What does not fire at once
// is answered only once nothing can change the answer: at most a sub-window (bucket_operator.h) after its lateness, a
// tumbling window when all of it is over.
Delays delays_of(const RuleSet& rules, Duration events) {
  const std::vector<Duration> all(rules.rules.size(), events);
  Delays out{all, all};
  for (size_t r = 0; r < rules.rules.size(); ++r) {
    if (rules.rules[r].is_detection()) continue;
    const Correlation& correlation = rules.rules[r].correlation();
    Duration& lateness = out.lateness[r];
    for (const CorrelationInput& input : correlation.inputs) lateness = std::max(lateness, out.firing[input.rule]);
    // A chain reads everything, but does not wait for everything: what takes longer to answer comes late for it.
    if (correlation.type == CorrelationType::Chain) lateness = std::min(lateness, std::max(events, kChainLateness));
    const bool waits = !correlation.condition.bounds.empty() && !correlation.fires_at_once();
    const int64_t parts = correlation.window.kind == WindowSpec::Kind::Tumbling ? 1 : 32;
    out.firing[r] = waits ? Duration{lateness.micros + correlation.timespan.micros / parts + 1} : lateness;
  }
  return out;
}

// Several firings of one event and key (several values of one field) are one.
void merge_same_key(std::vector<Firing>& firings) {
  std::vector<Firing> merged;
  for (Firing& firing : firings) {
    const auto same = std::find_if(merged.begin(), merged.end(), [&](const Firing& m) {
      return m.key == firing.key && m.retracts == firing.retracts;
    });
    if (same == merged.end()) {
      merged.push_back(std::move(firing));
      continue;
    }
    firing.first_seen = std::min(firing.first_seen, same->first_seen);
    firing.count = std::max(firing.count, same->count);
    for (std::string& value : same->values) {
      const bool known = std::find(firing.values.begin(), firing.values.end(), value) != firing.values.end();
      if (!known && firing.values.size() < limits::kSampleEvents) firing.values.push_back(std::move(value));
    }
    *same = std::move(firing);
  }
  firings = std::move(merged);
}

}  // namespace

Correlations::Correlations(const RuleSet& rules, const CorrelationsOptions& options)
    : rules_(rules),
      options_(options),
      chains_(chained_feeds(rules)),
      makers_(rules.rules.size()),
      fired_(rules.rules.size()) {
  Delays delays = delays_of(rules, options.lateness);
  lateness_ = std::move(delays.lateness);
  delays_ = std::move(delays.firing);
  const auto is_correlation = [](const Rule& rule) { return !rule.is_detection(); };
  const auto count = std::count_if(rules.rules.begin(), rules.rules.end(), is_correlation);
  const size_t share = options.state_bytes / static_cast<size_t>(std::clamp<std::ptrdiff_t>(count, 1, 4));
  for (size_t r = 0; r < rules.rules.size(); ++r) {
    auto& op = operators_.emplace_back();
    if (rules.rules[r].is_detection()) continue;
    op = make_operator(rules.rules[r], {share, limits::kKeysPerRule, lateness_[r], options.learn_until, options.key});
  }
}

void Correlations::on_cluster(uint64_t cluster, Timestamp time) {
  for (auto& op : operators_) {
    if (op) op->on_cluster(cluster, time);
  }
}

void Correlations::feed(uint32_t correlation, Match& match) {
  if (late(match.time, lateness_[correlation]) || !operators_[correlation]) return;
  match.sequence = sequence_;
  Operator& op = *operators_[correlation];
  const size_t before = op.bytes();
  op.on_watermark(watermark_, fired_[correlation]);
  const bool made_key = op.on_match(match, fired_[correlation]);
  if (made_key && !actor_.empty()) makers_[correlation].add(actor_, watermark_);
  state_bytes_ += op.bytes() - before;
  next_due_ = std::min(next_due_, op.next_due());
}

void Correlations::drain(const OnFiring& on_firing) {
  for (uint32_t r = 0; r < fired_.size(); ++r) {  // a correlation stands behind everything that it reads
    if (fired_[r].empty()) continue;
    std::vector<Firing> firings = std::move(fired_[r]);
    fired_[r].clear();
    merge_same_key(firings);
    for (const Firing& firing : firings) {
      on_firing(r, firing);
      if (firing.retracts) continue;  // what further correlations made of it stands
      for (const Feed& chain : chains_[r]) {
        ChainedMatch chained = chained_match(rules_, r, chain, firing, options_.key);
        chained.match.key_bytes = chained.key;
        chained.match.value_bytes = chained.value;
        feed(chain.correlation, chained.match);
      }
    }
  }
  keep_budget();
}

void Correlations::fire_until(Timestamp to, const std::function<void(Timestamp)>& before, const OnFiring& on_firing) {
  while (next_due_ <= std::max(to, watermark_)) {
    watermark_ = std::max(watermark_, next_due_);  // a late match may add a timer that is due already
    before(watermark_);
    fire(
        [&](Operator& op, std::vector<Firing>& out) {
          if (op.next_due() <= watermark_) op.on_watermark(watermark_, out);
        },
        on_firing);
  }
  watermark_ = std::max(watermark_, to);
}

void Correlations::finish(const OnFiring& on_firing) {
  for (size_t level = 0; level < limits::kChainDepth; ++level) {  // what fires may be a question to the next
    fire(
        [&](Operator& op, std::vector<Firing>& out) {
          op.on_watermark(watermark_, out);
          op.finish(out);
        },
        on_firing);
  }
}

// Fires one by one in order (time, rule, key), each as if by an event of its own.
void Correlations::fire(const Collect& collect, const OnFiring& on_firing) {
  std::vector<std::pair<uint32_t, Firing>> due;
  std::vector<Firing> out;
  next_due_ = Timestamp::max();
  for (uint32_t r = 0; r < operators_.size(); ++r) {
    if (!operators_[r]) continue;
    out.clear();
    const size_t before = operators_[r]->bytes();
    collect(*operators_[r], out);
    state_bytes_ += operators_[r]->bytes() - before;
    next_due_ = std::min(next_due_, operators_[r]->next_due());
    for (Firing& firing : out) due.emplace_back(r, std::move(firing));
  }
  std::stable_sort(due.begin(), due.end(), [](const auto& a, const auto& b) {
    return a.second.time != b.second.time ? a.second.time < b.second.time : a.first < b.first;
  });
  for (auto& [r, firing] : due) {
    next_in_order();
    fired_[r].push_back(std::move(firing));
    drain(on_firing);
  }
}

// The operator with the most bytes gives them back; ties go to the first rule.
void Correlations::keep_budget() {
  if (state_bytes_ <= options_.state_bytes) return;
  Operator* largest = nullptr;
  for (auto& op : operators_) {
    if (op && (largest == nullptr || op->bytes() > largest->bytes())) largest = op.get();
  }
  const size_t before = largest->bytes();
  const size_t excess = state_bytes_ - options_.state_bytes + options_.state_bytes / 64;
  largest->shrink(before > excess ? before - excess : 0);
  state_bytes_ -= before - largest->bytes();
}

std::vector<KeyExplosion> Correlations::take_explosions() {
  std::vector<KeyExplosion> out;
  for (uint32_t r = 0; r < makers_.size(); ++r) {
    for (KeyMaker& maker : makers_[r].take_explosions()) out.push_back({r, std::move(maker)});
  }
  return out;
}

void Correlations::archive(Archive& archive) {
  archive(watermark_);
  archive(sequence_);
  state_bytes_ = 0;
  next_due_ = Timestamp::max();
  for (size_t r = 0; r < operators_.size(); ++r) {
    const auto& op = operators_[r];
    if (!op || archive.failed()) continue;
    op->archive(archive);
    makers_[r].archive(archive);
    state_bytes_ += op->bytes();
    next_due_ = std::min(next_due_, op->next_due());
  }
}

// By way of bytes: the operator of the new rule has its own budget, and goes on as after a restart.
void Correlations::take_over(Correlations& old, const std::vector<uint32_t>& places,
                             const std::vector<uint64_t>& clusters) {
  watermark_ = old.watermark_;
  sequence_ = old.sequence_;
  state_bytes_ = 0;
  next_due_ = Timestamp::max();
  for (size_t r = 0; r < operators_.size(); ++r) {
    if (!operators_[r]) continue;
    Operator& op = *operators_[r];
    if (places[r] == kNoRule) {
      for (const uint64_t cluster : clusters) op.on_cluster(cluster, watermark_);
    } else {
      Archive saved = Archive::saving();
      old.operators_[places[r]]->archive(saved);
      old.operators_[places[r]].reset();
      Archive loading = Archive::loading(saved.bytes());
      op.archive(loading);
      makers_[r] = std::move(old.makers_[places[r]]);
    }
    state_bytes_ += op.bytes();
    next_due_ = std::min(next_due_, op.next_due());
  }
}

}  // namespace kubevigil
