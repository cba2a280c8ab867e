#include "engine/state/bucket_operator.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "engine/base/limits.h"
#include "engine/state/key_table.h"
#include "engine/state/recent_list.h"

namespace kubevigil {
namespace {

constexpr size_t kBins = 1024;
constexpr int32_t kBinsOfExponent = 64;
constexpr int32_t kExponentShift = 1100;  // frexp of a finite double gives -1073 to 1024

struct Bucket {
  int64_t index = 0;
  uint64_t count = 0;
  double sum = 0;
  std::vector<std::pair<int32_t, uint64_t>> bins;  // sorted; percentile only
  Timestamp first, last;
  uint64_t last_sequence = 0;
  EventRef newest;
};

struct BucketList {
  std::vector<Bucket> buckets;  // non-empty ones, sorted by index

  size_t heap_bytes() const {
    size_t bytes = buckets.size() * sizeof(Bucket);
    for (const Bucket& b : buckets) bytes += b.bins.size() * sizeof(b.bins[0]);
    return bytes;
  }

  void archive(Archive& archive) {
    archive.each(buckets, [&](Bucket& b) {
      archive(b.index);
      archive(b.count);
      archive(b.sum);
      archive.each(b.bins, [&](auto& bin) {
        archive(bin.first);
        archive(bin.second);
      });
      archive(b.first);
      archive(b.last);
      archive(b.last_sequence);
      archive_event(archive, b.newest);
    });
  }

  // First bucket with an index >= `index`.
  std::vector<Bucket>::iterator at_least(int64_t index) {
    return std::lower_bound(buckets.begin(), buckets.end(), index,
                            [](const Bucket& b, int64_t i) { return b.index < i; });
  }
  std::vector<Bucket>::const_iterator at_least(int64_t index) const {
    return const_cast<BucketList*>(this)->at_least(index);
  }
};

void count_bin(std::vector<std::pair<int32_t, uint64_t>>& bins, int32_t bin) {
  auto at = std::lower_bound(bins.begin(), bins.end(), std::pair<int32_t, uint64_t>(bin, 0));
  if (at != bins.end() && at->first == bin) {
    ++at->second;
  } else if (bins.size() < kBins) {
    bins.insert(at, {bin, 1});
  } else {
    const bool use_previous = at == bins.end() || (at != bins.begin() && bin - std::prev(at)->first <= at->first - bin);
    ++(use_previous ? std::prev(at) : at)->second;
  }
}

int64_t floor_divide(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

double percentile_of(const std::map<int32_t, uint64_t>& bins, uint64_t count, double percentile) {
  const double exact = std::ceil(percentile / 100 * static_cast<double>(count));
  auto rank = static_cast<uint64_t>(std::clamp(exact, 1.0, static_cast<double>(count)));
  for (const auto& [bin, n] : bins) {
    if (rank <= n) return middle_of_bin(bin);
    rank -= n;
  }
  return 0;
}

class BucketOperator final : public Operator {
 public:
  BucketOperator(const Rule& rule, const OperatorLimits& limits)
      : correlation_(rule.correlation()),
        width_(std::max<int64_t>((correlation_.timespan.micros + kSubWindows - 1) / kSubWindows, 1)),
        immediate_(correlation_.condition.monotone()),
        lateness_(limits.lateness),
        keys_(limits.bytes, limits.keys),
        most_pending_(limits.bytes) {}

  void on_match(const Match& match, std::vector<Firing>& out) override {
    ++stats_.matches;
    const bool counts_events = correlation_.type == CorrelationType::EventCount;
    if (!counts_events && !std::isfinite(match.number)) return;
    const auto slot = keys_.at(match.key, expired());
    BucketList& list = keys_[slot];
    const int64_t index = index_of(match.time);
    Bucket& bucket = bucket_at(list, index, match);
    if (counts_events && bucket.count > 0 && bucket.last_sequence == match.sequence) return;
    add(bucket, match);
    if (immediate_) {
      answer(match, slot, index, out);
    } else {
      if (pending_.emplace(index, match.key_bytes, match.key).second) {
        pending_bytes_ += kPendingBytes + match.key_bytes.size();
      }
      drop_pending(most_pending_);
    }
    keys_.settle(slot, expired());
  }

  void on_watermark(Timestamp watermark, std::vector<Firing>& out) override {
    if (watermark <= watermark_) return;
    judge_before(index_of(watermark - lateness_), out);
    watermark_ = watermark;
  }

  Timestamp next_due() const override {
    if (pending_.empty()) return Timestamp::max();
    return Timestamp{(std::get<0>(*pending_.begin()) + 1) * width_} + lateness_;
  }

  void finish(std::vector<Firing>& out) override { judge_before(INT64_MAX, out); }

  void shrink(size_t bytes) override {
    keys_.shrink(bytes > pending_bytes_ ? bytes - pending_bytes_ : 0, expired());
    drop_pending(bytes);
  }
  size_t bytes() const override { return keys_.bytes() + pending_bytes_; }

  OperatorStats stats() const override {
    OperatorStats stats = stats_;
    stats.evictions = keys_.evictions() + dropped_;
    stats.keys = stats.approximate_keys = keys_.size();
    stats.bytes = bytes();
    stats.pending = pending_.size();
    return stats;
  }

  void archive(Archive& archive) override {
    keys_.archive(archive);
    std::vector<Pending> pending(pending_.begin(), pending_.end());
    archive.each(pending, [&](Pending& p) {
      archive(std::get<0>(p));
      archive(std::get<1>(p));
      archive(std::get<2>(p));
    });
    if (!archive.is_saving()) {
      pending_ = {pending.begin(), pending.end()};
      pending_bytes_ = 0;
      for (const Pending& p : pending_) pending_bytes_ += kPendingBytes + std::get<1>(p).size();
    }
    archive(dropped_);
    archive(watermark_);
    archive(stats_.matches);
    archive(stats_.firings);
  }

 private:
  using Pending = std::tuple<int64_t, std::string, Hash128>;
  static constexpr size_t kPendingBytes = sizeof(Pending) + 96;

  int64_t index_of(Timestamp time) const { return floor_divide(time.micros, width_); }

  // Sub-windows below this one share no window with a match that is still to come.
  int64_t oldest() const {
    if (watermark_ == Timestamp::min()) return INT64_MIN;
    return index_of(watermark_ - lateness_) - (kSubWindows - 1);
  }

  struct Expired {
    int64_t oldest;
    bool operator()(const BucketList& list) const { return list.buckets.empty() || list.buckets.back().index < oldest; }
  };
  Expired expired() const { return {oldest()}; }

  Bucket& bucket_at(BucketList& list, int64_t index, const Match& match) {
    auto at = list.at_least(index);
    if (at != list.buckets.end() && at->index == index) return *at;
    list.buckets.erase(list.buckets.begin(), list.at_least(oldest()));
    if (list.buckets.size() >= limits::kRecentSlack) list.buckets.erase(list.buckets.begin());
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

  double measure(const BucketList& list, int64_t last) const {
    uint64_t count = 0;
    double sum = 0;
    std::map<int32_t, uint64_t> bins;
    for (auto b = list.at_least(last - kSubWindows + 1); b != list.buckets.end() && b->index <= last; ++b) {
      count += b->count;
      sum += b->sum;
      for (const auto& [bin, n] : b->bins) bins[bin] += n;
    }
    switch (correlation_.type) {
      case CorrelationType::ValueSum:
        return sum;
      case CorrelationType::ValueAvg:
        return sum / static_cast<double>(count);
      case CorrelationType::ValuePercentile:
        return percentile_of(bins, count, correlation_.percentile);
      default:
        return static_cast<double>(count);
    }
  }

  void answer(const Match& match, uint32_t slot, int64_t index, std::vector<Firing>& out) {
    const BucketList& list = keys_[slot];
    for (auto b = list.at_least(index); b != list.buckets.end() && b->index < index + kSubWindows; ++b) {
      const double found = measure(list, b->index);
      if (!correlation_.condition.holds(found)) continue;
      out.push_back(firing(match, slot, b->index, found));
      return;
    }
  }

  // The oldest questions go unanswered.
  void drop_pending(size_t most) {
    for (; pending_bytes_ > most && !pending_.empty(); ++dropped_) {
      pending_bytes_ -= kPendingBytes + std::get<1>(*pending_.begin()).size();
      pending_.erase(pending_.begin());
    }
  }

  void judge_before(int64_t end, std::vector<Firing>& out) {
    const size_t begin = out.size();
    while (!pending_.empty() && std::get<0>(*pending_.begin()) < end) {
      const auto pending = pending_.extract(pending_.begin());
      const auto& [index, key_bytes, key] = pending.value();
      pending_bytes_ -= kPendingBytes + key_bytes.size();
      const auto slot = keys_.find(key);
      if (slot == keys_.kNone) continue;
      const BucketList& list = keys_[slot];
      const auto at = list.at_least(index);
      if (at == list.buckets.end() || at->index != index) continue;
      const double found = measure(list, index);
      if (!correlation_.condition.holds(found)) continue;
      Match match;
      match.time = at->last;
      match.key = key;
      match.key_bytes = key_bytes;
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
    firing.approximate = true;
    firing.degraded = keys_.degraded(slot);
    const auto begin = list.at_least(last - kSubWindows + 1);
    const auto end = list.at_least(last + 1);
    firing.first_seen = begin->first;
    const auto sample = std::min<std::ptrdiff_t>(end - begin, limits::kSampleEvents);
    for (auto b = end - sample; b != end; ++b) firing.events.push_back(b->newest);
    return firing;
  }

  const Correlation& correlation_;
  const int64_t width_;
  const bool immediate_;
  const Duration lateness_;
  KeyTable<BucketList> keys_;
  std::set<Pending> pending_;
  const size_t most_pending_;
  size_t pending_bytes_ = 0;
  uint64_t dropped_ = 0;
  Timestamp watermark_ = Timestamp::min();
  OperatorStats stats_;
};

}  // namespace

int32_t bin_of(double number) {
  if (number == 0) return 0;
  int exponent = 0;
  const double mantissa = std::frexp(std::fabs(number), &exponent);
  const auto part = static_cast<int32_t>((mantissa - 0.5) * 2 * kBinsOfExponent);
  const int32_t bin = (exponent + kExponentShift) * kBinsOfExponent + part + 1;
  return number < 0 ? -bin : bin;
}

double middle_of_bin(int32_t bin) {
  if (bin == 0) return 0;
  const int32_t at = std::abs(bin) - 1;
  const double mantissa = 0.5 + (at % kBinsOfExponent + 0.5) / (2 * kBinsOfExponent);
  const double number = std::ldexp(mantissa, at / kBinsOfExponent - kExponentShift);
  return bin < 0 ? -number : number;
}

std::unique_ptr<Operator> make_bucket_operator(const Rule& rule, const OperatorLimits& limits) {
  return std::make_unique<BucketOperator>(rule, limits);
}

}  // namespace kubevigil
