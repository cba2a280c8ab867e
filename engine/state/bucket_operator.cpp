#include "engine/state/bucket_operator.h"

#include <algorithm>
#include <cmath>

#include "engine/base/limits.h"
#include "engine/state/asked_keys.h"
#include "engine/state/bucket_list.h"
#include "engine/state/heap_size.h"

namespace kubevigil {
namespace {

int64_t floor_divide(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

class BucketOperator final : public Operator {
 public:
  BucketOperator(const Rule& rule, const OperatorLimits& limits)
      : correlation_(rule.correlation()),
        parts_(correlation_.window.kind == WindowSpec::Kind::Tumbling ? 1 : kSubWindows),
        width_(std::max<int64_t>((correlation_.timespan.micros + parts_ - 1) / parts_, 1)),
        immediate_(correlation_.fires_at_once()),
        lateness_(limits.lateness),
        asked_(limits) {}

  bool on_match(const Match& match, std::vector<Firing>& out) override {
    ++stats_.matches;
    const bool counts_events = correlation_.type == CorrelationType::EventCount;
    if (!counts_events && !std::isfinite(match.number)) return false;
    const uint64_t made = keys_.made();
    const auto slot = keys_.at(match.key, expired());
    BucketList& list = keys_[slot];
    const int64_t index = index_of(match.time);
    Bucket& bucket = bucket_at(list, index, match);
    if (counts_events && bucket.count > 0 && bucket.last_sequence == match.sequence) return false;
    add(bucket, match);
    if (immediate_) {
      answer(match, slot, index, out);
    } else {
      pending_.add({index, 0, std::string(match.key_bytes), match.key});
    }
    keys_.settle(slot, expired());
    return keys_.made() != made;
  }

  void on_watermark(Timestamp watermark, std::vector<Firing>& out) override {
    watermark_ = std::max(watermark_, watermark);
    judge_before(index_of(watermark_ - lateness_), out);
  }

  Timestamp next_due() const override {
    const auto earliest = pending_.earliest();
    return earliest ? Timestamp{(*earliest + 1) * width_} + lateness_ : Timestamp::max();
  }

  void finish(std::vector<Firing>& out) override { judge_before(INT64_MAX, out); }

  void shrink(size_t bytes) override { asked_.shrink(bytes, expired()); }
  size_t bytes() const override { return asked_.bytes(); }

  OperatorStats stats() const override {
    OperatorStats stats = asked_.counted(stats_);
    stats.approximate_keys = approximate() ? stats.keys : 0;
    return stats;
  }

  void archive(Archive& archive) override {
    asked_.archive(archive);
    archive(watermark_);
    archive(stats_.matches);
    archive(stats_.firings);
  }

 private:
  bool approximate() const { return parts_ > 1 || correlation_.type == CorrelationType::ValuePercentile; }
  int64_t index_of(Timestamp time) const { return floor_divide(time.micros, width_); }

  // Sub-windows below this one share no window with a match that is still to come.
  int64_t oldest() const {
    if (watermark_ == Timestamp::min()) return INT64_MIN;
    return index_of(watermark_ - lateness_) - (parts_ - 1);
  }

  struct Expired {
    const BucketOperator& op;
    int64_t oldest;
    bool operator()(const BucketList& list) const { return list.buckets.empty() || list.buckets.back().index < oldest; }
    double progress(const BucketList& list) const {
      const auto fires = static_cast<double>(op.correlation_.condition.threshold());
      if (!op.immediate_ || fires <= 0 || list.buckets.empty()) return 0;
      const int64_t newest = list.buckets.back().index;
      return measure(list, {newest - op.parts_ + 1, newest}, op.correlation_) / fires;
    }
  };
  Expired expired() const { return {*this, oldest()}; }

  Bucket& bucket_at(BucketList& list, int64_t index, const Match& match) {
    auto at = list.at_least(index);
    if (at != list.buckets.end() && at->index == index) return *at;
    list.buckets.erase(list.buckets.begin(), list.at_least(oldest()));
    if (list.buckets.size() >= limits::kRecentSlack) list.buckets.erase(list.buckets.begin());
    give_back(list.buckets, 2);
    at = list.at_least(index);
    Bucket bucket;
    bucket.index = index;
    bucket.first = bucket.last = match.time;
    return *list.buckets.insert(at, std::move(bucket));
  }

  void add(Bucket& bucket, const Match& match) {
    const bool newer = bucket.count == 0 || match.time >= bucket.last;
    ++bucket.count;
    if (std::isfinite(match.number)) bucket.sum += match.number;
    if (correlation_.type == CorrelationType::ValuePercentile) count_bin(bucket.bins, bin_of(match.number));
    bucket.first = std::min(bucket.first, match.time);
    bucket.last = std::max(bucket.last, match.time);
    bucket.last_sequence = match.sequence;
    if (newer) bucket.newest = match.event;
  }

  void answer(const Match& match, uint32_t slot, int64_t index, std::vector<Firing>& out) {
    const BucketList& list = keys_[slot];
    for (auto b = list.at_least(index); b != list.buckets.end() && b->index < index + parts_; ++b) {
      const double found = measure(list, {b->index - parts_ + 1, b->index}, correlation_);
      if (!correlation_.condition.holds(found)) continue;
      out.push_back(firing(match, slot, b->index, found));
      return;
    }
  }

  void judge_before(int64_t end, std::vector<Firing>& out) {
    const size_t begin = out.size();
    while (const auto question = pending_.take_before(end)) {
      const auto slot = keys_.find(question->key);
      if (slot == keys_.kNone) continue;
      const BucketList& list = keys_[slot];
      const int64_t index = question->when;
      const auto at = list.at_least(index);
      if (at == list.buckets.end() || at->index != index) continue;
      const double found = measure(list, {index - parts_ + 1, index}, correlation_);
      if (!correlation_.condition.holds(found)) continue;
      Match match;
      match.time = at->last;
      match.key = question->key;
      match.key_bytes = question->key_bytes;
      match.event = at->newest;
      out.push_back(firing(match, slot, index, found));
    }
    std::stable_sort(out.begin() + static_cast<std::ptrdiff_t>(begin), out.end(),
                     [](const Firing& a, const Firing& b) { return a.time < b.time; });
  }

  Firing firing(const Match& match, uint32_t slot, int64_t last, double found) {
    ++stats_.firings;
    const BucketList& list = keys_[slot];
    Firing firing;
    firing.time = match.time;
    firing.key = match.key;
    firing.key_bytes = match.key_bytes;
    firing.count = found;
    firing.anchor = match.event;
    firing.approximate = approximate();
    firing.degraded = keys_.degraded(slot);
    const auto begin = list.at_least(last - parts_ + 1);
    const auto end = list.at_least(last + 1);
    firing.first_seen = begin->first;
    firing.last_seen = (end - 1)->last;
    const auto sample = std::min<std::ptrdiff_t>(end - begin, limits::kSampleEvents);
    for (auto b = end - sample; b != end; ++b) firing.events.push_back(b->newest);
    return firing;
  }

  const Correlation& correlation_;
  const int64_t parts_, width_;  // sub-windows of a window, and how long one is
  const bool immediate_;
  const Duration lateness_;
  AskedKeys<BucketList> asked_;
  KeyTable<BucketList>& keys_ = asked_.keys;
  PendingQuestions& pending_ = asked_.pending;
  Timestamp watermark_ = Timestamp::min();
  OperatorStats stats_;
};

}  // namespace

std::unique_ptr<Operator> make_bucket_operator(const Rule& rule, const OperatorLimits& limits) {
  return std::make_unique<BucketOperator>(rule, limits);
}

}  // namespace kubevigil
