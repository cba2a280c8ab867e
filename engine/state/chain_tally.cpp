#include "engine/state/chain_tally.h"

#include <algorithm>
#include <bit>

#include "engine/base/limits.h"
#include "engine/state/heap_size.h"

namespace kubevigil {

size_t ChainSpan::size() const { return static_cast<size_t>(std::popcount(stages)); }

ChainSpan ChainTally::add(Timestamp time, Stage stage, bool own, const ChainTerms& terms, Timestamp horizon) {
  while (!recent_.empty() && recent_.front().time < horizon) settle_oldest(terms);
  approximate_ = approximate_ || time < settled_to_;
  const auto same = [&](const Hit& hit) { return hit.time == time && hit.stage == stage && hit.own == own; };
  if (std::none_of(recent_.begin(), recent_.end(), same)) {
    const auto behind = [](Timestamp t, const Hit& hit) { return t < hit.time; };
    recent_.insert(std::upper_bound(recent_.begin(), recent_.end(), time, behind), {time, stage, own, false});
    for (Hit& hit : recent_) {  // the windows that it is in
      if (hit.time >= time && hit.time - time < terms.timespan) hit.full = is_full(hit.time, terms);
    }
  }
  const ChainSpan span = largest(time, terms);
  while (recent_.size() > limits::kChainHits) settle_oldest(terms);
  give_back(recent_, 2);
  return span;
}

void ChainTally::settle_oldest(const ChainTerms& terms) {
  const Hit& hit = recent_.front();
  Timestamp& newest = newest_[static_cast<size_t>(hit.stage)];
  newest = std::max(newest, hit.time);
  if (hit.own && (terms.required & stage_bit(hit.stage)) != 0) newest_required_ = std::max(newest_required_, hit.time);
  if (hit.full) newest_full_ = std::max(newest_full_, hit.time);
  settled_to_ = std::max(settled_to_, hit.time);
  recent_.erase(recent_.begin());
}

uint8_t ChainTally::stages_in(Timestamp after, Timestamp end) const {
  uint8_t stages = 0;
  for (size_t s = 1; s < newest_.size(); ++s) {
    if (newest_[s] > after && newest_[s] <= end) stages |= stage_bit(static_cast<Stage>(s));
  }
  for (const Hit& hit : recent_) {
    if (hit.time > after && hit.time <= end) stages |= stage_bit(hit.stage);
  }
  return stages;
}

bool ChainTally::is_full(Timestamp end, const ChainTerms& terms) const {
  const Timestamp after = end - terms.timespan;
  if (static_cast<size_t>(std::popcount(stages_in(after, end))) < terms.need) return false;
  if (terms.required == 0 || (newest_required_ > after && newest_required_ <= end)) return true;
  return std::any_of(recent_.begin(), recent_.end(), [&](const Hit& hit) {
    return hit.own && (terms.required & stage_bit(hit.stage)) != 0 && hit.time > after && hit.time <= end;
  });
}

ChainSpan ChainTally::largest(Timestamp time, const ChainTerms& terms) const {
  ChainSpan best;
  Timestamp full = newest_full_;  // the newest one up to t2: if it does not fit, no other does
  for (const Hit& hit : recent_) {
    const Timestamp end = hit.time;
    for (const Hit& other : recent_) {
      if (other.full && other.time <= end) full = std::max(full, other.time);
    }
    if (end < time || end - time >= terms.max_span || full == Timestamp::min()) continue;
    if (full - terms.timespan < end - terms.max_span) continue;
    const ChainSpan span{stages_in(end - terms.max_span, end), end};
    if (span.size() >= best.size()) best = span;
  }
  return best;
}

size_t ChainTally::heap_bytes() const { return heap_size(recent_); }

void ChainTally::archive(Archive& archive) {
  archive.each(recent_, [&](Hit& hit) {
    archive(hit.time);
    archive(hit.stage);
    archive(hit.own);
    archive(hit.full);
  });
  for (Timestamp& time : newest_) archive(time);
  archive(newest_required_);
  archive(newest_full_);
  archive(settled_to_);
  archive(approximate_);
}

}  // namespace kubevigil
